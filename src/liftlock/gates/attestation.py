"""Whether an artifact is what somebody signed, and was built as the verifier expects.

Three answers: `Verified`, `Refused` (there is evidence, and it does not hold) and `Undecided`
(there is nothing to judge by); only the first lets anything pass.

Sources: in-toto attestation framework v1, slsa.dev/spec/v1.0/verifying-artifacts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from liftlock.gates import envelopes
from liftlock.gates.envelopes import PAYLOAD, Envelope, Keys
from liftlock.language.records import NamedTuple
from liftlock.plan.provenance import BUILDER, PROVENANCE

STATEMENTS: Final = ('https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1')


class Expected(NamedTuple):
    """What the verifier asks of a statement; '' is nothing. `repository` is `owner/name` or a URI,
    `workflow` a path or the name of the file, `ref` full or short, `source_digest` a commit,
    `builder` a URI or what follows `urn:liftlock:builder:`."""

    predicate_type: str = PROVENANCE
    repository: str = ''
    workflow: str = ''
    ref: str = ''
    source_digest: str = ''
    builder: str = ''


class Verified(NamedTuple):
    """The statement holds; `subject` is the artifact's name in it."""

    subject: str
    predicate_type: str
    predicate: Mapping[str, Any]


class Refused(NamedTuple):
    """Reasons, one a statement, in the user's words."""

    reasons: tuple[str, ...]


class Undecided(NamedTuple):
    reason: str


Verdict: TypeAlias = Verified | Refused | Undecided


def judge(
    signed: Sequence[Envelope], keys: Keys, digests: Mapping[str, str], expected: Expected
) -> Verdict:
    """The first statement that holds counts. `digests` are those of the artifact, by algorithm
    (`sha256`), in lower-case hex; all that may be asked for must be among them."""
    if not signed:
        return Undecided('nothing was signed about it')
    reasons = []
    for envelope in signed:
        verdict = _judge(envelope, keys, digests, expected)
        if isinstance(verdict, Verified):
            return verdict
        reasons.append(verdict)
    if all(envelope.certified for envelope in signed):
        return Undecided(
            'it is signed with a certificate of Sigstore, not with a key; '
            '`gh attestation verify` and `cosign` can check that'
        )
    return Refused(tuple(dict.fromkeys(reasons)))


def _judge(
    envelope: Envelope, keys: Keys, digests: Mapping[str, str], expected: Expected
) -> Verified | str:
    if envelope.payload_type != PAYLOAD:
        return f'what is signed is "{envelope.payload_type}", not a statement ({PAYLOAD})'
    if not envelope.signatures:
        return 'nobody has signed it'
    if not envelopes.is_signed_by(envelope, keys):
        return 'it was changed after it was signed, or signed with another key'
    try:
        statement = envelopes.strict_json(envelope.payload)
    except ValueError as error:
        return f'the statement is no JSON: {error}'
    if not isinstance(statement, dict) or statement.get('_type') not in STATEMENTS:
        return 'it is no in-toto statement'
    subject = next(_subjects(statement, digests), None)
    if subject is None:
        return 'it is about something else: none of its subjects has this digest'
    kind, predicate = statement.get('predicateType'), statement.get('predicate')
    if kind != expected.predicate_type:
        return f'it states {kind}, not {expected.predicate_type}'
    if not isinstance(predicate, dict):
        return 'it states nothing'
    wrong = next(_unmet(predicate, expected), '')
    return wrong or Verified(subject, str(kind), predicate)


def _subjects(statement: Mapping[str, Any], digests: Mapping[str, str]) -> Iterator[str]:
    """Names of those that are the artifact: every digest that can be compared is the same, and
    one at least can be. (A right digest beside a wrong one would be somebody's trick.)"""
    listed = statement.get('subject')
    for subject in listed if isinstance(listed, list) else ():
        told = _map(subject, 'digest') if isinstance(subject, dict) else {}
        known = {name: told[name] for name in digests if name in told}
        if known and all(_same(value, digests[name]) for name, value in known.items()):
            yield str(subject.get('name', ''))


def _same(told: object, found: str) -> bool:
    return isinstance(told, str) and told.lower() == found


def _unmet(predicate: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    """What is expected and not so. What a statement doesn't tell is not so."""
    definition = _map(predicate, 'buildDefinition')
    workflow = _map(_map(definition, 'externalParameters'), 'workflow')
    builder = _map(_map(predicate, 'runDetails'), 'builder').get('id')
    told = {name: str(workflow.get(name, '')) for name in ('repository', 'ref', 'path')}
    asked = (
        ('repository', expected.repository, told['repository'], _is_repository),
        ('workflow', expected.workflow, told['path'], _is_workflow),
        ('ref', expected.ref, told['ref'], _is_ref),
        ('commit', expected.source_digest, ', '.join(commits(predicate)), _is_commit),
        ('builder', expected.builder, str(builder or ''), _is_builder),
    )
    for what, wanted, found, holds in asked:
        if wanted and not (found and holds(found, wanted)):
            yield f'the {what} is {found or "not told"}, not {wanted}'


def commits(predicate: Mapping[str, Any]) -> list[str]:
    """Of the source itself; the commits of actions are listed beside it and prove nothing."""
    definition = _map(predicate, 'buildDefinition')
    workflow = _map(_map(definition, 'externalParameters'), 'workflow')
    source = f'git+{workflow.get("repository")}@{workflow.get("ref")}'
    listed = definition.get('resolvedDependencies')
    found = [
        _map(one, 'digest')
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and one.get('uri') == source
    ]
    return [str(one.get('gitCommit') or one.get('sha1') or '') for one in found]


def _is_repository(found: str, wanted: str) -> bool:
    """`wanted` may leave out the scheme, and the host too."""
    found, wanted = found.lower(), wanted.lower().rstrip('/').removesuffix('.git')
    name = found.removeprefix('urn:liftlock:repository:')
    place = found.partition('://')[2]
    return wanted in (found, name, place, place.partition('/')[2]) and bool(wanted)


def _is_workflow(found: str, wanted: str) -> bool:
    return wanted in (found, found.rpartition('/')[2])


def _is_ref(found: str, wanted: str) -> bool:
    return found in (wanted, f'refs/heads/{wanted}', f'refs/tags/{wanted}')


def _is_commit(found: str, wanted: str) -> bool:
    return found.lower() == wanted.lower()


def _is_builder(found: str, wanted: str) -> bool:
    return found in (wanted, f'{BUILDER}{wanted}')


def _map(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}
