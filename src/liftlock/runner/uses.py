"""Steps with `uses:`: the stages of an action, before, among and after the steps.

Actions of other repositories are found before the first step, because some want to run before
all steps (`pre`), and because a job that can't be finished had better not begin. Those in the
workspace (`./path`) are only there when their step comes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from liftlock.errors import UserError
from liftlock.language.action import Action, Composite, Docker, JavaScript
from liftlock.language.expressions.values import Scope
from liftlock.language.image import SCHEME
from liftlock.language.resolve import TemplateError
from liftlock.language.workflow import Parallel, Step, Uses
from liftlock.runner import evaluation, names, origin, scripts, steps
from liftlock.runner.actions import loading
from liftlock.runner.actions.loading import Loaded
from liftlock.runner.executors.base import Leash
from liftlock.runner.state import FAILURE, SUCCESS, Frame, Job, Post, Record
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

_DEFAULT_CONTEXTS: Final = ('github', 'strategy', 'matrix', 'job', 'runner')


async def prepare(frame: Frame, todo: Sequence[Step]) -> bool:
    """Find the actions of these steps and run their `pre`; False if one can't be found."""
    job = frame.job
    wanted = [step for step in _flat(todo) if isinstance(step.does, Uses)]
    try:
        for step in wanted:
            assert isinstance(step.does, Uses)
            await loading.find_all(job, str(step.does.reference.value), frame.home, 0)
        if wanted:
            await origin.lay(job)
            await job.workplace.give_files()
        await _prepare_images(job)
    except (UserError, StepFailed, OSError) as error:
        hint = error.hint if isinstance(error, UserError) else ''
        job.message = job.hide(f'{error}; {hint}' if hint else str(error))
        job.annotate('error', job.message)
        job.set_status(FAILURE)
        return False
    for step in wanted:
        if not job.forced:
            await _run_pre(frame, step)
    return True


async def _prepare_images(job: Job) -> None:
    """Pull and build what actions need that are containers. Raises as `find_all` does."""
    for uses, loaded in job.actions.items():
        runs = loaded.action and loaded.action.runs
        if not isinstance(runs, Docker):
            continue
        from liftlock.runner.actions import docker

        verb = 'Build' if docker.is_dockerfile(runs.image) else 'Pull'
        shown = f'{loaded.repository}@{loaded.ref}' if loaded.repository else uses
        record = Record(job, '', f'{verb} {shown.removeprefix(SCHEME)}', 'pre')
        outcome = FAILURE
        try:
            await docker.prepare(job, loaded.directory, runs, shown, record.say)
            outcome = SUCCESS
        except (StepFailed, UserError) as error:
            record.fail(str(error))
            raise
        finally:
            record.finish(outcome, outcome)


def _flat(todo: Iterable[Step]) -> Iterator[Step]:
    for step in todo:
        if isinstance(step.does, Parallel):
            yield from _flat(step.does.steps)
        else:
            yield step


async def run(turn: Turn, does: Uses) -> str:
    """The main stage of an action; its outcome."""
    uses = str(does.reference.value)
    loaded = await loading.load(turn, uses)
    if uses.startswith('./') and loading.has_pre(turn.job, loaded):
        message = f"`pre` execution is not supported for local action from '{uses}'"
        turn.record.annotate('warning', message)
    post = _register_post(turn.frame, turn.step, turn.record.name, loaded)
    turn.name_action(loaded.repository, loaded.ref)
    inputs = read_inputs(turn, does, loaded)
    _announce(turn, uses, inputs)
    if loaded.builtin is not None:
        from liftlock.runner import standin

        return await standin.run(turn, loaded, inputs, loaded.builtin.main)
    assert loaded.action is not None
    match loaded.action.runs:
        case JavaScript() as runs:
            from liftlock.runner.actions import javascript

            return await javascript.run(turn, loaded.directory, runs, runs.main, inputs)
        case Composite() as runs:
            from liftlock.runner.actions import composite

            try:
                return await composite.run(turn, loaded, runs, inputs, post)
            finally:
                if post is not None and not post.posts:  # nothing inside has a last stage
                    turn.frame.posts.remove(post)
        case Docker() as runs:
            from liftlock.runner.actions import docker

            return await docker.run(turn, loaded.directory, runs, uses, inputs)


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
    more = [name for name in given if name.lower() not in known]
    unexpected = [name for name in more if not _takes(loaded, name)]
    if unexpected and turn.stage == 'main':
        listed = ', '.join(f"'{name}'" for name in unexpected)
        valid = ', '.join(f"'{name}'" for name in inputs)
        turn.record.annotate('warning', f'Unexpected input(s) {listed}, valid inputs are [{valid}]')
    return {**inputs, **{name: given[name] for name in more}}


def _takes(loaded: Loaded, name: str) -> bool:
    """Whether an action takes an input that it doesn't declare: as a container does."""
    runs = loaded.action and loaded.action.runs
    if not isinstance(runs, Docker):
        return False
    return not loaded.directory or name.lower() in ('entrypoint', 'args')


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
    """Have the action's last stage run after the last step, with the contexts of that time.

    Its first stage may have registered it before; then it keeps that place.
    """
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
        condition = runs.post_if if isinstance(runs, JavaScript | Docker) else None
        return condition is None or again.holds(condition)

    async def run_post(record: Record, leash: Leash) -> str:
        again = _again(turn, loaded)
        again.record, again.leash = record, leash
        return await _run_post(again, loaded, post)

    post = Post(frame, step.id, name, wanted, run_post)
    if loaded.action is not None and isinstance(loaded.action.runs, Composite):
        post.posts = []
    for place, before in enumerate(frame.posts):
        if before.id == step.id:
            post.posts = before.posts
            frame.posts[place] = post
            return post
    frame.posts.append(post)
    return post


