"""Service containers of jobs that do not run in a container themselves.

A container engine that answers starts them. Without one, or where it does not reach the registry
of an image, servers of this machine do, if it has one for every service of the job. Those of a job
in the sandbox run in the sandbox: an engine would do for a workflow what its steps must not.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from liftlock.language.expressions.values import Value
from liftlock.runner.docker.engine import Engine, look
from liftlock.runner.executors.base import Order, Workplace


@asynccontextmanager
async def start(order: Order, confined: Workplace | None) -> AsyncIterator[Mapping[str, Value]]:
    """Start them, healthy; yields the `job.services` context. Raises CannotPrepare, OSError.

    `confined` is the place of a job in the sandbox.
    """
    async with AsyncExitStack() as stack:
        if confined is not None:
            because = 'a job in the sandbox has no container engine'
            yield await _start_processes(order, because, stack, confined)
            return
        engine = await asyncio.to_thread(look, order.container_engine)
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
    order: Order, because: str, stack: AsyncExitStack, confined: Workplace | None = None
) -> Mapping[str, Value]:
    """`because` says why the job has no containers."""
    from liftlock.runner.services import choice, local, room

    chosen = choice.choose_all(order.wanted, because)
    opened = room.open_in_sandbox(order, confined) if confined else room.open_on_host(order)
    place = await stack.enter_async_context(opened)
    return await stack.enter_async_context(local.start(order, chosen, place))


def end_leftovers(tracking_id: str) -> None:
    """End the servers of an attempt that nobody carries out any more.

    Its containers are the executor's to remove.
    """
    from liftlock.runner.executors import orphans
    from liftlock.runner.services.local import mark

    orphans.end(mark(tracking_id))
