"""Steps one after the other: which run, how each ended, and what that means for the next.

`outcome` is how a step ended; `conclusion` is the same, but success where a failure was allowed by
`continue-on-error`. Rules: GitHub's runner (StepsRunner, JobExtension).
"""

import asyncio
import errno
from collections.abc import Awaitable, Callable, Sequence

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.resolve import TemplateError
from liftlock.language.workflow import Cancel, Parallel, Run, Step, Uses, Wait
from liftlock.runner import evaluation, names, scripts
from liftlock.runner.executors.base import CannotStart, Leash
from liftlock.runner.state import (
    CANCELLED,
    FAILURE,
    SKIPPED,
    SUCCESS,
    Effects,
    Frame,
    Job,
    Post,
    Record,
)
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

MINUTE = 60.0  # seconds


class Ended(NamedTuple):
    """How a step ended, before anybody was told of its outputs and variables."""

    step: Step
    outcome: str
    conclusion: str
    effects: Effects
    undecided: bool = False  # nobody could tell whether it was to run


async def run_all(frame: Frame, steps: Sequence[Step]) -> None:
    """The steps of a composite action, in which nothing runs in the background.

    A condition that cannot be evaluated ends the action, unlike the job.
    """
    for step in steps:
        if frame.job.forced:
            return
        ended = await take_turn(frame, step)
        settle(frame, ended)
        if ended.undecided:
            return


async def take_turn(
    frame: Frame, step: Step, leash: Leash | None = None, gate: asyncio.Semaphore | None = None
) -> Ended:
    """Run one step, or skip it.

    `leash` is given when others may want to end it, `gate` when it has to wait for a place.
    """
    turn = Turn(frame, step)
    turn.leash = leash or Leash(frame.leash)
    wrong: TemplateError | None = None
    wanted = True
    try:
        turn.evaluate_env()
        wanted = turn.holds(step.condition)
    except TemplateError as error:
        wrong = error
    wanted = wanted and (wrong is not None or not frame.job.forced)
    inside = frame.record
    turn.record = inside or _open(turn, skipped=not wanted)
    if wrong is not None:
        turn.record.fail(evaluation.explain(wrong, frame.file))
        ended = Ended(step, FAILURE, FAILURE, turn.effects, undecided=True)
    elif not wanted:
        ended = Ended(step, SKIPPED, SKIPPED, turn.effects)
    elif gate is None:
        ended = await _carry_out(turn)
    else:
        async with gate:
            ended = await _carry_out(turn)
    if inside is None:
        turn.record.finish(ended.outcome, ended.conclusion)
        await _offer_shell(turn, ended)
    return ended


async def _carry_out(turn: Turn) -> Ended:
    step = turn.step

    def holds() -> bool:
        return not step.background and turn.holds(step.condition)

    outcome = await supervise(
        turn.frame, turn.record, turn.leash, holds, lambda: _do(turn), _minutes(turn)
    )
    return _forgiven(turn, Ended(step, outcome, outcome, turn.effects))


def _minutes(turn: Turn) -> int:
    """The step's time; 0 for as long as it takes, also where it cannot be evaluated."""
    try:
        return int(evaluation.number(turn.step.timeout_minutes, turn.scope))
    except TemplateError as error:
        turn.record.fail('An error occurred when attempting to determine the step timeout.')
        turn.record.fail(evaluation.explain(error, turn.frame.file))
    except (ValueError, OverflowError):  # NaN, or without end
        return 0
    return 0


def open_record(frame: Frame, step: Step) -> Record:
    """Begin a step that runs nothing itself."""
    return _open(Turn(frame, step))


def _open(turn: Turn, *, skipped: bool = False) -> Record:
    return Record(turn.job, visible_id(turn.step), name(turn), skipped=skipped)


def forgive(frame: Frame, ended: Ended) -> Ended:
    """Conclude with success where a failure was allowed by `continue-on-error`."""
    return _forgiven(Turn(frame, ended.step), ended)


async def supervise(
    frame: Frame,
    record: Record,
    leash: Leash,
    holds: Callable[[], bool],
    work: Callable[[], Awaitable[str]],
    minutes: int = 0,
) -> str:
    """Do the work; end it when its time is over, or when it has no reason to go on.

    A cancelled job goes on with a step only if the step's condition still holds.
    """
    job = frame.job
    timed_out = False

    def time_is_over() -> None:
        nonlocal timed_out
        timed_out = True
        leash.interrupt()

    def look_again() -> None:
        try:
            goes_on = holds()
        except TemplateError:
            goes_on = False
        if job.forced:
            leash.kill()
        elif not goes_on:
            leash.interrupt()

    timer = None
    if minutes > 0:
        timer = asyncio.get_running_loop().call_later(minutes * MINUTE, time_is_over)
    job.running[look_again] = None
    try:
        outcome = await _guarded(frame, record, work)
    finally:
        del job.running[look_again]
        if timer is not None:
            timer.cancel()
    if timed_out:
        record.fail(f"The action '{record.name}' has timed out after {minutes} minutes.")
        return FAILURE
    return _cancelled(job, record) if leash.level else outcome


