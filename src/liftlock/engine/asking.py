"""What people ask of runs, and why it sometimes cannot be done."""

from collections.abc import Mapping

from liftlock.engine.past import History
from liftlock.engine.submission import Submission
from liftlock.errors import UserError
from liftlock.plan import commands as c
from liftlock.plan import facts as f
from liftlock.plan.progress import advance, decide
from liftlock.runner import checkpoint
from liftlock.store.database import Store
from liftlock.store.paths import RunPaths


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


def refuse_step(store: Store, history: History, job: str, wanted: str) -> None:
    """UserError unless the job left a workspace in which it can go on at this step."""
    run = history.plan.request.run_id
    work = RunPaths(store.directory, run).work(job, history.past.works.get(job, 0))
    if not work.is_dir():
        raise UserError(
            f'the workspace of job "{job}" was not kept, so it cannot go on at a step',
            f'run the whole job again: liftlock rerun {run} --job {job}',
        )
    steps = history.progress.job(job).job.steps
    if checkpoint.find(steps, wanted) is None:
        raise UserError(
            f'job "{job}" has no step "{wanted}"',
            f'give the id, the name or the number (1 to {len(steps)}) of one',
        )
