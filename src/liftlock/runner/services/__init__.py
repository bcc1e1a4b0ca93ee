"""Service containers of jobs that do not run in a container themselves.

A container engine that answers starts them. Without one, or where it does not reach the registry
of an image, servers of this machine do, if it has one for every service of the job.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from liftlock.language.expressions.values import Value
from liftlock.runner.docker.engine import Engine, look
from liftlock.runner.executors.base import Order


@asynccontextmanager
async def start(order: Order) -> AsyncIterator[Mapping[str, Value]]:
    """Start them, healthy; yields the `job.services` context. Raises CannotPrepare, OSError."""
    engine = await asyncio.to_thread(look, order.container_engine)
    async with AsyncExitStack() as stack:
        if isinstance(engine, Engine):
            yield await _start_containers(order, engine, stack)
        else:
            order.say(f'There is no container engine: {engine}')
            yield await _start_processes(order, engine, stack)


async def _start_containers(
    order: Order, engine: Engine, stack: AsyncExitStack
) -> Mapping[str, Value]:
    from liftlock.runner.docker import services
    from liftlock.runner.docker.images import CannotFetch

    try:
        return await stack.enter_async_context(services.start(order, engine))
    except CannotFetch as error:
        if not _have_servers(order):
            raise
        because = str(error)
    order.say(f'##[warning]Servers of this machine run instead of containers: {because}')
    return await _start_processes(order, because, stack)


def _have_servers(order: Order) -> bool:
    from liftlock.runner.services.choice import choose

    return not any(
        isinstance(choose(name, container), str)
        for name, container in order.wanted.services.items()
    )


async def _start_processes(
    order: Order, because: str, stack: AsyncExitStack
) -> Mapping[str, Value]:
    """`because` says why the job has no containers."""
    from liftlock.runner.services import choice, local

    chosen = choice.choose_all(order.wanted, because)
    return await stack.enter_async_context(local.start(order, chosen))


def end_leftovers(tracking_id: str) -> None:
    """End the servers of an attempt that nobody carries out any more.

    Its containers are the executor's to remove.
    """
    from liftlock.runner.executors import orphans
    from liftlock.runner.services.local import mark

    orphans.end(mark(tracking_id))
