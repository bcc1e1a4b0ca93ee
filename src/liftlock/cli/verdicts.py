"""What came out of verifying, for programs and for people."""

from collections.abc import Mapping
from typing import Any

from liftlock.gates import attestation
from liftlock.gates.attestation import Refused, Undecided, Verdict, Verified


def record(shown: str, digests: Mapping[str, str], verdict: Verdict) -> dict[str, Any]:
    about: dict[str, Any] = {'target': shown, 'digests': dict(digests)}
    match verdict:
        case Verified(subject, kind, predicate):
            return {
                'verdict': 'verified',
                **about,
                'subject': subject,
                'predicateType': kind,
                'predicate': dict(predicate),
            }
        case Refused(reasons):
            return {'verdict': 'refused', **about, 'reasons': list(reasons)}
        case Undecided(reason):
            return {'verdict': 'undecided', **about, 'reasons': [reason]}


def tell(shown: str, verdict: Verdict) -> None:
    match verdict:
        case Verified(subject, kind, predicate):
            print(f'verified: {shown}')
            for name, text in (('subject', subject), ('states', kind), *_facts(predicate)):
                print(f'  {name.ljust(10)}  {text}')
        case Refused(reasons):
            print(f'NOT verified: {shown}')
            for reason in reasons:
                print(f'  {reason}')
        case Undecided(reason):
            print(f'cannot tell: {shown}')
            print(f'  {reason}')


def _facts(predicate: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What people want to know of provenance; nothing of another kind of predicate."""
    definition = _map(predicate, 'buildDefinition')
    workflow = _map(_map(definition, 'externalParameters'), 'workflow')
    if not workflow:
        return []
    details = _map(predicate, 'runDetails')
    ours = _map(_map(definition, 'internalParameters'), 'liftlock')
    commits = attestation.commits(predicate)
    changes = ' with uncommitted changes' if ours.get('uncommitted') else ''
    told = (
        ('repository', workflow.get('repository')),
        ('ref', workflow.get('ref')),
        ('commit', f'{", ".join(commits)}{changes}'),
        ('workflow', workflow.get('path')),
        ('builder', _map(details, 'builder').get('id')),
        ('started', _map(details, 'metadata').get('startedOn')),
    )
    return [(name, str(text)) for name, text in told if text]


def _map(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}
