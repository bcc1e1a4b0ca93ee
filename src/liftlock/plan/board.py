"""What somebody who watches a run needs to know: facts go in one by one, a picture is kept.

This is for eyes only. What a run *is* stands in the store; nothing here decides anything.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from liftlock.language.printable import harmless
from liftlock.plan import facts as f

TAIL = 12  # lines that are shown of a step that failed
FOLD = '##[group]Run '
UNFOLD = '##[endgroup]\n'
ENDED = ('success', 'failure', 'cancelled', 'skipped')


class Step:
    __slots__ = (
        'finished', 'heard', 'message', 'name', 'number', 'outcome', 'started', 'state',
        'tail',
    )  # fmt: skip

    def __init__(self, number: int, name: str, started: float) -> None:
        self.number = number
        self.name = name
        self.state = 'running'  # then the conclusion
        self.outcome = ''  # before continue-on-error
        self.message = ''
        self.started = started
        self.finished = 0.0
        self.heard = False  # it has said something
        self.tail: deque[str] = deque(maxlen=TAIL)

    def seconds(self, now: float) -> float:
        return (self.finished or now) - self.started


class Job:
    __slots__ = ('finished', 'key', 'message', 'name', 'started', 'state', 'steps', 'stopping')

    def __init__(self, key: str, name: str, state: str) -> None:
        self.key = key
        self.name = name
        self.state = state  # waiting, queued, running; then success, failure, cancelled, skipped
        self.message = ''
        self.started = 0.0
        self.finished = 0.0
        self.stopping = False  # somebody asked that it end
        self.steps: dict[int, Step] = {}

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def current(self) -> Step | None:
        """The step that runs, or else the last one."""
        running = [step for step in self.steps.values() if step.state == 'running']
        return running[-1] if running else next(reversed(self.steps.values()), None)

    def seconds(self, now: float) -> float:
        return (self.finished or now) - self.started if self.started else 0.0


class Board:
    """One run. `expected` names the jobs that the workflow holds, before the plan is grown."""

    def __init__(self, expected: Mapping[str, str] | None = None) -> None:
        self.waiting = dict(expected or {})  # id -> name, of jobs no fact spoke of yet
        self.calls: set[str] = set()  # called workflows in a concurrency group: nobody runs these
        self.jobs: dict[str, Job] = {}
        self.run = 0
        self.started = 0.0
        self.finished = 0.0
        self.conclusion = ''
        self.submitted: f.RunSubmitted | None = None
        self.annotations: list[f.Annotated] = []
        self.summaries: list[f.Summarized] = []
        self.artifacts: list[f.ArtifactStored] = []
        self.reports: list[f.ReportRecorded] = []
        self._early: dict[tuple[str, int], list[str]] = {}

    def count(self, state: str) -> int:
        return sum(job.state == state for job in self.jobs.values())

    def name(self, job: str) -> str:
        """As people see it."""
        return self.jobs[job].name if job in self.jobs else job

    def step(self, job: str, number: int) -> Step | None:
        return self.jobs[job].steps.get(number) if job in self.jobs else None

    def hear(self, job: str, number: int, lines: str) -> str:
        """Take whole lines, each ended by a line feed; return those that are worth showing now.

        The last few are kept. Facts are told when they are written, lines at once: so those of a
        step that nobody has heard of yet are put aside, and `early` gives them back.
        """
        step = self.step(job, number)
        if step is None:
            if number:
                self._early.setdefault((job, number), []).append(lines)
            return '' if number else lines
        if lines.startswith(FOLD) and lines.endswith(UNFOLD):
            # The runner says what it is going to do, as the workflow file does. Of a step inside
            # a composite action this is the only announcement, so there its first line stays.
            lines = lines[: lines.index('\n') + 1] if step.heard else ''
        step.heard = True
        if lines:
            step.tail.extend(lines.rsplit('\n', TAIL + 1)[-TAIL - 1 : -1])
        return lines

    def early(self, job: str, number: int) -> list[str]:
        """What was put aside for this step until it had started."""
        return self._early.pop((job, number), [])

    def take(self, stamped: f.Stamped) -> None:
        """Every fact is welcome; those that change nothing for the eye are passed over."""
        self.run = stamped.run
        at = stamped.at
        match stamped.fact:
            case f.RunSubmitted() as submitted:
                self.submitted, self.started = submitted, at
            case f.RunRestarted(_, jobs):
                self._restart(jobs, at)
            case f.RunFinished(conclusion):
                self.conclusion, self.finished = conclusion, at
                self._close(at)
            case f.StopRequested(key):
                for job in self.jobs.values():
                    slot = job.key.partition('[')[0]
                    job.stopping |= not job.ended and key in ('', job.key, slot)
            case f.Annotated() as found:
                self.annotations.append(found)
            case f.Summarized() as summary:
                self.summaries.append(summary)
            case f.ReportRecorded() as report:
                self.reports.append(report)
            case f.ArtifactStored() as kept:  # what is added to one is told as the whole again
                others = [one for one in self.artifacts if one.name != kept.name]
                self.artifacts = [*others, kept]
            case fact:
                self._take_of_job(fact, at)

    def _close(self, at: float) -> None:
        """Of a job that was lost while it deployed no other fact tells that it is over."""
        for job in self.jobs.values():
            if not job.ended and job.key not in self.calls:
                conclusion = 'cancelled' if self.conclusion == 'cancelled' else 'failure'
                self._break_off(job, conclusion, job.message, at)

    def _restart(self, jobs: Iterable[str], at: float) -> None:
        self.started, self.finished, self.conclusion = at, 0.0, ''
        for key in jobs:
            self.jobs.pop(key, None)

    def _take_of_job(self, fact: f.Fact, at: float) -> None:
        match fact:
            case f.JobQueued(key, _, ()):
                self.calls.add(key)
            case f.JobQueued(key, name):
                self._job(key, name, 'queued')
            case f.JobBlocked(key, reason):
                self._job(key, '', 'queued').message = reason
            case f.JobLost() as lost:
                self._lose(lost, at)
            case f.JobClaimed(key):
                job = self._job(key, '', 'running')
                job.started, job.message, job.steps, job.stopping = at, '', {}, False
            case f.JobSkipped(key, name, reason):
                self._end_job(self._job(key, name, 'skipped'), reason, at)
            case f.JobFinished(key, conclusion, _, message) if key not in self.calls:
                self._end_job(self._job(key, '', conclusion), message, at)
            case _:
                self._take_of_step(fact, at)

    def _take_of_step(self, fact: f.Fact, at: float) -> None:
        match fact:
            case f.StepStarted(key, number, _, name):
                self._go_on(key, at).steps[number] = Step(number, harmless(name), at)
            case f.StepFinished(key, number, outcome, conclusion, message):
                step = self.step(key, number)
                if step is not None:  # a step that was skipped may never have started
                    step.outcome, step.state = outcome, conclusion
                    step.message = harmless(message)
                    step.finished = at
            case _:
                pass

    def _go_on(self, key: str, at: float) -> Job:
        """A job that had to wait, once somebody had it, begins only now."""
        waited = key in self.jobs and self.jobs[key].state == 'queued'
        job = self._job(key, '', 'running')
        if waited:
            job.started, job.message = at, ''
        return job

    def _job(self, key: str, name: str, state: str) -> Job:
        # `test[2]` and `deploy/smoke` grew out of the jobs `test` and `deploy` of the file
        self.waiting.pop(key.partition('/')[0].partition('[')[0], None)
        name = harmless(name)
        job = self.jobs.setdefault(key, Job(key, name or key, state))
        job.name = name or job.name
        job.state = state
        return job

    def _lose(self, fact: f.JobLost, at: float) -> None:
        """It starts again if none of its steps had begun, or if that was asked for."""
        job, message = self._job(fact.job, '', 'queued'), f'lost: {fact.reason}'
        if job.stopping or (job.steps and not fact.again):
            self._break_off(job, 'cancelled' if job.stopping else 'failure', message, at)
        else:
            job.message = harmless(message)

    def _break_off(self, job: Job, conclusion: str, message: str, at: float) -> None:
        job.state = conclusion
        self._end_job(job, message, at)
        for step in job.steps.values():
            if step.state == 'running':
                step.state, step.finished = conclusion, at

    def _end_job(self, job: Job, message: str, at: float) -> None:
        job.message, job.finished = harmless(message), at


def latest(facts: Iterable[f.Stamped]) -> Iterator[f.Stamped]:
    """The facts without what an earlier attempt at a job said of its steps."""
    facts = tuple(facts)
    claims: dict[str, int] = {}
    for stamped in facts:
        match stamped.fact:
            case f.JobClaimed(job):
                claims[job] = stamped.seq
            case f.RunRestarted(_, jobs):
                claims.update(dict.fromkeys(jobs, stamped.seq))
            case _:
                pass
    for stamped in facts:
        job = stamped.fact.job if isinstance(stamped.fact, OF_STEPS) else ''
        if stamped.seq >= claims.get(job, 0):
            yield stamped


OF_STEPS = (
    f.StepStarted,
    f.StepFinished,
    f.Annotated,
    f.Summarized,
    f.ActionResolved,
    f.ArtifactStored,
    f.ReportRecorded,
)
