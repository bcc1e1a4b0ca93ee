"""Facts of an environment as lines for people."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.cli.colour import Paint
from liftlock.cli.figures import duration
from liftlock.cli.loglines import harmless
from liftlock.rollout import facts as f
from liftlock.rollout.sight import Routes

MARKS: Final = {'success': '✓', 'rolled_back': '↩', 'failure': '✗', 'rejected': '✗'}


def line(fact: f.Fact, paint: Paint) -> str:
    """What it says; '' for what only the machine needs."""
    tell = _TOLD.get(type(fact))
    return tell(_harmless(fact), paint) if tell else ''


def _harmless(value: Any) -> Any:
    """The same, all the way down, with texts that cannot move a terminal's cursor."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, tuple):
        inner = map(_harmless, value)
        return type(value)(*inner) if hasattr(value, '_fields') else tuple(inner)
    return value


def _requested(fact: f.DeploymentRequested, paint: Paint) -> str:
    what = {
        f.ROLLBACK: 'rollback to',
        f.PROMOTION: f'promotion from {fact.origin} of',
        f.SYNC: 'sync to',
    }
    why = f': {fact.reason}' if fact.reason else ''
    kind = what.get(fact.kind, '')
    name = paint.bold(fact.version.name)
    return f'asked for by {fact.by}: {kind} {name}{why}'.replace(':  ', ': ')


def _approved(fact: f.Approved, paint: Paint) -> str:
    return f'approved by {fact.by}' + (f': {fact.comment}' if fact.comment else '')


def _rejected(fact: f.Rejected, paint: Paint) -> str:
    return paint.red(f'rejected by {fact.by}' + (f': {fact.comment}' if fact.comment else ''))


def _bypassed(fact: f.ProtectionBypassed, paint: Paint) -> str:
    return paint.yellow(f'protection bypassed by {fact.by}: {fact.reason}')


def _held(fact: f.DeploymentHeld, paint: Paint) -> str:
    waits = '' if fact.reason.startswith('waits') else 'waits: '
    return paint.yellow(f'{waits}{fact.reason}')


def _allowed(fact: f.DeploymentAllowed, paint: Paint) -> str:
    return f'may start: {fact.message}' if fact.message else ''


def _step_finished(fact: f.StepFinished, paint: Paint) -> str:
    return f'{fact.name:24} {paint.dim(fact.message)}'.rstrip()


def _shifted(fact: f.Shifted, paint: Paint) -> str:
    return f'{"traffic":24} {weights(fact.routes)} {paint.dim(duration(fact.took))}'


def weights(routes: Routes) -> str:
    """`r12 90 %, r13 10 %`, and what else gets requests."""
    parts = [f'{name} {percent} %' for name, percent in routes.weights]
    parts += [f'preview {routes.preview}'] if routes.preview else []
    parts += [f'{one.revision} by header {one.name}' for one in routes.headers]
    parts += [f'{one.percent} % mirrored to {one.revision}' for one in routes.mirrors]
    return ', '.join(parts) or 'none'


def _paused(fact: f.Paused, paint: Paint) -> str:
    return paint.yellow(f'paused: {fact.reason}')


def _promoted(fact: f.Promoted, paint: Paint) -> str:
    return f'{"fully promoted" if fact.full else "promoted"} by {fact.by}'


def _abort(fact: f.AbortRequested, paint: Paint) -> str:
    return paint.yellow(f'aborted by {fact.by}' + (f': {fact.reason}' if fact.reason else ''))


def _rollback(fact: f.RollbackStarted, paint: Paint) -> str:
    return paint.red(f'goes back ({fact.cause}): {fact.reason}')


def _measured(fact: f.Measured, paint: Paint) -> str:
    if fact.weight == 'open':
        return ''
    sign = {'successful': paint.green('✓'), 'failed': paint.red('✗')}.get(fact.phase, '?')
    return f'{sign} {fact.analysis}: {fact.message}'


