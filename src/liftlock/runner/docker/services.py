"""Service containers of jobs that run on this machine itself: reached by their mapped ports."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from liftlock.language.expressions.values import Value
from liftlock.runner.docker.engine import Engine
from liftlock.runner.docker.network import Network
from liftlock.runner.executors.base import Order


@asynccontextmanager
async def start(order: Order, engine: Engine) -> AsyncIterator[Mapping[str, Value]]:
    """Start them, healthy; yields the `job.services` context. Raises CannotPrepare, OSError."""
    network = Network(engine, order)
    try:
        await network.open()
        yield await network.start_services(order.wanted.services)
    finally:
        await network.close()
