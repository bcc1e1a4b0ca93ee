"""Steps with `uses:`: which action it is, where it comes from, and its stages.

Actions of other repositories are found before the first step, because some want to run before
all steps (`pre`), and because a job that can't be finished had better not begin. Those in the
workspace (`./path`) are only there when their step comes.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH102, PTH112, PTH113, PTH118, PTH123

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError
from liftlock.language.action import Action, Composite, Docker, JavaScript
from liftlock.language.expressions.values import Scope
from liftlock.language.parse import parse_action
from liftlock.language.records import NamedTuple
from liftlock.language.resolve import TemplateError
from liftlock.language.workflow import Parallel, Step, Uses
from liftlock.plan.facts import ActionResolved
from liftlock.runner import evaluation, names, scripts, steps
from liftlock.runner.actions.reference import Reference, parse
from liftlock.runner.executors.base import Leash
from liftlock.runner.state import FAILURE, SKIPPED, SUCCESS, Frame, Job, Post, Record
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

if TYPE_CHECKING:
    from liftlock.runner.workbench import Builtin

DEEPEST: Final = 10
_DEFAULT_CONTEXTS: Final = ('github', 'strategy', 'matrix', 'job', 'runner')
_NO_DOCKER: Final = 'needs the docker executor; this version runs actions straight on the host only'


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


async def prepare(frame: Frame, todo: Sequence[Step]) -> bool:
    """Find the actions of these steps and run their `pre`; False if one can't be found."""
    job = frame.job
    wanted = [step for step in _flat(todo) if isinstance(step.does, Uses)]
    try:
        for step in wanted:
            assert isinstance(step.does, Uses)
            await _find_all(job, str(step.does.reference.value), 0)
    except (UserError, StepFailed, OSError) as error:
        hint = error.hint if isinstance(error, UserError) else ''
        job.message = job.hide(f'{error}; {hint}' if hint else str(error))
        job.say(f'##[error]{job.message}')
        job.set_status(FAILURE)
        return False
    for step in wanted:
        await _run_pre(frame, step)
    return True


def _flat(todo: Iterable[Step]) -> Iterator[Step]:
    for step in todo:
        if isinstance(step.does, Parallel):
            yield from _flat(step.does.steps)
        else:
            yield step


async def _find_all(job: Job, uses: str, depth: int) -> None:
    """Bring an action of another repository here, and those that it uses."""
    reference = parse(uses)
    if reference is None or uses in job.actions:
        return
    loaded = job.actions[uses] = await _find(job, uses, reference)
    if loaded.action is None or not isinstance(loaded.action.runs, Composite) or depth > DEEPEST:
        return
    for step in loaded.action.runs.steps:
        if isinstance(step.does, Uses):
            await _find_all(job, str(step.does.reference.value), depth + 1)


async def _find(job: Job, uses: str, reference: Reference) -> Loaded:
    path = f'/{reference.path}' if reference.path else ''
    repository = f'{reference.owner}/{reference.repo}'
    if not job.world.real_actions:
        from liftlock.runner.actions.builtin import find_builtin

        builtin = find_builtin(f'{repository}{path}')
        if builtin is not None:
            job.report(ActionResolved(job.key, uses, '', 'stand-in'))
            return Loaded(None, builtin, '', '', repository, reference.ref)
    found = await job.world.actions.find(repository, reference.ref, job.say)
    job.report(ActionResolved(job.key, uses, found.commit, found.source))
    home = str(found.directory)
    directory = f'{home}{path}'
    return Loaded(_read(directory, uses), None, directory, home, repository, reference.ref)


def _read(directory: str, uses: str) -> Action:
    for name in ('action.yml', 'action.yaml'):
        try:
            with open(f'{directory}/{name}', encoding='utf-8-sig', errors='replace') as file:
                text = file.read()
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
    if os.path.isfile(f'{directory}/Dockerfile'):
        return Action(uses, uses, Docker('Dockerfile'))
    raise StepFailed(
        f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{directory}'. Did you "
        'forget to run actions/checkout before running your local action?'
    )


def _inside(home: str, path: str) -> str:
    return os.path.normpath(os.path.join(home, path))


def _is_directory(path: str) -> bool:
    return os.path.isdir(path)


async def load(turn: Turn, uses: str) -> Loaded:
    """The action of this step. Raises StepFailed, UserError and OSError."""
    job = turn.job
    if uses.startswith('docker://'):
        raise StepFailed(f'{uses} {_NO_DOCKER}')
    if uses.startswith('./') or uses == '.':
        home = job.directories.workspace
        directory = _inside(home, uses)
        return Loaded(_read(directory, uses), None, directory, home)
    if uses.startswith('$/'):
        home = turn.frame.home or await _own_repository(job)
        directory = _inside(home, uses[2:])
        return Loaded(_read(directory, uses), None, directory, home)
    await _find_all(job, uses, turn.frame.depth)
    if uses not in job.actions:
        raise StepFailed(f"Expected format {{org}}/{{repo}}[/path]@ref. Actual '{uses}'")
    return job.actions[uses]


