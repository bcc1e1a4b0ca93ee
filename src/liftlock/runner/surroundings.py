"""What stands around a job's steps: the place where they run, and the services beside it."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner import executors, images, preparation
from liftlock.runner.containers import Wanted
from liftlock.runner.executors.base import CannotPrepare, Order
from liftlock.runner.reach import Reach
from liftlock.runner.state import CANCELLED, FAILURE, SUCCESS, Job, Record
from liftlock.runner.steps import explain

_DOCKER: Final = 'docker'
_SANDBOX: Final = 'sandbox'
_ONLINE: Final = 'sandbox:network'
_KUBERNETES: Final = 'kubernetes'
_NO_CONTAINER: Final = (
    'This job asks for a container, and is to run in the sandbox: whoever may have containers '
    'started can reach all of this machine. Give it another label, or take `container:` out'
)


@asynccontextmanager
async def open_for(job: Job, wanted: Wanted) -> AsyncIterator[None]:
    """Give the job its workplace, and take all of it down again. Raises CannotPrepare, OSError."""
    place, _, detail = job.request.place.partition(':')
    pod = place == _KUBERNETES
    executor = _DOCKER if wanted.container and not pod else place
    image = detail if place == _DOCKER else ''
    sandbox = declared(job)
    voice = _Voice(job)
    order = Order(
        directories=job.directories,
        tracking_id=job.request.tracking_id,
        wanted=wanted,
        say=voice.say,
        image=image,
        shared=job.world.shared,
        repositories=job.world.repositories,
        externals=str(job.world.externals or ''),
        tool_cache=str(job.world.tool_cache),
        package_caches=str(job.world.cache_home),
        env=job.base,
        sandbox=sandbox,
        sandbox_env={
            name: job.world.named_env[name]
            for name in sandbox.env or ()
            if name in job.world.named_env
        },
        closed=job.world.closed,
        container_engine=job.world.container_engine,
        pods=job.world.pods,
        template=detail if pod else '',
        minutes=job.request.plan.timeout_minutes,
        note_image=partial(images.note, job),
    )
    shown = bool(wanted.container or wanted.services or image or pod)
    async with AsyncExitStack() as stack:
        stack.callback(voice.end)
        job.stack = stack
        job.reach = Reach(job, stack)
        if shown:
            voice.begin('Initialize containers', 'pre')
        with _interruptible(job), voice.failing():
            job.status_context.update(await _prepare(job, executor, order, stack))
        voice.end()
        job.base = job.workplace.ground(job.base)
        preparation.move_in(job)
        yield
        if shown:
            voice.begin('Stop containers', 'post')


def declared(job: Job) -> Sandbox:
    """What this job may have if it is confined; its label may promise it the network."""
    said = job.world.sandbox.of(str(job.request.plan.job.id.value))
    return said._replace(network=True) if job.request.place == _ONLINE else said


async def _prepare(
    job: Job, executor: str, order: Order, stack: AsyncExitStack
) -> Mapping[str, Value]:
    """The workplace, then the services; what they add to the `job` context.

    Containers find each other by a network of their own, so that executor starts both.
    """
    if executor == _DOCKER and job.request.place.startswith(_SANDBOX):
        raise CannotPrepare(_NO_CONTAINER)
    order = order._replace(wanted=images.hold_all(job.world, order.wanted, order.say))
    prepared = executors.find(executor).prepare(order)
    job.workplace = await stack.enter_async_context(prepared)
    stack.push_async_callback(_clean_up, job)
    context = job.workplace.context
    if order.wanted.services and executor not in (_DOCKER, _KUBERNETES):
        from liftlock.runner import services

        confined = job.workplace if executor == _SANDBOX else None
        beside = await stack.enter_async_context(services.start(order, confined))
        context = {**context, 'services': dict(beside), 'container': _network(beside)}
    return context


async def _clean_up(job: Job) -> None:
    """After the services, which may be processes of the job's place."""
    ended = await job.workplace.clean_up()
    if ended:
        job.say('Cleaning up orphan processes')
    for line in ended:
        job.say(line)


def _network(services: Mapping[str, Value]) -> Value:
    """`job.container` where only services are containers: actions that are, join them."""
    for service in services.values():
        if isinstance(service, dict) and service.get('network'):
            return {'network': service['network']}
    return None


@contextmanager
def _interruptible(job: Job) -> Iterator[None]:
    """To pull an image may take long; a job that is cancelled meanwhile doesn't wait for it.

    One that was cancelled before still has steps which want to run.
    """
    task = asyncio.current_task()
    assert task is not None
    already = job.status == CANCELLED

    def look_again() -> None:
        if job.forced or (job.status == CANCELLED and not already):
            task.cancel()

    job.running[look_again] = None
    try:
        yield
    except asyncio.CancelledError:
        if job.status != CANCELLED:
            raise
        task.uncancel()
        raise CannotPrepare(job.message) from None
    finally:
        del job.running[look_again]


class _Voice:
    """Lines of what is being prepared: in a step of its own, or in none."""

    __slots__ = ('_job', '_record')

    def __init__(self, job: Job) -> None:
        self._job = job
        self._record: Record | None = None

    def begin(self, name: str, stage: str) -> None:
        self._record = Record(self._job, '', name, stage)

    def say(self, line: str) -> None:
        self._job.say(line, self._record.number if self._record else 0)

    @contextmanager
    def failing(self) -> Iterator[None]:
        """What goes wrong now is this step's failure."""
        try:
            yield
        except (CannotPrepare, OSError) as error:
            if self._record is not None and self._job.status != CANCELLED:
                self._record.fail(explain(error) if isinstance(error, OSError) else str(error))
                self.end(FAILURE)
                self._job.set_status(FAILURE)
            raise

    def end(self, outcome: str = SUCCESS) -> None:
        if self._record is not None:
            self._record.finish(outcome, outcome)
            self._record = None
