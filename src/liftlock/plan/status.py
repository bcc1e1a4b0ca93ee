"""Whether a job may run: its `if`, and the functions that ask how others ended.

success() holds if every job on the way here succeeded; one that was skipped did not. failure()
holds if any failed. Both look through the whole chain of needs; with names as arguments they look
at these jobs only. cancelled() holds once somebody asked the run to stop, and then success() does
not. The same is asked again of running jobs when a run is cancelled: one whose condition still
holds (`always()`) goes on.
Source: GitHub's "Workflow cancellation reference", and its documentation of status functions.
"""

from collections.abc import Sequence
from typing import Final

from liftlock.language.expressions.values import Function, Scope, Value, to_text, truthy
from liftlock.plan.tree import Slot

_ENDED: Final = {
    'failure': 'failed',
    'cancelled': 'was cancelled',
    'skipped': 'was skipped',
    'success': 'succeeded',
}


def holds(slot: Slot, *, cancelled: bool) -> bool:
    """Whether the job's `if` is true now. Raises ExpressionError."""
    condition = slot.job.condition
    if condition is None:
        return _success(slot, (), cancelled)
    scope = Scope(slot.contexts, functions(slot, cancelled=cancelled))
    return truthy(condition.expression.evaluate(scope))


def functions(slot: Slot, *, cancelled: bool) -> dict[str, Function]:
    return {
        'always': lambda _: True,
        'cancelled': lambda _: cancelled,
        'success': lambda given: _success(slot, given, cancelled),
        'failure': lambda given: _failure(slot, given),
    }


def _success(slot: Slot, given: Sequence[Value], cancelled: bool) -> bool:
    if cancelled:
        return False
    if given:
        return all(other.result == 'success' for other in _named(slot, given))
    return all(need.good for need in slot.needs)


def _failure(slot: Slot, given: Sequence[Value]) -> bool:
    if given:
        return any(other.result == 'failure' for other in _named(slot, given))
    return any(need.bad for need in slot.needs)


def _named(slot: Slot, given: Sequence[Value]) -> list[Slot]:
    """The jobs named, as far as they stand in the chain of needs."""
    wanted = {to_text(name).lower() for name in given}
    return [other for other in chain(slot) if other.id.lower() in wanted]


def chain(slot: Slot) -> list[Slot]:
    """Everything the job needs, directly or not."""
    found: dict[str, Slot] = {}
    waiting = list(slot.needs)
    while waiting:
        need = waiting.pop()
        if need.key not in found:
            found[need.key] = need
            waiting += need.needs
    return list(found.values())


def why_not(slot: Slot, *, cancelled: bool) -> str:
    """Why a job whose condition is false does not run: a sentence for people."""
    if cancelled:
        return 'the run was cancelled'
    condition = slot.job.condition
    asks_for_success = condition is None or 'success' in condition.expression.calls
    if asks_for_success:
        for need in slot.needs:
            if not need.good:
                return _unsuccessful(need)
    return f'its `if` is false: {written(slot)}'


def written(slot: Slot) -> str:
    """The job's `if` as its author wrote it, on one line, without the `success() &&` that GitHub
    puts before."""
    source = slot.job.condition.expression.source if slot.job.condition else 'success()'
    inner = source.removeprefix('success() && (')
    return ' '.join((inner.removesuffix(')') if inner != source else source).split())


def _unsuccessful(need: Slot) -> str:
    if need.result != 'success':
        return f'it needs {need.id}, which {_ENDED[need.result]}'
    return f'it needs {need.id}, and not all that {need.id} needs succeeded'
