"""Service containers of jobs that do not run in a container themselves."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from liftlock.language.expressions.values import Value
from liftlock.runner.executors.base import CannotPrepare, Order


@asynccontextmanager
async def start(order: Order) -> AsyncIterator[Mapping[str, Value]]:
    """Start them, healthy; yields the `job.services` context. Raises CannotPrepare, OSError."""
    names = ', '.join(order.wanted.services)
    raise CannotPrepare(f'This job needs a container engine for its services ({names})')
    yield {}