async def _own_repository(job: Job) -> str:
    """The repository of the workflow, at the run's commit, beside the workspace."""
    directory = f'{job.directories.root}/_self'
    if not _is_directory(directory):
        os.mkdir(directory)
        await job.world.sources.checkout(Path(directory), '', 1, job.say)
    return directory


async def run(turn: Turn, does: Uses) -> str:
    """The main stage of an action; its outcome."""
    uses = str(does.reference.value)
    loaded = await load(turn, uses)
    turn.name_action(loaded.repository, loaded.ref, loaded.directory)
    inputs = read_inputs(turn, does, loaded)
    _announce(turn, uses, inputs)
    post = _register_post(turn.frame, turn.step, turn.record.name, loaded)
    if loaded.builtin is not None:
        from liftlock.runner import standin

        return await standin.run(turn, loaded, inputs, loaded.builtin.main)
    assert loaded.action is not None
    match loaded.action.runs:
        case JavaScript() as runs:
            from liftlock.runner.actions import javascript

            return await javascript.run(turn, loaded.directory, runs.main, inputs)
        case Composite() as runs:
            from liftlock.runner.actions import composite

            try:
                return await composite.run(turn, loaded, runs, inputs, post)
            finally:
                if post is not None and not post.posts:  # nothing inside has a last stage
                    turn.frame.posts.remove(post)
        case Docker():
            raise StepFailed(f'{uses} {_NO_DOCKER}')


def _announce(turn: Turn, uses: str, inputs: Mapping[str, str]) -> None:
    lines = [f'##[group]Run {uses}']
    shown = [f'  {name}: {text}' for name, text in inputs.items() if text]
    scripts.announce(turn, [*lines, 'with:', *shown] if shown else lines)


def read_inputs(turn: Turn, does: Uses, loaded: Loaded) -> dict[str, str]:
    """What the action is given, by its own names; defaults for the rest. Raises TemplateError.

    Its main stage says what is wrong with them.
    """
    given = evaluation.texts(does.inputs, turn.scope)
    folded = {name.lower(): text for name, text in given.items()}
    inputs = dict(_defaults(turn, loaded, folded))
    known = {name.lower() for name in inputs}
    unexpected = [name for name in given if name.lower() not in known]
    if unexpected and turn.stage == 'main':
        listed = ', '.join(f"'{name}'" for name in unexpected)
        valid = ', '.join(f"'{name}'" for name in inputs)
        turn.record.annotate('warning', f'Unexpected input(s) {listed}, valid inputs are [{valid}]')
    return {**inputs, **{name: given[name] for name in unexpected}}


