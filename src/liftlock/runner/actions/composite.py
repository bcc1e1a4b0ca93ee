"""Actions that are made of steps.

Their steps have `steps` and `inputs` of their own, see neither secrets nor needs, and judge
success() and failure() by the action's own status. What they set for later steps reaches the
job; their outputs reach it by name only. Rules: GitHub's runner (CompositeActionHandler).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from liftlock.language.action import Composite
from liftlock.language.expressions.values import Function, Value
from liftlock.runner import evaluation, steps
from liftlock.runner.state import CANCELLED, FAILURE, SUCCESS, Frame, Post
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

if TYPE_CHECKING:
    from liftlock.runner.actions.loading import Loaded

DEEPEST: Final = 10
_CONTEXTS: Final = ('strategy', 'matrix', 'job', 'runner')


async def run(
    turn: Turn,
    loaded: 'Loaded',
    runs: Composite,
    inputs: Mapping[str, str],
    post: Post | None,
) -> str:
    """All steps, one after the other; the outcome of the whole."""
    if turn.frame.depth >= DEEPEST:
        raise StepFailed(f'Composite actions may use one another {DEEPEST} levels deep, not more')
    frame = open_frame(turn, loaded, inputs)
    if post is not None and post.posts is not None:
        frame.posts = post.posts
    await steps.run_all(frame, runs.steps)
    assert loaded.action is not None
    scope = frame.scope(frame.variables(), {**turn.github, **frame.action})
    for output in loaded.action.outputs:
        turn.effects.outputs[output.name] = evaluation.text(output.value, scope)
    return frame.status


def open_frame(turn: Turn, loaded: 'Loaded', inputs: Mapping[str, str]) -> Frame:
    assert loaded.action is not None
    job = turn.job
    contexts: dict[str, Value] = {key: turn.frame.contexts.get(key) for key in _CONTEXTS}
    contexts['inputs'] = dict(inputs)
    frame = Frame(
        job,
        contexts,
        {},
        f'{turn.instance}/',
        turn.frame.depth + 1,
        {**turn.frame.env, **turn.own},
    )
    frame.functions = _functions(frame)
    frame.record = turn.record
    frame.leash = turn.leash
    frame.home = loaded.home
    frame.file = loaded.action.path
    frame.action = {
        'action': turn.github['action'],
        'action_path': job.workplace.inside(loaded.directory),
        'action_repository': loaded.repository,
        'action_ref': loaded.ref,
        'action_status': SUCCESS,
    }
    return frame


def _functions(frame: Frame) -> dict[str, Function]:
    job = frame.job
    return {
        **job.functions,
        'success': lambda _: frame.status == SUCCESS,
        'failure': lambda _: frame.status == FAILURE,
        'cancelled': lambda _: job.status == CANCELLED,
    }
