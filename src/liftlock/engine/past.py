"""What the engine itself keeps in mind of a run's facts, besides the core's progress."""

from collections.abc import Iterable

from liftlock.engine import submission as submissions
from liftlock.engine.submission import Submission
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import facts as f
from liftlock.plan import make
from liftlock.plan.plan import Plan
from liftlock.plan.progress import Progress, advance, begin
from liftlock.store import runs
from liftlock.store.database import Store


class Past:
    """claims: how often each job was claimed; a job's attempts are numbered by it
    running: jobs that were claimed and are not over
    from_steps: jobs that go on at a step, until they are claimed
    works: the attempt whose directory each job has now; not the same when it goes on at a step
    artifacts: the names that each job stored since it was last claimed
    losses: how often each job was lost in this attempt of the run
    """

    __slots__ = ('artifacts', 'claims', 'from_steps', 'losses', 'running', 'works')

    def __init__(self) -> None:
        self.claims: dict[str, int] = {}
        self.running: set[str] = set()
        self.from_steps: dict[str, str] = {}
        self.works: dict[str, int] = {}
        self.artifacts: dict[str, set[str]] = {}
        self.losses: dict[str, int] = {}

    def take(self, fact: f.Fact) -> None:
        match fact:
            case f.JobClaimed(job, attempt):
                self.works[job] = self.work(job)
                self.claims[job] = attempt
                self.running.add(job)
                self.from_steps.pop(job, None)
                self.artifacts.pop(job, None)
            case f.JobFinished(job):
                self.running.discard(job)
            case f.JobLost(job):
                self.running.discard(job)
                self.losses[job] = self.losses.get(job, 0) + 1
            case f.RunRestarted(_, jobs, step):
                self.from_steps = {jobs[0]: step} if step else {}
                self.artifacts.clear()  # those of an earlier attempt of the run are its own
                self.losses.clear()
            case f.ArtifactStored(job, name):
                self.artifacts.setdefault(job, set()).add(name)
            case _:
                pass

    def work(self, job: str) -> int:
        """The attempt whose directory the next claim of the job is to have."""
        return self.works[job] if job in self.from_steps else self.claims.get(job, 0) + 1


class History(NamedTuple):
    """Everything that is known of a run."""

    submission: Submission
    plan: Plan
    facts: list[f.Stamped]
    progress: Progress
    past: Past


def read(store: Store, run: int) -> History:
    """Make the plan again and fold the facts. UserError if this version plans differently."""
    submission = submissions.load(runs.request(store, run))
    plan = make.make(submission.request)
    if not isinstance(plan, Plan):
        raise UserError(
            f'run {run} cannot be taken up: this version of liftlock refuses its workflow',
            'start it anew with `liftlock run`',
        )
    facts = store.facts(run)
    progress, past = fold(plan, (stamped.fact for stamped in facts))
    return History(submission, plan, facts, progress, past)


def fold(plan: Plan, facts: Iterable[f.Fact]) -> tuple[Progress, Past]:
    progress, past = begin(plan), Past()
    for fact in facts:
        progress = advance(progress, fact)
        past.take(fact)
    return progress, past
