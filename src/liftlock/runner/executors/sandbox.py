"""Runs commands in a sandbox of bubblewrap's: see the package `sandbox`."""

# What is needed only inside is imported when it is: every start of the engine asks each executor
# whether it has left something behind.

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from liftlock.runner.executors.base import Order, Workplace


@asynccontextmanager
async def prepare(order: Order) -> AsyncIterator[Workplace]:
    from liftlock.runner.sandbox import disk, opening

    sandbox = await opening.open_for(order)
    try:
        root, init = order.directories.root, sandbox.outer.init
        async with disk.held(root, init, order.sandbox.disk, sandbox.end):
            yield sandbox
    finally:
        await sandbox.close()


def end_leftovers(tracking_id: str) -> None:
    from liftlock.runner.sandbox import limits

    limits.end_leftovers(tracking_id)
