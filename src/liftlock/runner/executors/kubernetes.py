"""Runs commands in a pod of a cluster: see the package `kubernetes`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from liftlock.runner.executors.base import Order, Workplace


@asynccontextmanager
async def prepare(order: Order) -> AsyncIterator[Workplace]:
    from liftlock.runner.kubernetes import opening

    async with opening.open_for(order) as workplace:
        yield workplace


def end_leftovers(tracking_id: str) -> None:
    """On this machine there are none; of a cluster only the settings tell: `leftovers`."""
