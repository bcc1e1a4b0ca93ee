"""Facts of a deployment as sentences for a page: (time, kind, sentence)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from liftlock.language.figures import duration
from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f
from liftlock.rollout.sight import Routes


class Told(NamedTuple):
    """`kind` is good, bad, warn or ''; `times`: how often it was said in a row. Measurements with
    one `about` are one, as long as nothing else happens."""

    at: float
    kind: str
    text: str
    times: int = 1
    about: str = ''


def told(facts: Iterable[f.Stamped], number: int) -> list[Told]:
    """The story of the deployment with this number, in order."""
    found: list[Told] = []
    for stamped in facts:
        if getattr(stamped.fact, 'number', None) != number:
            continue
        fact, tell = stamped.fact, _TOLD.get(type(stamped.fact))
        kind, text = tell(fact) if tell else ('', '')
        about = f'{fact.analysis} {fact.phase}' if isinstance(fact, f.Measured) else ''
        if found and found[-1].text == text:
            found[-1] = found[-1]._replace(times=found[-1].times + 1)
        elif text:
            found.append(Told(stamped.at, kind, text, 1 + _taken(found, about), about))
    return found


def _taken(found: list[Told], about: str) -> int:
    """How often the same was measured just before; those are told no more, but by the newest."""
    for at in range(len(found) - 1, -1, -1):
        if not about or not found[at].about:
            return 0
        if found[at].about == about:
            return found.pop(at).times
    return 0


def weights(routes: Routes) -> str:
    """`r12 90 %, r13 10 %`, and what else gets requests."""
    parts = [f'{name} {percent} %' for name, percent in routes.weights]
    parts += [f'preview {routes.preview}'] if routes.preview else []
    parts += [f'{one.revision} by header {one.name}' for one in routes.headers]
    parts += [f'{one.percent} % mirrored to {one.revision}' for one in routes.mirrors]
    return ', '.join(parts) or 'nowhere'


def _with(text: str, more: str) -> str:
    return f'{text}: {more}' if more else text


def _waits(reason: str) -> str:
    return f'{reason[:1].upper()}{reason[1:]}' if reason.startswith('waits') else f'Waits: {reason}'


def _measured(fact: f.Measured) -> tuple[str, str]:
    if fact.weight == 'open':
        return '', ''
    kind = {'successful': 'good', 'failed': 'bad'}.get(fact.phase, 'warn')
    return kind, _with(f'{fact.analysis} {fact.phase}', fact.message)


def _analysed(fact: f.AnalysisFinished) -> tuple[str, str]:
    kind = 'good' if fact.phase == 'successful' else 'bad'
    return kind, _with(f'Analysis {fact.analysis} {fact.phase}', fact.message)


def _operation(fact: f.OperationFinished) -> tuple[str, str]:
    return (
        ('', f'{fact.operation} done') if fact.ok else ('bad', _with(fact.operation, fact.message))
    )


def _finished(fact: f.DeploymentFinished) -> tuple[str, str]:
    good = fact.conclusion == 'success'
    down = f', {duration(fact.downtime)} without an instance' if fact.downtime else ''
    text = f'Ended: {fact.conclusion.replace("_", " ")}{down}'
    return 'good' if good else 'bad', _with(text, fact.message)


_TOLD: Final[Mapping[type[Any], Callable[[Any], tuple[str, str]]]] = {
    f.DeploymentRequested: lambda fact: (
        '',
        _with(f'{fact.version.name} asked for by {fact.by}', fact.reason),
    ),
    f.Approved: lambda fact: ('good', _with(f'Approved by {fact.by}', fact.comment)),
    f.Rejected: lambda fact: ('bad', _with(f'Rejected by {fact.by}', fact.comment)),
    f.ProtectionBypassed: lambda fact: (
        'warn',
        _with(f'Protection bypassed by {fact.by}', fact.reason),
    ),
    f.DeploymentHeld: lambda fact: ('warn', _waits(fact.reason)),
    f.DeploymentAllowed: lambda fact: ('', _with('May start', fact.message)),
    f.StepFinished: lambda fact: ('', _with(fact.name, fact.message)),
    f.Shifted: lambda fact: ('', f'Traffic: {weights(fact.routes)}'),
    f.Paused: lambda fact: ('warn', _with('Paused', fact.reason)),
    f.Promoted: lambda fact: ('', f'{"Fully promoted" if fact.full else "Promoted"} by {fact.by}'),
    f.AbortRequested: lambda fact: ('warn', _with(f'Aborted by {fact.by}', fact.reason)),
    f.RollbackStarted: lambda fact: ('bad', _with(f'Goes back ({fact.cause})', fact.reason)),
    f.Measured: _measured,
    f.AnalysisFinished: _analysed,
    f.OperationFinished: _operation,
    f.Noticed: lambda fact: ('warn' if fact.level == 'warning' else '', fact.message),
    f.DeploymentFinished: _finished,
    f.AlertRaised: lambda fact: ('bad', _with(f'Alert: {fact.alert}', fact.message)),
    f.AlertCleared: lambda fact: ('good', _with(f'Alert cleared: {fact.alert}', fact.message)),
    f.AlertTold: lambda fact: (
        'warn' if fact.failed else '',
        _with(f'{"Could not tell" if fact.failed else "Told"} {fact.channel}', fact.failed),
    ),
}
