"""What a forge is told of a commit: one status a job id, and one for all of it.

    legs of a matrix, and jobs of the same id in several workflows  -> one status, the worst counts
    jobs of a called workflow                                       -> `caller / job`
    a job that was skipped                                          -> as good as success
    everything that started for the commit                          -> the aggregate

The aggregate is the one to require: it has the same name whatever the jobs are called, and it is
there, and green, also where filters keep every workflow from starting. Of several runs of a
workflow for the same event and ref only the newest counts.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Call, Workflow
from liftlock.plan import calls
from liftlock.plan.plan import Plan

PENDING: Final = 'pending'
RUNNING: Final = 'running'
SUCCESS: Final = 'success'
FAILURE: Final = 'failure'
CANCELLED: Final = 'cancelled'
SKIPPED: Final = 'skipped'
NAME: Final = 'liftlock'  # of the aggregate

# What happened to a change. Runs of others (schedules, dispatches …) say nothing about the commit
# that happens to be the newest then.
REPORTED: Final = frozenset({'push', 'pull_request', 'pull_request_target', 'merge_group'})
# The first that applies to anything counts for all.
_WORST: Final = (RUNNING, PENDING, FAILURE, CANCELLED, SUCCESS, SKIPPED)
_WORDS: Final[Mapping[str, str]] = {'waiting': PENDING, 'queued': PENDING}


class JobState(NamedTuple):
    """One leg. `state` is waiting, queued, running; then success, failure, cancelled, skipped."""

    key: str
    state: str
    message: str = ''


class RunState(NamedTuple):
    """`conclusion` is '' while it goes on; `declared` are the contexts of the jobs in its file, of
    which some may not have been spoken of yet. `run` is 0 for a workflow that could not start, and
    then `trouble` says why."""

    run: int
    workflow: str
    event: str
    ref: str
    conclusion: str
    jobs: tuple[JobState, ...] = ()
    declared: tuple[str, ...] = ()
    trouble: str = ''


class Status(NamedTuple):
    """`state` is pending, running, success, failure, cancelled or skipped; `path` leads to the page
    of the run or the job on this server."""

    context: str
    state: str
    description: str
    path: str


class _Leg(NamedTuple):
    run: int
    job: JobState


def of_commit(runs: Iterable[RunState], name: str = NAME) -> tuple[Status, ...]:
    """The aggregate first, then a status for each job id, in the order of the runs."""
    counted = newest(runs)
    legs: dict[str, list[_Leg]] = {}
    names: dict[str, str] = {}  # to forges `Test` and `test` are the same
    for run in counted:
        for name_of_job, job in _with_declared(run):
            id = names.setdefault(name_of_job.lower(), name_of_job)
            legs.setdefault(id, []).append(_Leg(run.run, job))
    legs.pop(names.get(name.lower(), ''), None)  # nobody's job speaks for all
    return (_aggregate(counted, name), *(_of_job(id, found) for id, found in legs.items()))


def newest(runs: Iterable[RunState]) -> tuple[RunState, ...]:
    """Of each workflow, event and ref the last run; `runs` are in order."""
    found: dict[tuple[str, str, str], RunState] = {}
    for run in runs:
        which = run.workflow, run.event, run.ref
        found.pop(which, None)
        found[which] = run
    return tuple(found.values())


def context(key: str) -> str:
    """`test[2]` is `test`, `deploy[0]/smoke` is `deploy / smoke`."""
    return ' / '.join(part.partition('[')[0] for part in key.split('/'))


def declared(plan: Plan) -> tuple[str, ...]:
    """The contexts of all jobs that the plan may come to, those of called workflows included."""
    return tuple(dict.fromkeys(_declared(plan, plan.workflow, '')))


def _declared(plan: Plan, workflow: Workflow, prefix: str) -> Iterable[str]:
    for job in workflow.jobs.values():
        name = f'{prefix}{job.id.value}'
        if isinstance(job, Call):
            callee = plan.workflows[calls.reference(job, workflow.path)]
            yield from _declared(plan, callee, f'{name} / ')
        else:
            yield name


def _with_declared(run: RunState) -> Iterable[tuple[str, JobState]]:
    """Jobs that nobody has spoken of yet will come, unless the run is over. A call that stands in
    line for its group is there by the jobs inside."""
    called = {name.rpartition(' / ')[0] for name in run.declared}
    told = [(context(job.key), job) for job in run.jobs]
    yield from ((name, job) for name, job in told if name not in called or job.state == SKIPPED)
    if not run.conclusion:
        known = {name for name, _ in told}
        yield from ((name, JobState(name, 'waiting')) for name in run.declared if name not in known)


def _of_job(id: str, legs: list[_Leg]) -> Status:
    state = _worst(leg.job.state for leg in legs)
    shown = next((leg for leg in legs if _word(leg.job.state) == state), legs[0])
    begun = shown.job.state not in ('waiting', 'queued', 'skipped')
    path = f'/runs/{shown.run}/jobs/{shown.job.key}' if begun else f'/runs/{shown.run}'
    return Status(id, state, _described(state, legs), path)


def _described(state: str, legs: list[_Leg]) -> str:
    if len(legs) == 1 and legs[0].job.message:
        return f'{_capital(state)}: {legs[0].job.message}'
    if len(legs) == 1:
        return _capital(state)
    done = [leg for leg in legs if _word(leg.job.state) not in (PENDING, RUNNING)]
    failed = sum(leg.job.state == FAILURE for leg in legs)
    if state in (PENDING, RUNNING):
        told = f'{len(done)} of {len(legs)} done'
        return f'{told}, {failed} failed' if failed else told
    if state == FAILURE:
        return f'{failed} of {len(legs)} failed'
    return f'{_capital(state)}: {len(legs)} jobs'


def leftover(known: Mapping[str, str], found: tuple[Status, ...]) -> tuple[Status, ...]:
    """What was told to be pending, by context, and of which nothing more will come now that all is
    over: a forge that requires it would wait for ever."""
    aggregate, told = found[0], {status.context for status in found}
    if aggregate.state in (PENDING, RUNNING):
        return ()
    return tuple(
        Status(context, SKIPPED, 'It did not run', aggregate.path)
        for context, state in known.items()
        if context not in told and state in (PENDING, RUNNING)
    )


def _aggregate(runs: tuple[RunState, ...], name: str) -> Status:
    if not runs:
        return Status(name, SUCCESS, 'No workflow starts for this commit', '')
    states = [run.conclusion or RUNNING for run in runs]
    state = _worst(states)
    shown = next(run for run in runs if (run.conclusion or RUNNING) == state)
    return Status(name, state, _told(state, runs), f'/runs/{shown.run}' if shown.run else '')


def _told(state: str, runs: tuple[RunState, ...]) -> str:
    failed = [run.workflow for run in runs if run.conclusion == FAILURE]
    trouble = next((run for run in runs if run.trouble), None)
    if state == FAILURE and trouble:
        return f'{trouble.workflow} cannot start: {trouble.trouble}'
    if state == FAILURE:
        return f'Failed: {", ".join(failed)}'
    if state in (PENDING, RUNNING):
        done = sum(bool(run.conclusion) for run in runs)
        told = f'{done} of {len(runs)} workflows done'
        return f'{told}; failed: {", ".join(failed)}' if failed else told
    if state == CANCELLED:
        stopped = [run.workflow for run in runs if run.conclusion == CANCELLED]
        return f'Cancelled: {", ".join(stopped)}'
    return f'{len(runs)} {"workflow" if len(runs) == 1 else "workflows"} succeeded'


def _worst(states: Iterable[str]) -> str:
    seen = {_word(state) for state in states}
    if PENDING in seen and seen & {SUCCESS, FAILURE, CANCELLED}:
        return RUNNING  # it has begun
    return next(state for state in _WORST if state in seen)


def _word(state: str) -> str:
    return _WORDS.get(state, state)


def _capital(state: str) -> str:
    return state[:1].upper() + state[1:]
