"""What is attested of a build: SLSA provenance (version 1) in an in-toto statement.

All of it is told by the run's facts and its request, nothing by the job: a job may have run
somebody else's code, and what that says of itself proves nothing. `docs/supply-chain.md`
describes the fields for people who verify.

Sources: slsa.dev/spec/v1.0/provenance, in-toto attestation framework v1 (statement,
resource descriptor). The external parameters are those of GitHub's own build type.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from liftlock.language.image import SCHEME
from liftlock.language.records import NamedTuple
from liftlock.language.reference import parse as parse_reference
from liftlock.plan import contexts
from liftlock.plan import facts as f
from liftlock.plan.plan import Request

STATEMENT: Final = 'https://in-toto.io/Statement/v1'
PROVENANCE: Final = 'https://slsa.dev/provenance/v1'
BUILD_TYPE: Final = 'urn:liftlock:buildtype:workflow:v1'
BUILDER: Final = 'urn:liftlock:builder:'
GITHUB: Final = 'https://github.com'


class Subject(NamedTuple):
    """`digest` is `sha256:…`, or another of SHA-2."""

    name: str
    digest: str


class Build(NamedTuple):
    """What is known of a run, as far as it has come.

    `repository` is the URI of what was built (see `repository.uri`); `uncommitted` says that its
    commit is a snapshot with changes that nobody has committed. `pins` are those of a lock.
    """

    run: int
    attempt: int
    digest: str  # of the stored request
    request: Request
    facts: Sequence[f.Stamped]
    repository: str
    uncommitted: bool = False
    pins: Mapping[str, str] | None = None
    version: str = ''  # of Liftlock


def statement(subjects: Iterable[Subject], kind: str, predicate: Any) -> dict[str, Any]:
    """`kind` is the predicate's type, a URI."""
    listed = []
    for subject in subjects:
        algorithm, _, digits = subject.digest.partition(':')
        listed.append({'name': subject.name, 'digest': {algorithm: digits}})
    return {
        '_type': STATEMENT,
        'subject': listed,
        'predicateType': kind,
        'predicate': predicate,
    }


def make(build: Build, job: str) -> dict[str, Any]:
    """The provenance of what this job has made, a predicate of type PROVENANCE."""
    seen = _look(build.facts)
    metadata = {
        'invocationId': f'urn:liftlock:run:{build.run}:{build.attempt}:{build.digest}',
        **({'startedOn': _time(seen.started)} if seen.started else {}),
        **({'finishedOn': _time(seen.finished)} if seen.finished else {}),
    }
    return {
        'buildDefinition': {
            'buildType': BUILD_TYPE,
            'externalParameters': _external(build),
            'internalParameters': _internal(build, job, seen),
            'resolvedDependencies': list(_dependencies(build, seen)),
        },
        'runDetails': {
            'builder': {
                'id': BUILDER + seen.places.get(job, 'host'),
                'version': {'liftlock': build.version},
            },
            'metadata': metadata,
        },
    }


class _Seen(NamedTuple):
    """Of each job, its last attempt."""

    resolved: Mapping[str, list[f.ActionResolved]]
    places: Mapping[str, str]
    started: float
    finished: float


def _look(facts: Iterable[f.Stamped]) -> _Seen:
    resolved: dict[str, list[f.ActionResolved]] = {}
    places: dict[str, str] = {}
    begun: dict[str, float] = {}
    finished = 0.0
    for stamped in facts:
        match stamped.fact:
            case f.JobClaimed(job, _, _, _, place):
                resolved[job], begun[job] = [], stamped.at
                places[job] = place.partition(':')[0] or 'host'
                finished = 0.0
            case f.ActionResolved(job):
                resolved.setdefault(job, []).append(stamped.fact)
            case f.RunFinished():
                finished = stamped.at
    return _Seen(resolved, places, min(begun.values(), default=0.0), finished)


def _external(build: Build) -> dict[str, Any]:
    """All that somebody outside could decide. What was left alone isn't listed: whoever verifies
    should refuse parameters that he doesn't know."""
    request = build.request
    inputs = {name: value for name, value in request.inputs.items() if value not in (None, '')}
    chosen = {
        'inputs': inputs,
        'vars': dict(request.vars),
        'env': dict(request.env),
        'jobs': list(request.only_jobs),
        'matrix': dict(request.matrix),
    }
    workflow = {
        'repository': build.repository,
        'ref': request.event.ref,
        'path': request.workflow,
    }
    return {'workflow': workflow, **{name: value for name, value in chosen.items() if value}}


def _internal(build: Build, job: str, seen: _Seen) -> dict[str, Any]:
    event = build.request.event
    known = event.payload.get('repository')
    repository = known if isinstance(known, dict) else {}
    owned = repository.get('owner')
    owner = owned if isinstance(owned, dict) else {}
    ours: dict[str, Any] = {'job': job, 'executor': seen.places.get(job, 'host')}
    if build.uncommitted:
        ours['uncommitted'] = True
    stand_ins = {one.uses for one in _resolved(seen) if one.source == f.STAND_IN}
    if stand_ins:
        ours['standIns'] = sorted(stand_ins)
    return {
        'github': {
            'event_name': event.name,
            'repository_id': contexts.identity(repository.get('id')),
            'repository_owner_id': contexts.identity(owner.get('id')),
            'runner_environment': 'self-hosted',
        },
        'liftlock': ours,
    }


def _resolved(seen: _Seen) -> Iterator[f.ActionResolved]:
    return (one for listed in seen.resolved.values() for one in listed)


def _dependencies(build: Build, seen: _Seen) -> Iterator[dict[str, Any]]:
    event = build.request.event
    source = {
        'uri': f'git+{build.repository}@{event.ref}',
        'digest': {'gitCommit': event.sha},
    }
    yield source | ({'annotations': {'uncommitted': True}} if build.uncommitted else {})
    found = {}
    for one in _resolved(seen):
        if one.source != f.STAND_IN:
            found[one.uses, one.commit] = _dependency(one)
    for name in build.request.files:
        if '@' in name:  # a workflow of another repository, which was called
            found[name, ''] = _called(name, build.pins or {})
    yield from (found[key] for key in sorted(found))


def _dependency(one: f.ActionResolved) -> dict[str, Any]:
    """A resource descriptor: an action at its commit, or an image by its digest."""
    if one.uses.startswith(SCHEME):
        digest = one.commit.partition(':')[2]
        return {'uri': one.uses} | ({'digest': {'sha256': digest}} if digest else {})
    if not one.commit:  # a directory of this machine that stands for the action
        return {'uri': f'file://{one.source}', 'name': one.uses}
    located = {}
    if one.source.startswith('https://') and '@' not in one.source.split('/')[2]:
        located = {'downloadLocation': one.source}
    return {'uri': _git(one.uses), 'digest': {'gitCommit': one.commit}, **located}


def _called(name: str, pins: Mapping[str, str]) -> dict[str, Any]:
    reference = parse_reference(name)
    commit = pins.get(reference.pin, '') if reference else ''
    return {'uri': _git(name)} | ({'digest': {'gitCommit': commit}} if commit else {})


def _git(uses: str) -> str:
    reference = parse_reference(uses)
    assert reference is not None
    return f'git+{GITHUB}/{reference.owner}/{reference.repo}@{reference.ref}'


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
