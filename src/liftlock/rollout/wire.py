"""Facts of environments as JSON, and back.

A fact is one flat object: `{"kind": "ScaleSet", "version": 1, "number": 7, …}`; records inside are
objects too. Readers are as lenient as those of runs' facts: fields they don't know are left out,
fields that are missing take their defaults, and an unknown kind, or a version from the future,
becomes `Unknown`, which is written back as it came.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from liftlock.rollout import facts as f
from liftlock.rollout.sight import HeaderRoute, Instance, Match, Mirror, Routes
from liftlock.rollout.version import Version

KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        f.DeploymentRequested,
        f.Approved,
        f.Rejected,
        f.ProtectionBypassed,
        f.DeploymentHeld,
        f.DeploymentAllowed,
        f.Adopted,
        f.DeploymentStarted,
        f.StepStarted,
        f.StepFinished,
        f.ScaleSet,
        f.RoutesSet,
        f.Shifted,
        f.Prepared,
        f.OperationStarted,
        f.OperationFinished,
        f.Paused,
        f.Promoted,
        f.AbortRequested,
        f.RollbackStarted,
        f.AnalysisStarted,
        f.Measured,
        f.AnalysisFinished,
        f.Noticed,
        f.DeploymentFinished,
        f.RevisionKept,
        f.RevisionRetired,
        f.HealthChanged,
        f.AutomationHeld,
        f.AutomationReleased,
        f.WithdrawRequested,
        f.Withdrawn,
        f.DriftSeen,
        f.AlertRaised,
        f.AlertCleared,
        f.AlertTold,
    )
}
# A kind's version goes up when the meaning of its fields changes; a new field with a default
# is no new version.
VERSIONS: Final[Mapping[str, int]] = dict.fromkeys(KINDS, 1)

# Fields whose names are taken in the flat object have others there.
WRITTEN: Final[Mapping[str, str]] = {'kind': 'purpose', 'version': 'delivers'}
# Fields that hold a record, or several of them.
RECORDS: Final[Mapping[str, type[Any]]] = {'delivers': Version, 'routes': Routes}
LISTS: Final[Mapping[str, type[Any]]] = {
    'headers': HeaderRoute,
    'matches': Match,
    'mirrors': Mirror,
    'instances': Instance,
}

_compact = json.JSONEncoder(ensure_ascii=False, separators=(',', ':')).encode


def record(fact: f.Fact) -> dict[str, Any]:
    """A fact as a JSON object."""
    if isinstance(fact, f.Unknown):
        return {'kind': fact.kind, **fact.data}
    kind = type(fact).__name__
    fields = {WRITTEN.get(name, name): value for name, value in fact._asdict().items()}
    return {'kind': kind, 'version': VERSIONS[kind], **plain(fields)}


def dump(fact: f.Fact) -> str:
    """One line of JSON."""
    return _compact(record(fact))


def load(text: str) -> f.Fact:
    """What `dump` wrote, by this version or another. ValueError for what no version wrote."""
    data = json.loads(text)
    kind = data.pop('kind')
    known = KINDS.get(kind)
    if known is None or data.get('version', 1) > VERSIONS[kind]:
        return f.Unknown(kind, data)
    written = {WRITTEN.get(name, name): name for name in known._fields}
    fields = {name: restored(key, data[key]) for key, name in written.items() if key in data}
    fact: f.Fact = known(**fields)
    return fact


def line(stamped: f.Stamped) -> str:
    """One line of NDJSON for programs that follow: when and where, then the fact."""
    where = {'seq': stamped.seq, 'environment': stamped.environment, 'at': stamped.at}
    return _compact({**where, **record(stamped.fact)})


def plain(value: Any) -> Any:
    """Records as objects, all the way down."""
    if hasattr(value, '_asdict'):
        return {name: plain(inner) for name, inner in value._asdict().items()}
    if isinstance(value, Mapping):
        return {name: plain(inner) for name, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple | list) else value


def restored(name: str, value: Any) -> Any:
    """What the field of this name held."""
    if name in RECORDS and isinstance(value, dict):
        return record_of(RECORDS[name], value)
    if name in LISTS and isinstance(value, list):
        return tuple(record_of(LISTS[name], inner) for inner in value)
    return tuple(restored('', inner) for inner in value) if isinstance(value, list) else value


def record_of(known: type[Any], data: Mapping[str, Any]) -> Any:
    """A record from its object, as leniently as a fact."""
    return known(**{name: restored(name, data[name]) for name in known._fields if name in data})
