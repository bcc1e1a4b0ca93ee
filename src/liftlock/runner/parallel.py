"""Steps beside one another: `background`, `wait`, `wait-all`, `cancel` and `parallel`.

A background step starts when its turn comes and does not hold up the next one. Nobody sees its
outputs, variables and conclusion before a step that waits for it (or cancels it) has ended: until
then it might change them. What nobody waits for is waited for at the end.

A step that waits ends as badly as the worst of those that it names. Whatever became of that, a
background step that failed fails the job before its last stages begin; one that was cancelled by
a step does not. When the job is cancelled all of them are, whatever their conditions.
Rules: GitHub's runner (BackgroundStepCoordinator).
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from liftlock.language.source import NOWHERE
from liftlock.language.template import Literal
from liftlock.language.workflow import Cancel, Parallel, Step, Wait
from liftlock.runner import steps
from liftlock.runner.executors.base import Leash
from liftlock.runner.state import CANCELLED, FAILURE, SUCCESS, Effects, Frame, Record
from liftlock.runner.steps import Ended

MOST: Final = 10
GRACE: Final = 7.5  # seconds between asking a step to end and ending it
_LAST: Final = Step(
    '__wait-all', Wait(), NOWHERE, Literal('Wait for all background steps', NOWHERE)
)


async def run_all(frame: Frame, todo: Sequence[Step]) -> None:
    frame.job.background = True
    crew = Crew(frame)
    try:
        for step in todo:
            if frame.job.forced:
                break
            await crew.take(step)
        if _uncovered(todo):
            await crew.take(_LAST)
    except BaseException:
        crew.abandon()
        raise
    finally:
        await crew.drain()
        crew.judge()


def _uncovered(todo: Sequence[Step]) -> bool:
    """Whether some background step is named by nobody after it."""
    open_: set[str] = set()
    for step in todo:
        match step.does:
            case Wait(()):
                open_.clear()
            case Wait(ids) | Cancel(ids):
                open_ -= set(_names(ids))
            case _ if step.background:
                open_.add(step.id)
    return bool(open_)


def _names(ids: Iterable[Literal]) -> Iterator[str]:
    return (str(literal.value) for literal in ids)


class Crew:
    """The background steps of a job, in the order of starting.

    `_tasks` are those that nobody has waited for yet, `_ends` the conclusions of the others.
    """

    __slots__ = ('_called_off', '_ends', '_frame', '_gate', '_leashes', '_tasks')

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._gate = asyncio.Semaphore(MOST)
        self._tasks: dict[str, asyncio.Task[Ended]] = {}
        self._leashes: dict[str, Leash] = {}
        self._ends: dict[str, str] = {}
        self._called_off: set[str] = set()

    async def take(self, step: Step) -> None:
        match step.does:
            case Wait(ids):
                await self._wait(step, list(_names(ids)) or list(self._tasks))
            case Cancel(ids):
                await self._cancel(step, list(_names(ids)))
            case Parallel(inner):
                for one in inner:
                    await self._start(one)
                await self._wait(step, [one.id for one in inner])
            case _ if step.background:
                await self._start(step)
            case _:
                steps.settle(self._frame, await steps.take_turn(self._frame, step))

    async def _start(self, step: Step) -> None:
        leash = self._leashes[step.id] = Leash()
        self._tasks[step.id] = asyncio.create_task(
            steps.take_turn(self._frame, step, leash, self._gate)
        )
        await asyncio.sleep(0)  # its condition is judged now, not when somebody waits

    async def _wait(self, step: Step, ids: Sequence[str]) -> None:
        record = self._record(step)
        conclusions = [await self._join(id) for id in ids]
        for id, conclusion in zip(ids, conclusions, strict=True):
            if conclusion:
                record.say(f'{id}: {conclusion}')
        outcome = next((bad for bad in (CANCELLED, FAILURE) if bad in conclusions), SUCCESS)
        if outcome != SUCCESS:
            record.message = f'A step that was waited for ended with {outcome}.'
        self._finish(step, record, outcome)

    async def _cancel(self, step: Step, ids: Sequence[str]) -> None:
        record = self._record(step)
        self._called_off.update(ids)
        wanted = [id for id in ids if id in self._tasks]
        for id in wanted:
            if not self._tasks[id].done():
                self._leashes[id].interrupt()
        if wanted:
            _, stubborn = await asyncio.wait([self._tasks[id] for id in wanted], timeout=GRACE)
            for id in wanted:
                if self._tasks[id] in stubborn:
                    self._leashes[id].kill()
        for id in wanted:
            await self._join(id)
        self._finish(step, record, SUCCESS)

    async def _join(self, id: str) -> str:
        """Wait for one step and let its effects be seen; its conclusion, '' if there is none."""
        task = self._tasks.get(id)
        if task is not None:
            ended = await task
            if self._tasks.pop(id, None) is not None:
                steps.flush(self._frame, ended)
                self._ends[id] = ended.conclusion
        return self._ends.get(id, '')

    def _record(self, step: Step) -> Record:
        return steps.open_record(self._frame, step)

    def _finish(self, step: Step, record: Record, outcome: str) -> None:
        ended = steps.forgive(self._frame, Ended(step, outcome, outcome, Effects()))
        record.finish(ended.outcome, ended.conclusion)
        steps.settle(self._frame, ended)

    def abandon(self) -> None:
        """The job is broken off: let nothing go on."""
        for leash in self._leashes.values():
            leash.kill()

    async def drain(self) -> None:
        """Nothing stays behind."""
        for id in list(self._tasks):
            await self._join(id)

    def judge(self) -> None:
        """What the background steps mean for the job in the end."""
        called_off = {id for id in self._called_off if self._ends.get(id) == CANCELLED}
        if FAILURE in (end for id, end in self._ends.items() if id not in called_off):
            self._frame.job.set_status(FAILURE)
