"""Where actions come from, and what stands in their files.

Those of other repositories are found before the first step, those in the workspace (`./path`) when
their step comes. `$/path` is an action beside the file that uses it.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH103, PTH112, PTH118, PTH208

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liftlock.language import locks
from liftlock.language.action import Action, Composite, Docker, JavaScript
from liftlock.language.image import SCHEME
from liftlock.language.parse import parse_action
from liftlock.language.records import NamedTuple
from liftlock.language.reference import Reference, parse
from liftlock.language.workflow import Uses
from liftlock.plan.facts import STAND_IN, ActionResolved
from liftlock.runner import confinement
from liftlock.runner.executors.files import OWN, Files, Within, is_file, read
from liftlock.runner.state import Job
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

if TYPE_CHECKING:
    from liftlock.runner.workbench import Builtin

DEEPEST: Final = 10


class Loaded(NamedTuple):
    """An action that can be run: a stand-in of ours, or files on this disk.

    `home` is the root of the repository in which it stands.
    """

    action: Action | None
    builtin: 'Builtin | None'
    directory: str
    home: str
    repository: str = ''
    ref: str = ''


async def find_all(job: Job, uses: str, home: str, depth: int) -> None:
    """Bring an action here that does not stand in the workspace, and those that it uses."""
    key = key_of(uses, home)
    if key in job.actions:
        return
    reference = parse(uses)
    if reference is not None:
        loaded = await _find(job, uses, reference)
    elif uses.startswith('$/'):
        loaded = await _own(job, uses, home)
    elif uses.startswith(SCHEME):
        loaded = Loaded(Action(uses, uses, Docker(uses)), None, '', '')
    else:
        return
    job.actions[key] = loaded
    if loaded.action is None or not isinstance(loaded.action.runs, Composite) or depth > DEEPEST:
        return
    for inner in used(loaded.action.runs):
        await find_all(job, inner, loaded.home, depth + 1)


def key_of(uses: str, home: str) -> str:
    """`$/path` means another action in every repository."""
    return f'{home}/{uses[2:]}' if uses.startswith('$/') else uses


async def _find(job: Job, uses: str, reference: Reference) -> Loaded:
    path = f'/{reference.path}' if reference.path else ''
    repository = f'{reference.owner}/{reference.repo}'
    if not job.world.real_actions:
        from liftlock.runner.actions.builtin import find_builtin

        builtin = find_builtin(f'{repository}{path}', reference.ref)
        if builtin is not None:
            if job.world.pins is not None:  # what is fetched is looked up where it is fetched
                locks.look_up(job.world.pins, reference.pin, locks.ACTIONS)
            job.report(ActionResolved(job.key, uses, '', STAND_IN))
            return Loaded(None, builtin, '', '', repository, reference.ref)
    found = await job.world.actions.find(repository, reference.ref, job.say)
    job.report(ActionResolved(job.key, uses, found.commit, found.source))
    home = str(found.directory)
    # Where we have it, which a sandbox may not show. What was fetched may hold links to anything.
    files = Within(home) if found.commit else OWN
    action = _read(files, f'{home}{path}', uses)
    if isinstance(action.runs, Composite) or (not found.commit and confinement.bounds(job)):
        home = await asyncio.to_thread(_copy, job, home, reference)
    return Loaded(action, None, f'{home}{path}', home, repository, reference.ref)


def _copy(job: Job, home: str, reference: Reference) -> str:
    """The repository as this job has it: scripts of composite actions write beside themselves, and
    what they leave there is no business of other jobs. A directory of the user's own that stands
    for a repository is seen by jobs on this machine alone."""
    import shutil

    name = f'{reference.owner}/{reference.repo}/{reference.ref.replace("/", "_")}'
    own = f'{job.directories.root}/_actions/{name}'
    if not os.path.isdir(own):
        ignored = shutil.ignore_patterns('.git')
        shutil.copytree(home, own, symlinks=True, ignore=ignored)
    return own


def _read(files: Files, directory: str, uses: str) -> Action:
    for name in ('action.yml', 'action.yaml'):
        try:
            text = read(files, f'{directory}/{name}').decode('utf-8-sig', 'replace')
        except (FileNotFoundError, NotADirectoryError):
            continue
        shown = f'{uses}/{name}' if uses.startswith(('./', '$/')) else f'{uses}: {name}'
        action, diagnostics = parse_action(shown, text)
        if action is None:
            first = diagnostics[0]
            raise StepFailed(
                f'{shown} (Line: {first.span.line}, Col: {first.span.column}): {first.message}'
            )
        return action
    for name in ('Dockerfile', 'dockerfile'):
        if is_file(files, f'{directory}/{name}'):
            return Action(uses, uses, Docker(name))
    if parse(uses) is not None:
        raise StepFailed(
            f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' for action '{uses}'."
        )
    raise StepFailed(
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{directory}'. Did you "
        'forget to run actions/checkout before running your local action?'
    )


def _inside(home: str, path: str) -> str:
    return os.path.normpath(os.path.join(home, path))


def _is_filled(directory: str) -> bool:
    return os.path.isdir(directory) and bool(os.listdir(directory))


async def load(turn: Turn, uses: str) -> Loaded:
    """The action of this step. Raises StepFailed, UserError and OSError."""
    job = turn.job
    if uses.startswith('./') or uses == '.':
        home = job.directories.workspace
        directory = _inside(home, uses)
        return Loaded(_read(job.workplace.files, directory, uses), None, directory, home)
    if uses.startswith('$/'):
        return await _own(job, uses, turn.frame.home)
    await find_all(job, uses, turn.frame.home, turn.frame.depth)
    if uses not in job.actions:
        raise StepFailed(f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{uses}'")
    return job.actions[uses]


async def _own(job: Job, uses: str, home: str) -> Loaded:
    """An action beside the file that uses it: in that repository, as it was at that commit."""
    home = home or await _own_repository(job)
    directory = _inside(home, uses[2:])
    return Loaded(_read(job.workplace.files, directory, uses), None, directory, home)


async def _own_repository(job: Job) -> str:
    """The repository of the workflow: another one where a file of that is called, else the run's
    own at its commit, beside the workspace."""
    written = job.request.plan.workflow.path
    if '@' in written:
        path, _, ref = written.rpartition('@')
        found = await job.world.actions.find('/'.join(path.split('/')[:2]), ref, job.say)
        return str(found.directory)
    directory = f'{job.directories.root}/_self'
    if not _is_filled(directory):
        os.makedirs(directory, exist_ok=True)
        await job.world.sources.checkout(Path(directory), '', 1, job.say)
    return directory


def has_pre(job: Job, loaded: Loaded, depth: int = 0) -> bool:
    """Whether it, or one that it uses, has a first stage.

    Level by level, and each action once: those that use one another many times would else be
    gone through along every way that leads to them, of which there are billions.
    """
    seen, level = {id(loaded)}, [loaded]
    while level and depth <= DEEPEST:
        if any(_begins_early(each) for each in level):
            return True
        used_by_them = [inner for each in level for inner in _inside_of(job, each)]
        level = list({id(inner): inner for inner in used_by_them if id(inner) not in seen}.values())
        seen.update(map(id, level))
        depth += 1
    return False


def _begins_early(loaded: Loaded) -> bool:
    runs = loaded.action and loaded.action.runs
    match runs:
        case JavaScript():
            return bool(runs.pre)
        case Docker():
            return bool(runs.pre_entrypoint)
    return False


def _inside_of(job: Job, loaded: Loaded) -> Iterator[Loaded]:
    runs = loaded.action and loaded.action.runs
    for uses in used(runs) if isinstance(runs, Composite) else ():
        found = job.actions.get(key_of(uses, loaded.home))
        if found is not None:
            yield found


def used(runs: Composite) -> Iterator[str]:
    for step in runs.steps:
        if isinstance(step.does, Uses):
            yield str(step.does.reference.value)
