"""One attempt at one job, from an empty workspace to `JobFinished`."""

import asyncio

from liftlock.language.resolve import TemplateError
from liftlock.language.workflow import Run, Step, Uses
from liftlock.plan.facts import JobFinished
from liftlock.runner import (
    checkpoint,
    containers,
    directories,
    ending,
    evaluation,
    mapped,
    preparation,
    steps,
    surroundings,
)
from liftlock.runner.containers import Wanted
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.ports import JobRequest, Log, Report, Stop, World
from liftlock.runner.state import CANCELLED, FAILURE, SKIPPED, Frame, Job

MINUTE = 60.0  # seconds


async def run(
    request: JobRequest, world: World, report: Report, log: Log, stop: Stop
) -> JobFinished:
    """Run every step and return how the job ended; the caller writes that fact.

    Reports StepStarted, StepFinished, Annotated, Summarized and ActionResolved as they happen.
    A user's mistake, a full disk or a missing program is a failed job with a message, never an
    exception.
    """
    github = request.plan.contexts.get('github')
    repository = github.get('repository') if isinstance(github, dict) else None
    places = directories.name(str(request.directory), str(repository or ''))
    try:
        directories.make(places)
        return await _run(Job(request, world, report, log, places), stop)
    except OSError as error:
        return JobFinished(request.plan.key, FAILURE, {}, steps.explain(error))


async def _run(job: Job, stop: Stop) -> JobFinished:
    try:
        frame = preparation.prepare(job)
        wanted = containers.read(frame)
    except TemplateError as error:
        return _refused(job, evaluation.explain(error, job.request.plan.workflow.path))
    if stop.requested.is_set():
        _cancel(job, stop.reason)
    watch = asyncio.ensure_future(_watch(job, stop))
    try:
        async with mapped.hold_ports(job, wanted):
            await _run_in_time(job, frame, wanted)
        return ending.finish(job, frame)
    except (checkpoint.NoCheckpoint, CannotPrepare) as error:
        return _refused(job, str(error))
    finally:
        watch.cancel()


async def _run_in_time(job: Job, frame: Frame, wanted: Wanted) -> None:
    timer = asyncio.get_running_loop().call_later(
        job.request.plan.timeout_minutes * MINUTE, _time_is_over, job
    )
    try:
        async with surroundings.open_for(job, wanted):
            await _run_steps(job, frame)
    finally:
        timer.cancel()


def _refused(job: Job, message: str) -> JobFinished:
    if job.status == CANCELLED:
        return JobFinished(job.key, CANCELLED, {}, job.message)
    if job.status != FAILURE:  # else a step has said so
        job.annotate('error', message)
    return JobFinished(job.key, FAILURE, {}, job.hide(message))


async def _run_steps(job: Job, frame: Frame) -> None:
    todo = job.request.plan.job.steps
    if job.request.from_step:
        done = checkpoint.resume(job, frame, todo)
        await _take_up_again(job, frame, todo[:done])
        todo = todo[done:]
    if any(isinstance(step.does, Uses) for step in todo):
        from liftlock.runner import uses

        if not await uses.prepare(frame, todo):
            return
    if any(_is_parallel(step) for step in todo):
        from liftlock.runner.parallel import run_all

        await run_all(frame, todo)
    else:
        for step in todo:
            if job.forced:
                break
            ended = await steps.take_turn(frame, step)
            steps.settle(frame, ended)
            checkpoint.note(job, ended)
    await steps.run_posts(job, frame.posts)


async def _take_up_again(job: Job, frame: Frame, done: tuple[Step, ...]) -> None:
    """Actions that an earlier attempt began are ended by this one."""
    ran = {str(noted['id']) for noted in job.journal if noted['outcome'] != SKIPPED}
    for step in done:
        if step.id in ran and isinstance(step.does, Uses):
            from liftlock.runner import uses

            await uses.take_up_again(frame, step)


def _is_parallel(step: Step) -> bool:
    return step.background or not isinstance(step.does, Run | Uses)


async def _watch(job: Job, stop: Stop) -> None:
    """Pass on that the job is to end: politely first, and at once when patience is over."""
    await stop.requested.wait()
    _cancel(job, stop.reason)
    try:
        patience = job.request.plan.cancel_timeout_minutes * MINUTE
        async with asyncio.timeout(patience):
            await stop.forced.wait()
    except TimeoutError:
        pass
    _force(job)


def _cancel(job: Job, reason: str) -> None:
    job.message = job.message or job.hide(reason)
    job.set_status(CANCELLED)
    for look_again in list(job.running):
        look_again()


def _force(job: Job) -> None:
    job.set_status(CANCELLED)
    job.forced = True
    for look_again in list(job.running):
        look_again()


def _time_is_over(job: Job) -> None:
    minutes = job.request.plan.timeout_minutes
    job.message = f'The job has exceeded the maximum execution time of {minutes} minutes.'
    job.annotate('error', job.message)
    _cancel(job, job.message)
    asyncio.get_running_loop().call_later(
        job.request.plan.cancel_timeout_minutes * MINUTE, _force, job
    )