def _analysed(fact: f.AnalysisFinished, paint: Paint) -> str:
    if fact.phase in ('stopped', 'successful'):
        return ''
    return paint.red(f'analysis {fact.analysis} {fact.phase}: {fact.message}')


def _operation(fact: f.OperationFinished, paint: Paint) -> str:
    if fact.ok:
        return ''
    return paint.red(f'{fact.operation}: {fact.message}') + (
        f'\n{fact.output}' if fact.output else ''
    )


def _noticed(fact: f.Noticed, paint: Paint) -> str:
    colour = {'error': paint.red, 'warning': paint.yellow}.get(fact.level, paint.dim)
    return colour(fact.message)


def _finished(fact: f.DeploymentFinished, paint: Paint) -> str:
    good = fact.conclusion == 'success'
    told = fact.conclusion.replace('_', ' ')
    down = f', {duration(fact.downtime)} without an instance' if fact.downtime else ''
    why = f': {fact.message}' if fact.message else ''
    back = f', users had the old version again after {duration(fact.returned)}'
    down += back if fact.returned else ''
    mark = MARKS.get(fact.conclusion, '⊘')
    return (paint.green if good else paint.red)(f'{mark} {told}{down}{why}')


def _kept(fact: f.RevisionKept, paint: Paint) -> str:
    return paint.dim(f'{fact.revision} is kept, ready to take over')


def _retired(fact: f.RevisionRetired, paint: Paint) -> str:
    return paint.dim(f'{fact.revision} is gone')


def _health(fact: f.HealthChanged, paint: Paint) -> str:
    return paint.green('healthy') if fact.healthy else paint.red(f'unhealthy: {fact.message}')


def _automation(fact: f.AutomationHeld, paint: Paint) -> str:
    return paint.dim(f'nothing is deployed by itself any more ({fact.by}: {fact.reason})')


def _withdrawing(fact: f.WithdrawRequested, paint: Paint) -> str:
    why = f': {fact.reason}' if fact.reason else ''
    return paint.yellow(f'is to be taken down, says {fact.by}{why}')


def _withdrawn(fact: f.Withdrawn, paint: Paint) -> str:
    return paint.dim('everything is down')


def _drift(fact: f.DriftSeen, paint: Paint) -> str:
    return paint.yellow(f'out of sync: {fact.message}') if fact.message else 'in sync'


def _alert(fact: f.AlertRaised, paint: Paint) -> str:
    return paint.red(f'alert: {fact.alert}: {fact.message}')


def _cleared(fact: f.AlertCleared, paint: Paint) -> str:
    return paint.green(f'alert cleared: {fact.alert}, after {duration(fact.lasted)}')


def _told(fact: f.AlertTold, paint: Paint) -> str:
    if fact.failed:
        return paint.yellow(f'{fact.channel} could not be told: {fact.failed}')
    return paint.dim(f'{fact.channel} was told')


_TOLD: Final[Mapping[type[Any], Callable[[Any, Paint], str]]] = {
    f.DeploymentRequested: _requested,
    f.Approved: _approved,
    f.Rejected: _rejected,
    f.ProtectionBypassed: _bypassed,
    f.DeploymentHeld: _held,
    f.DeploymentAllowed: _allowed,
    f.StepFinished: _step_finished,
    f.Shifted: _shifted,
    f.Paused: _paused,
    f.Promoted: _promoted,
    f.AbortRequested: _abort,
    f.RollbackStarted: _rollback,
    f.Measured: _measured,
    f.AnalysisFinished: _analysed,
    f.OperationFinished: _operation,
    f.Noticed: _noticed,
    f.DeploymentFinished: _finished,
    f.RevisionKept: _kept,
    f.RevisionRetired: _retired,
    f.HealthChanged: _health,
    f.AutomationHeld: _automation,
    f.WithdrawRequested: _withdrawing,
    f.Withdrawn: _withdrawn,
    f.DriftSeen: _drift,
    f.AlertRaised: _alert,
    f.AlertCleared: _cleared,
    f.AlertTold: _told,
}
