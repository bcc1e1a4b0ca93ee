"""From an event to finished runs, here and now."""

import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen

from liftlock.cli import events, options, person, planning, stored, view, wiring, workflows
from liftlock.cli.conduct import conduct
from liftlock.cli.options import Asked
from liftlock.engine import declared
from liftlock.engine import workflows as texts
from liftlock.engine.submission import Terms
from liftlock.engine.submitting import Manner, submission
from liftlock.engine.workflows import Found
from liftlock.errors import INTERRUPTED, UserError
from liftlock.language.records import NamedTuple
from liftlock.language.template import Literal
from liftlock.language.workflow import AnyJob
from liftlock.plan import environments, wire
from liftlock.plan.board import Board
from liftlock.plan.event import Event
from liftlock.plan.plan import Plan
from liftlock.runner import repository, snapshot
from liftlock.runner.snapshot import Snapshot
from liftlock.store import runs


class Ways(NamedTuple):
    """How to run, besides what."""

    dry_run: bool = False
    json: bool = False
    debug: bool = False
    shell_on_failure: bool = False
    clean: bool = False
    allow_missing_runners: bool = False
    real_actions: bool = False
    sandbox: bool = False
    slots: int = 0
    verbose: bool = False
    deploy: bool = False


class Ground(NamedTuple):
    """What the runs stand on: the files, taken once for all of them."""

    repository: repository.Repository
    snapshot: Snapshot
    files: dict[str, str]  # workflows, actions, locks and liftlock.yml
    event: Event
    where: wiring.Place


def run(
    state: str | None, asked: Asked, ways: Ways, here: Path, begun: 'list[Popen[bytes]]'
) -> int:
    """Do what the command line asked for; `begun` are git's answers about `here`."""
    ground, found = _take(asked, ways, wiring.place(state), (here, begun))
    texts.refuse(found, ground.files)
    started, reasons = texts.choose(found, ground.event, asked.jobs)
    if not started:
        raise _nothing_starts(asked, reasons, found)
    known = stored.variables(ground.where, ground.event)
    planned = [
        planning.plan(
            one, asked, ground.event, ground.files, ground.where, debug=ways.debug, stored=known
        )
        for one in started
    ]
    planning.check_legs(planned, asked)
    for plan in planned:
        declared.deliveries(ground.files, environments.named(plan))
    if ways.dry_run:
        from liftlock.cli import rehearsal

        return rehearsal.show(planned, reasons, real_actions=ways.real_actions)
    status, last = _run_all(planned, asked, ways, ground)
    return status or _go_onward(state, ways, ground, last)


def _go_onward(state: str | None, ways: Ways, ground: Ground, run: int) -> int:
    """Where a green run leads."""
    files, ref = ground.files, ground.event.ref
    if ways.deploy:
        from liftlock.cli import onward

        return onward.deploy_all(state, files, ref, run, json=ways.json)
    if not ways.json and 'target:' in files.get(declared.FILE, ''):
        from liftlock.cli import destinations

        destinations.tell(files, ref)
    return 0


def _take(
    asked: Asked, ways: Ways, where: wiring.Place, looking: 'tuple[Path, list[Popen[bytes]]]'
) -> tuple[Ground, tuple[Found, ...]]:
    here = looking[0]
    seen = repository.look(*looking)
    taken = snapshot.take(seen, where.state, clean=ways.clean)
    files = snapshot.read_files(taken, '.github', declared.FILE)
    found = workflows.find(files, asked, seen.top, here)
    by_paths = workflows.filtered_by_paths(found, asked)
    facts = repository.describe(seen, taken.commit, changed=by_paths)
    known = [one.workflow for one in found if one.workflow is not None]
    event = events.read_event(asked, facts, known)
    return Ground(seen, taken, files, event, where), found


def _nothing_starts(asked: Asked, reasons: dict[str, str], found: Sequence[Found]) -> UserError:
    width = max(map(len, reasons))
    told = [f'  {path.ljust(width)}  {reason}' for path, reason in reasons.items()]
    message = '\n'.join((f'no workflow starts for {asked.event}', *told))
    return UserError(message, workflows.hint(asked, found))


def _run_all(planned: Sequence[Plan], asked: Asked, ways: Ways, ground: Ground) -> tuple[int, int]:
    """How they ended, and the last of them."""
    secrets = options.secrets(asked.secret, asked.secret_file)
    settings = declared.read(ground.files)
    works = wiring.open_works(ground.where, slots=ways.slots)
    terms = stored.terms(works, ground.event, secrets, person.name(ground.repository))
    manner = Manner(
        secrets=tuple(secrets),
        allow_missing_runners=ways.allow_missing_runners,
        otherwise='sandbox' if ways.sandbox else 'host',
        real_actions=ways.real_actions,
    )
    _tell_once(ground.where, ways)
    status = run = 0
    try:
        for plan in planned:
            run = works.engine.submit(
                submission(plan, ground.files, ground.snapshot, manner, settings)
            )
            status = max(status, _run(works, run, plan, terms, ways, ground))
            if status == INTERRUPTED:
                break
            if asked.matrix and not any(job.attempt for job in runs.jobs(works.store, run)):
                legs = ', '.join(asked.matrix)
                raise UserError(f'no leg of a matrix has {legs}', 'see the legs: liftlock plan')
    finally:
        works.close()
    return status, run


def _run(
    works: wiring.Works, run: int, plan: Plan, terms: Terms, ways: Ways, ground: Ground
) -> int:
    board = Board({key: _expected(key, job) for key, job in plan.workflow.jobs.items()})
    if ways.json:
        watching: view.View = view.Facts(sys.stdout, wire.line)
    else:
        watching = view.choose(board, verbose=ways.verbose)
    watching.notice(_headline(run, plan, ground))
    status = conduct(works.engine, run, terms, watching, shell=ways.shell_on_failure)
    if not ways.json:
        view.conclude(board)
    if status:
        from liftlock.cli import comeback, goingon

        comeback.after(
            works, run, goingon.Ways(json=ways.json, verbose=ways.verbose), terms, status
        )
    return status


def _expected(key: str, job: AnyJob) -> str:
    """What a job is called before it is planned; the names of legs are not known yet."""
    return str(job.name.value) if isinstance(job.name, Literal) else key


def _headline(run: int, plan: Plan, ground: Ground) -> str:
    event = ground.event
    ref = event.ref.removeprefix('refs/heads/').removeprefix('refs/tags/')
    at = ground.repository.head[:7] or 'no commit yet'
    with_changes = ' with uncommitted changes' if ground.snapshot.dirty else ''
    return (
        f'Run {run}: {plan.name}, {event.name} on {ref} at {at}{with_changes}'
        f' (if this is interrupted: liftlock resume {run})'
    )


def _tell_once(where: wiring.Place, ways: Ways) -> None:
    """Say once a store that GitHub's labels mean this machine here."""
    told = where.state / 'told-about-labels'
    if ways.json or ways.sandbox or told.exists():
        return
    told.touch()
    sys.stderr.write(
        'liftlock: jobs for ubuntu-latest run on this machine itself, not in a container of '
        "GitHub's;\n  what `liftlock doctor` misses, they miss too. (This is said once.)\n"
    )
