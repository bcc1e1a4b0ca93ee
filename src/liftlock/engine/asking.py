"""What people ask of runs, and why it sometimes cannot be done."""

from collections.abc import Mapping

from liftlock.engine.past import History
from liftlock.engine.submission import Submission
from liftlock.errors import UserError
from liftlock.plan import commands as c
from liftlock.plan import facts as f
from liftlock.plan.progress import advance, decide
from liftlock.store import paths
from liftlock.store.database import Store


def refuse_missing_secrets(run: int, submission: Submission, given: Mapping[str, str]) -> None:
    """Secrets are never stored, so whoever goes on with a run must give them again."""
    lacking = [name for name in submission.secrets if name not in given]
    if lacking:
        options = ' '.join(f'--secret {name}' for name in lacking)
        raise UserError(
            f'run {run} was started with secrets, which are never stored: {", ".join(lacking)}',
            f'give them again: {options}',
        )


def end(store: Store, history: History, token: int, reason: str) -> None:
    """Conclude a run that nobody carries out: what had not ended is cancelled, nothing starts."""
    progress = history.progress
    facts: list[f.Fact] = [f.JobLost(key, reason) for key in sorted(history.past.running)]
    facts.insert(0, f.StopRequested('', reason, force=True))
    for fact in facts:
        progress = advance(progress, fact)
    while due := decide(progress):
        for answer in map(_answer, due):
            progress = advance(progress, answer)
            facts.append(answer)
    store.append(history.plan.request.run_id, facts, token)


def _answer(command: c.Command) -> f.Fact:
    """A fact for every command, such that nothing is started."""
    match command:
        case c.Queue(job):
            return f.JobFinished(job.key, 'cancelled', {})
        case c.Skip(key, name, reason):
            return f.JobSkipped(key, name, reason)
        case c.Refuse(key, _, message):
            return f.JobFinished(key, 'failure', {}, message)
        case c.Leave(key, conclusion):
            return f.JobFinished(key, conclusion, {})
        case c.Enter(key) | c.Stop(key):
            return f.JobFinished(key, 'cancelled', {})
        case c.Finish(conclusion):
            return f.RunFinished(conclusion)


def step(store: Store, history: History, job: str, wanted: str) -> str:
    """The id of the step that a job is to go on at, given its id, name or number."""
    work = history.past.works.get(job, 0)
    run = history.plan.request.run_id
    if not paths.work(store.directory, run, job, work).is_dir():
        raise UserError(
            f'the workspace of job "{job}" was not kept, so it cannot go on at a step',
            f'run the whole job again: liftlock rerun {run} --job {job}',
        )
    steps = _last_steps(history, job)
    for one in steps:
        if one.stage == 'main' and wanted in (one.id, one.name, str(one.number)):
            return one.id
    known = ', '.join(f'"{one.name}"' for one in steps if one.stage == 'main')
    raise UserError(f'job "{job}" has no step "{wanted}" that had started', f'there are: {known}')


def _last_steps(history: History, job: str) -> list[f.StepStarted]:
    """Those of the job's last attempt."""
    steps: list[f.StepStarted] = []
    for stamped in history.facts:
        match stamped.fact:
            case f.JobClaimed(key) if key == job:
                steps = []
            case f.StepStarted(key) as started if key == job:
                steps.append(started)
            case _:
                pass
    return steps