def _has_post(action: Action) -> bool:
    match action.runs:
        case JavaScript() as runs:
            return bool(runs.post)
        case Composite() as runs:
            return any(isinstance(step.does, Uses) for step in runs.steps)
        case Docker() as runs:
            return bool(runs.post_entrypoint)


def _again(turn: Turn, loaded: Loaded) -> Turn:
    """Another turn of the same step, with the contexts as they are now."""
    again = Turn(turn.frame, turn.step, 'post')
    again.name_action(loaded.repository, loaded.ref)
    again.evaluate_env()
    return again


async def _run_post(turn: Turn, loaded: Loaded, post: Post) -> str:
    does = turn.step.does
    assert isinstance(does, Uses)
    turn.record.say('Post job cleanup.')
    if post.posts is not None:
        well = await steps.run_posts(turn.job, post.posts, turn.record, turn.leash)
        return SUCCESS if well else FAILURE
    inputs = read_inputs(turn, does, loaded)
    if loaded.builtin is not None:
        from liftlock.runner import standin

        outcome = await standin.run(turn, loaded, inputs, loaded.builtin.post)  # type: ignore[attr-defined]
    else:
        assert loaded.action is not None
        outcome = await _run_stage(turn, loaded, inputs)
    turn.job.apply(turn.effects)
    return outcome


async def _run_stage(turn: Turn, loaded: Loaded, inputs: Mapping[str, str]) -> str:
    """The first or the last stage of an action that is not made of steps."""
    assert loaded.action is not None
    match loaded.action.runs:
        case JavaScript() as runs:
            from liftlock.runner.actions import javascript

            script = runs.pre if turn.stage == 'pre' else runs.post
            return await javascript.run(turn, loaded.directory, runs, script, inputs)
        case Docker() as runs:
            from liftlock.runner.actions import docker

            assert isinstance(turn.step.does, Uses)
            uses = str(turn.step.does.reference.value)
            entrypoint = runs.pre_entrypoint if turn.stage == 'pre' else runs.post_entrypoint
            return await docker.run(turn, loaded.directory, runs, uses, inputs, entrypoint)
        case Composite():
            raise AssertionError('its steps have stages of their own')


# --- before the first step


async def _run_pre(frame: Frame, step: Step, inside: Record | None = None) -> bool:
    """The first stage of an action that has one, whatever the condition of its step says."""
    assert isinstance(step.does, Uses)
    loaded = frame.job.actions.get(loading.key_of(str(step.does.reference.value), frame.home))
    if loaded is None or not loading.has_pre(frame.job, loaded, frame.depth):
        return True
    turn = Turn(frame, step, 'pre')
    leash = turn.leash = Leash(frame.leash)
    name = steps.name(turn)

    def wanted() -> bool:
        turn.evaluate_env()
        runs = loaded.action and loaded.action.runs
        condition = runs.pre_if if isinstance(runs, JavaScript | Docker) else None
        return condition is None or turn.holds(condition)

    async def run_pre(record: Record, leash: Leash) -> str:
        turn.record = record
        post = _register_post(frame, step, name, loaded)
        return await _pre(turn, loaded, post)

    pre = Post(frame, steps.visible_id(step), name, wanted, run_pre)
    return await steps.run_stage(pre, 'pre', inside, leash)


async def _pre(turn: Turn, loaded: Loaded, post: Post | None) -> str:
    """The first stage of an action, or of all actions that a composite action uses."""
    assert isinstance(turn.step.does, Uses)
    assert loaded.action is not None
    turn.name_action(loaded.repository, loaded.ref)
    inputs = read_inputs(turn, turn.step.does, loaded)
    _announce(turn, str(turn.step.does.reference.value), inputs)
    runs = loaded.action.runs
    if not isinstance(runs, Composite):
        outcome = await _run_stage(turn, loaded, inputs)
        turn.job.apply(turn.effects)
        return outcome
    from liftlock.runner.actions import composite

    inside = composite.open_frame(turn, loaded, inputs)
    if post is not None and post.posts is not None:
        inside.posts = post.posts
    well = True
    for inner in runs.steps:
        if isinstance(inner.does, Uses):
            well = await _run_pre(inside, inner, turn.record) and well
    return SUCCESS if well else FAILURE


async def take_up_again(frame: Frame, step: Step) -> None:
    """Have the last stage of an action run whose main stage an earlier attempt ran."""
    if not isinstance(step.does, Uses):
        return
    turn = Turn(frame, step)
    try:
        loaded = await loading.load(turn, str(step.does.reference.value))
    except (StepFailed, UserError, OSError, TemplateError):
        return  # what isn't there any more has nothing to end
    if loaded.action is None or not isinstance(loaded.action.runs, Composite):
        _register_post(frame, step, names.of_action(str(step.does.reference.value)), loaded)