def _cancelled(job: Job, record: Record) -> str:
    if job.status == CANCELLED:
        record.fail('The operation was canceled.')
    else:  # another step asked for it, or the time of the step around it is over
        record.say('The operation was canceled.')
    return CANCELLED


async def _guarded(frame: Frame, record: Record, work: Callable[[], Awaitable[str]]) -> str:
    """Say what a user, or this machine, did wrong; the step fails by it."""
    try:
        return await work()
    except TemplateError as error:
        record.fail(evaluation.explain(error, frame.file))
    except UserError as error:
        record.fail(f'{error}; {error.hint}' if error.hint else str(error))
    except (StepFailed, CannotStart) as error:
        record.fail(str(error))
    except OSError as error:
        record.fail(explain(error))
    return FAILURE


def explain(error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            what = 'There is no space left on the disk'
        case errno.EROFS:
            what = 'The disk is read-only'
        case _:
            what = error.strerror or str(error)
    return f"{what}: '{error.filename}'" if error.filename else what


async def _do(turn: Turn) -> str:
    turn.lend()
    try:
        match turn.step.does:
            case Run() as does:
                return await scripts.run(turn, does)
            case Uses() as does:
                from liftlock.runner import uses

                return await uses.run(turn, does)
            case Wait() | Cancel() | Parallel():
                raise AssertionError('the job itself waits and cancels')
    finally:
        turn.take()


def _forgiven(turn: Turn, ended: Ended) -> Ended:
    if ended.outcome != FAILURE or turn.step.continue_on_error is None:
        return ended
    try:
        allowed = evaluation.boolean(turn.step.continue_on_error, turn.scope)
    except TemplateError:
        return ended
    return ended._replace(conclusion=SUCCESS) if allowed else ended


def settle(frame: Frame, ended: Ended) -> None:
    """Let what a step did reach the steps after it."""
    flush(frame, ended)
    conclusion = ended.conclusion
    if frame.record is None:
        if conclusion == FAILURE:
            frame.job.set_status(FAILURE)
    elif conclusion in (FAILURE, CANCELLED) and frame.status != CANCELLED:
        frame.status = conclusion
        frame.action['action_status'] = conclusion


def flush(frame: Frame, ended: Ended) -> None:
    """The same, but for what it means to the job's status."""
    frame.job.apply(ended.effects)
    if visible_id(ended.step):
        frame.steps[ended.step.id] = {
            'outputs': dict(ended.effects.outputs),
            'outcome': ended.outcome,
            'conclusion': ended.conclusion,
        }


def visible_id(step: Step) -> str:
    """The id that the author gave; generated ones never show in `steps`."""
    return '' if step.id.startswith('__') else step.id


def name(turn: Turn) -> str:
    """The step's `name`; where it can't be evaluated yet, or isn't given, what it does."""
    step = turn.step
    try:
        if step.name is not None:
            return names.of_text(evaluation.text(step.name, turn.scope)) or names.NAMELESS
        match step.does:
            case Run(script):
                return names.of_script(evaluation.text(script, turn.scope))
            case Uses(reference):
                return names.of_action(str(reference.value))
    except TemplateError:
        pass
    return names.of_control(step.does)


async def _offer_shell(turn: Turn, ended: Ended) -> None:
    """Let a person look around where a step has just failed."""
    offer = turn.job.request.shell_on_failure
    if offer is None or ended.conclusion != FAILURE or turn.job.forced:
        return
    from pathlib import Path

    place = turn.job.directories.workspace
    command, env = turn.job.workplace.terminal(turn.process_env({}), place)
    await offer(command, env, Path(place))


async def run_posts(
    job: Job, posts: list[Post], record: Record | None = None, leash: Leash | None = None
) -> bool:
    """What was registered last comes first. Whether all went well."""
    well = True
    while posts and not job.forced:
        well = await run_stage(posts.pop(), 'post', record, Leash(leash)) and well
    return well


async def run_stage(post: Post, stage: str, inside: Record | None, leash: Leash) -> bool:
    """What an action does before the first or after the last step; whether it went well."""
    job = post.frame.job
    wrong: TemplateError | None = None
    wanted = True
    try:
        wanted = post.condition()
    except TemplateError as error:
        wrong = error
    name = names.of_stage(stage, post.name)
    record = inside or Record(job, post.id, name, stage, skipped=not wanted)
    outcome = SKIPPED
    if wrong is not None:
        record.fail(evaluation.explain(wrong, post.frame.file))
        outcome = FAILURE
    elif wanted:
        outcome = await supervise(
            post.frame, record, leash, post.condition, lambda: post.run(record, leash)
        )
    if inside is None:
        record.finish(outcome, outcome)
        if outcome == FAILURE:
            job.set_status(FAILURE)
    return outcome != FAILURE
