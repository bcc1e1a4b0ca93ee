"""Runs as programs are told of them: what `--json` prints, and what the server answers."""

from collections.abc import Iterable

from liftlock.plan.board import Board, Job, latest
from liftlock.plan.facts import ReportRecorded, Stamped
from liftlock.store import artifacts, blobs, owners
from liftlock.store.database import Store
from liftlock.store.runs import Run


def board(facts: Iterable[Stamped]) -> Board:
    """A picture of the run as it is now."""
    picture = Board()
    for stamped in latest(facts):
        picture.take(stamped)
    return picture


def condition(store: Store, run: Run) -> str:
    """The conclusion; before there is one the status, or `interrupted` if its engine is dead."""
    if run.status == 'completed':
        return run.conclusion
    return 'interrupted' if owners.dead(store, run.owner) else run.status


def record(store: Store, run: Run) -> dict[str, object]:
    hidden = ('request', 'owner', 'token')
    told: dict[str, object] = {
        name: value for name, value in run._asdict().items() if name not in hidden
    }
    return {**told, 'interrupted': condition(store, run) == 'interrupted'}


def whole(store: Store, run: Run, board: Board) -> dict[str, object]:
    kept = [
        {'name': one.name, 'size': one.size, 'files': one.files, 'digest': f'sha256:{one.digest}'}
        for one in artifacts.listed(store, run.id)
    ]
    return {
        **record(store, run),
        'jobs': [_job_record(job) for job in board.jobs.values()],
        'annotations': [one._asdict() for one in board.annotations],
        'summaries': [one._asdict() for one in board.summaries],
        'artifacts': kept,
        'reports': [_report_record(store, one) for one in board.reports],
    }


def _report_record(store: Store, report: ReportRecorded) -> dict[str, object]:
    """`file` is where its bytes are; None when they are no longer kept."""
    file = blobs.path(store.directory, report.digest)
    kept = str(file) if file.exists() else None
    return {**report._asdict(), 'digest': f'sha256:{report.digest}', 'file': kept}


def _job_record(job: Job) -> dict[str, object]:
    return {
        'key': job.key,
        'name': job.name,
        'state': job.state,
        'message': job.message,
        'started': job.started,
        'finished': job.finished,
        'steps': [
            {
                'number': step.number,
                'name': step.name,
                'outcome': step.outcome,
                'conclusion': step.state,
                'message': step.message,
                'started': step.started,
                'finished': step.finished,
            }
            for step in job.steps.values()
        ],
    }
