"""Facts and requests as JSON, and back.

A fact is one flat object: `{"kind": "JobFinished", "version": 1, "job": …, …}`. Readers are
lenient so that old and new versions can share a store: fields they don't know are left out,
fields that are missing take their defaults, and an unknown kind, or a version from the future,
becomes `Unknown`, which is written back as it came.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from liftlock.plan.event import Event
from liftlock.plan.facts import (
    ActionResolved,
    Annotated,
    ArtifactStored,
    Attested,
    Fact,
    JobBlocked,
    JobClaimed,
    JobFinished,
    JobLost,
    JobQueued,
    JobSkipped,
    ReportRecorded,
    RunFinished,
    RunRestarted,
    RunSubmitted,
    Stamped,
    StepFinished,
    StepStarted,
    StopRequested,
    Summarized,
    Unknown,
)
from liftlock.plan.plan import Request

KINDS: Final[Mapping[str, type[Any]]] = {
    kind.__name__: kind
    for kind in (
        RunSubmitted,
        RunRestarted,
        StopRequested,
        RunFinished,
        JobQueued,
        JobBlocked,
        JobClaimed,
        JobSkipped,
        JobFinished,
        JobLost,
        StepStarted,
        StepFinished,
        Annotated,
        Summarized,
        ActionResolved,
        ArtifactStored,
        ReportRecorded,
        Attested,
    )
}
# A kind's version goes up when the meaning of its fields changes; a new field with a default
# is no new version.
VERSIONS: Final[Mapping[str, int]] = dict.fromkeys(KINDS, 1)

_compact = json.JSONEncoder(ensure_ascii=False, separators=(',', ':')).encode
_sorted = json.JSONEncoder(ensure_ascii=False, separators=(',', ':'), sort_keys=True).encode


def record(fact: Fact) -> dict[str, Any]:
    """A fact as a JSON object."""
    if isinstance(fact, Unknown):
        return {'kind': fact.kind, **fact.data}
    kind = type(fact).__name__
    return {'kind': kind, 'version': VERSIONS[kind], **fact._asdict()}


def dump(fact: Fact) -> str:
    """One line of JSON."""
    return _compact(record(fact))


def load(text: str) -> Fact:
    """What `dump` wrote, by this version or another. ValueError for what no version wrote."""
    data = json.loads(text)
    kind = data.pop('kind')
    known = KINDS.get(kind)
    if known is None or data.get('version', 1) > VERSIONS[kind]:
        return Unknown(kind, data)
    fields = {name: _restored(data[name]) for name in known._fields if name in data}
    fact: Fact = known(**fields)
    return fact


def _restored(field: Any) -> Any:
    return tuple(field) if isinstance(field, list) else field


def line(stamped: Stamped) -> str:
    """One line of NDJSON for programs that follow a run: when and where, then the fact."""
    where = {'seq': stamped.seq, 'run': stamped.run, 'at': stamped.at}
    return _compact({**where, **record(stamped.fact)})


def dump_request(request: Request) -> str:
    """Always the same text for the same request, so that its digest can name it."""
    event = request.event._asdict()
    return _sorted({**request._asdict(), 'version': 1, 'event': event})


def load_request(text: str) -> Request:
    """What `dump_request` wrote."""
    data = json.loads(text, parse_int=float)  # the language knows only doubles
    event = {name: data['event'][name] for name in Event._fields if name in data['event']}
    if event.get('changed') is not None:
        event['changed'] = tuple(event['changed'])
    fields = {name: data[name] for name in Request._fields if name in data}
    fields['event'] = Event(**event)
    fields['run_id'], fields['run_number'] = int(data['run_id']), int(data['run_number'])
    fields['only_jobs'] = tuple(data.get('only_jobs', ()))
    fields['matrix'] = tuple((key, value) for key, value in data.get('matrix', ()))
    return Request(**fields)
