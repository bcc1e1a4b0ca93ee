"""Which version is meant: what a green run has made, what runs elsewhere, or an image."""

from collections.abc import Mapping

from liftlock.cli.here import Here
from liftlock.engine.delivery.blueprint import PATH, Blueprint, environment
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout.environment import fold
from liftlock.rollout.version import Version
from liftlock.runner import git, snapshot, tree
from liftlock.store import artifacts, deliveries, runs
from liftlock.store.runs import Run

TAGS = 'refs/tags/'
MANY = 1000  # runs that are looked through


class Made(NamedTuple):
    """The files of a commit, and the runs that it had."""

    commit: str
    sources: str
    name: str
    ref: str
    runs: tuple[Run, ...] = ()


def of_head(here: Here) -> Made:
    """What stands here now, uncommitted changes included: only what ran can be deployed."""
    taken = snapshot.take(here.seen, here.where.state)
    found = latest(here, taken.commit)
    if not found:
        changed = ' with its uncommitted changes' if taken.dirty else ''
        raise UserError(
            f'nothing has run yet of what stands here ({taken.commit[:7]}{changed})',
            'run it first: liftlock run',
        )
    return _made(here, taken.commit, str(taken.store), found)


def of_run(here: Here, number: int) -> Made:
    run = runs.find(here.store, str(number))
    if run.repository != here.name:
        raise UserError(f'run {number} is of another repository: {run.repository}')
    keep = _kept(here, run)
    return _made(here, run.sha, keep['sources'], latest(here, run.sha))


def latest(here: Here, commit: str) -> tuple[Run, ...]:
    """The newest run of each workflow for the commit."""
    found: dict[str, Run] = {}
    for run in runs.recent(here.store, limit=MANY):
        if run.sha == commit and run.repository == here.name:
            found.setdefault(run.workflow, run)
    return tuple(found.values())


def refuse_red(made: Made) -> None:
    """UserError unless all of its runs are green."""
    for run in made.runs:
        if run.status != 'completed':
            hint = f'wait for it: liftlock logs {run.id} --follow'
            raise UserError(f'run {run.id} ({run.name}) of {made.name} has not ended', hint)
        if run.conclusion not in ('success', 'skipped'):
            hint = f'see why: liftlock show {run.id}'
            raise UserError(f'run {run.id} ({run.name}) of {made.name}: {run.conclusion}', hint)
    if not any(run.conclusion == 'success' for run in made.runs):
        raise UserError(f'no run of {made.name} has succeeded', 'run it first: liftlock run')


def version(here: Here, made: Made, target: model.Target | None) -> Version:
    """With the artifact that the target names, from whichever run has kept it."""
    wanted = target.artifact if isinstance(target, model.Process) else ''
    number, digest = (made.runs[0].id, '') if made.runs else (0, '')
    if wanted:
        number, digest = _artifact(here, made, wanted)
    return Version(
        made.name, made.commit, made.ref, artifact=digest, run=number, sources=made.sources
    )


def elsewhere(here: Here, name: str) -> Version:
    """What has succeeded last in another environment."""
    known = {one.name: one for one in deliveries.environments(here.store)
             if one.repository == here.name}  # fmt: skip
    found = fold(deliveries.facts(here.store, known[name].id)).current if name in known else None
    if found is None:
        raise UserError(f'nothing has succeeded in {name} yet', 'see: liftlock status')
    return found


def named(here: Here, text: str) -> Version:
    """A version that was deployed before, to whichever environment of this repository."""
    for place in deliveries.environments(here.store):
        if place.repository != here.name:
            continue
        found = fold(deliveries.facts(here.store, place.id))
        for one in reversed(found.deployments.values()):
            known = (one.version.name, one.version.id)
            if text in known or (len(text) >= 6 and one.version.commit.startswith(text)):
                return one.version
    raise UserError(
        f'no version "{text}" was ever deployed here',
        'deploy what stands here (without --version), or a run: --run N',
    )


def blueprint(here: Here, name: str, version: Version, variables: Mapping[str, str]) -> Blueprint:
    """By the `liftlock.yml` of the version's own commit."""
    text = tree.read(version.sources, version.commit, PATH)
    draft = Blueprint(here.name, name, text, variables)
    files = {}
    for path in environment(draft).env_file:
        files[path] = tree.read(version.sources, version.commit, path)
    return draft._replace(files=files)


def _made(here: Here, commit: str, sources: str, found: tuple[Run, ...]) -> Made:
    ref = next((run.ref for run in found if run.ref.startswith(TAGS)), found[0].ref)
    tags = git.ask('tag', '--points-at', commit, cwd=here.seen.top).text.split()
    known = ref.removeprefix(TAGS) if ref.startswith(TAGS) else next(iter(tags), '')
    return Made(commit, sources, known or commit[:7], ref, found)


def _artifact(here: Here, made: Made, wanted: str) -> tuple[int, str]:
    for run in made.runs:
        for one in artifacts.listed(here.store, run.id):
            if one.name == wanted:
                return run.id, one.digest
    numbers = ', '.join(str(run.id) for run in made.runs)
    raise UserError(
        f'no run of {made.name} has kept an artifact "{wanted}" (runs: {numbers})',
        'upload it with actions/upload-artifact, or correct target: process: artifact:',
    )


def _kept(here: Here, run: Run) -> Mapping[str, str]:
    import json

    keep: Mapping[str, str] = json.loads(runs.request(here.store, run.id)).get('keep', {})
    return keep