def _defaults(turn: Turn, loaded: Loaded, given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if loaded.builtin is not None:
        for name, default in loaded.builtin.INPUTS.items():
            yield name, given.get(name.lower(), default)
        return
    assert loaded.action is not None
    contexts = {key: turn.scope.contexts.get(key) for key in _DEFAULT_CONTEXTS}
    scope = Scope(contexts, turn.scope.functions)
    for entry in loaded.action.inputs:
        if entry.name.lower() in given:
            if entry.deprecation and turn.stage == 'main':
                turn.record.annotate(
                    'warning',
                    f"Input '{entry.name}' has been deprecated with message: {entry.deprecation}",
                )
            yield entry.name, given[entry.name.lower()]
        else:
            yield entry.name, evaluation.text(entry.default, scope)


def _register_post(frame: Frame, step: Step, name: str, loaded: Loaded) -> Post | None:
    """Have the action's last stage run after the last step, with the contexts of that time."""
    if loaded.builtin is not None:
        if getattr(loaded.builtin, 'post', None) is None:
            return None
    elif loaded.action is None or not _has_post(loaded.action):
        return None
    turn = Turn(frame, step)

    def wanted() -> bool:
        again = _again(turn, loaded)
        if loaded.builtin is not None:
            wants_success = getattr(loaded.builtin, 'POST_IF', 'always()') == 'success()'
            return not wants_success or again.holds(None)
        assert loaded.action is not None
        runs = loaded.action.runs
        condition = runs.post_if if isinstance(runs, JavaScript) else None
        return condition is None or again.holds(condition)

    async def run_post(record: Record, leash: Leash) -> str:
        again = _again(turn, loaded)
        again.record, again.leash = record, leash
        return await _run_post(again, loaded, post)

    post = Post(frame, step.id, name, wanted, run_post)
    if loaded.action is not None and isinstance(loaded.action.runs, Composite):
        post.posts = []
    frame.posts.append(post)
    return post


def _has_post(action: Action) -> bool:
    match action.runs:
        case JavaScript() as runs:
            return bool(runs.post)
        case Composite() as runs:
            return any(isinstance(step.does, Uses) for step in runs.steps)
        case Docker():
            return False


def _again(turn: Turn, loaded: Loaded) -> Turn:
    """Another turn of the same step, with the contexts as they are now."""
    again = Turn(turn.frame, turn.step, 'post')
    again.name_action(loaded.repository, loaded.ref, loaded.directory)
    again.evaluate_env()
    return again


async def _run_post(turn: Turn, loaded: Loaded, post: Post) -> str:
    does = turn.step.does
    assert isinstance(does, Uses)
    if post.posts is not None:
        well = await steps.run_posts(turn.job, post.posts, turn.record, turn.leash)
        return SUCCESS if well else FAILURE
    inputs = read_inputs(turn, does, loaded)
    if loaded.builtin is not None:
        from liftlock.runner import standin

        outcome = await standin.run(turn, loaded, inputs, loaded.builtin.post)  # type: ignore[attr-defined]
    else:
        assert loaded.action is not None
        assert isinstance(loaded.action.runs, JavaScript)
        from liftlock.runner.actions import javascript

        outcome = await javascript.run(turn, loaded.directory, loaded.action.runs.post, inputs)
    turn.job.apply(turn.effects)
    return outcome


# --- before the first step


async def _run_pre(frame: Frame, step: Step) -> None:
    assert isinstance(step.does, Uses)
    uses = str(step.does.reference.value)
    loaded = frame.job.actions.get(uses)
    if loaded is None or not _has_pre(frame.job, loaded):
        return
    name = names.of_stage('pre', names.of_action(uses))
    record = Record(frame.job, steps.visible_id(step), name, 'pre')
    leash = Leash()
    outcome = await steps.supervise(
        frame, record, leash, lambda: True, lambda: _pre(frame, step, loaded, record, leash)
    )
    record.finish(outcome, outcome)
    if outcome == FAILURE:
        frame.job.set_status(FAILURE)


def _has_pre(job: Job, loaded: Loaded, depth: int = 0) -> bool:
    match loaded.action and loaded.action.runs:
        case JavaScript() as runs:
            return bool(runs.pre)
        case Composite() as runs:
            inner = (job.actions.get(uses) for uses in _used(runs))
            return depth < DEEPEST and any(
                found is not None and _has_pre(job, found, depth + 1) for found in inner
            )
    return False


def _used(runs: Composite) -> Iterator[str]:
    for step in runs.steps:
        if isinstance(step.does, Uses):
            yield str(step.does.reference.value)


async def _pre(frame: Frame, step: Step, loaded: Loaded, record: Record, leash: Leash) -> str:
    """The first stage of an action, or of all actions that a composite action uses."""
    assert isinstance(step.does, Uses)
    assert loaded.action is not None
    turn = Turn(frame, step, 'pre')
    turn.record, turn.leash = record, leash
    turn.name_action(loaded.repository, loaded.ref, loaded.directory)
    turn.evaluate_env()
    inputs = read_inputs(turn, step.does, loaded)
    runs = loaded.action.runs
    if isinstance(runs, JavaScript):
        from liftlock.runner.actions import javascript

        if runs.pre_if is not None and not turn.holds(runs.pre_if):
            return SKIPPED
        outcome = await javascript.run(turn, loaded.directory, runs.pre, inputs)
        turn.job.apply(turn.effects)
        return outcome
    assert isinstance(runs, Composite)
    from liftlock.runner.actions import composite

    inside = composite.open_frame(turn, loaded, inputs)
    for inner in runs.steps:
        if isinstance(inner.does, Uses):
            found = frame.job.actions.get(str(inner.does.reference.value))
            if found is None or not _has_pre(frame.job, found, frame.depth + 1):
                continue
            if await _pre(inside, inner, found, record, leash) == FAILURE:
                return FAILURE
    return SUCCESS


async def take_up_again(frame: Frame, step: Step) -> None:
    """Have the last stage of an action run whose main stage an earlier attempt ran."""
    if not isinstance(step.does, Uses):
        return
    turn = Turn(frame, step)
    try:
        loaded = await load(turn, str(step.does.reference.value))
    except (StepFailed, UserError, OSError, TemplateError):
        return  # what isn't there any more has nothing to end
    if loaded.action is None or not isinstance(loaded.action.runs, Composite):
        _register_post(frame, step, names.of_action(str(step.does.reference.value)), loaded)
