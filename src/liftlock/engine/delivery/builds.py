"""What runs have made of a commit, and the version that this is: for whoever asks for it, a person
or the supervisor that looks at what git says."""

import json
from collections.abc import Mapping

from liftlock.engine.delivery.blueprint import PATH, Blueprint, environment
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.rollout.version import Version
from liftlock.runner import tree
from liftlock.store import artifacts, runs
from liftlock.store.database import Store
from liftlock.store.runs import Run


class Made(NamedTuple):
    """The files of a commit, and the runs that it had."""

    commit: str
    sources: str
    name: str
    ref: str
    runs: tuple[Run, ...] = ()


def latest(store: Store, repository: str, commit: str) -> tuple[Run, ...]:
    """The newest run of each workflow for the commit."""
    found: dict[str, Run] = {}
    for run in runs.of_commit(store, repository, commit):
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


def version(store: Store, made: Made, target: model.Target | None) -> Version:
    """With the artifact that the target names, from whichever run has kept it."""
    wanted = target.artifact if isinstance(target, model.Process) else ''
    number, digest = (made.runs[0].id, '') if made.runs else (0, '')
    if wanted:
        number, digest = _artifact(store, made, wanted)
    return Version(
        made.name, made.commit, made.ref, artifact=digest, run=number, sources=made.sources
    )


def blueprint(
    repository: str, name: str, version: Version, variables: Mapping[str, str]
) -> Blueprint:
    """By the `liftlock.yml` of the version's own commit."""
    text = tree.read(version.sources, version.commit, PATH)
    draft = Blueprint(repository, name, text, variables)
    files = {}
    for path in environment(draft).env_file:
        files[path] = tree.read(version.sources, version.commit, path)
    return draft._replace(files=files)


def kept(store: Store, run: Run) -> Mapping[str, str]:
    """What is kept to take the run up again: `sources`, where its files are, among it."""
    keep: Mapping[str, str] = json.loads(runs.request(store, run.id)).get('keep', {})
    return keep


def _artifact(store: Store, made: Made, wanted: str) -> tuple[int, str]:
    for run in made.runs:
        for one in artifacts.listed(store, run.id):
            if one.name == wanted:
                return run.id, one.digest
    numbers = ', '.join(str(run.id) for run in made.runs)
    raise UserError(
        f'no run of {made.name} has kept an artifact "{wanted}" (runs: {numbers})',
        'upload it with actions/upload-artifact, or correct target: process: artifact:',
    )
