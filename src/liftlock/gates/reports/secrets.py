"""Scanners for secrets: kingfisher, detect-secrets, gitleaks, trufflehog (3 and trufflehog3).

A finding keeps where the secret is, and never the secret: not every scanner redacts its report.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.gates.finding import Finding
from liftlock.gates.reports import tree as trees
from liftlock.gates.reports.records import Findings
from liftlock.gates.reports.tree import (
    Tree,
    counted,
    demanded,
    entries,
    inside,
    line,
    objects,
    words,
)

SECRETS: Final = ('secrets',)
UNFINISHED: Final = ('fetch_failed', 'scan_partial', 'scan_failed', 'pending')


def looks_kingfisher(tree: Tree) -> bool:
    version = inside(tree, 'metadata', 'kingfisher_version')
    return isinstance(tree, dict) and 'findings' in tree and version is not None


def read_kingfisher(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'kingfisher',
            words(one, 'rule', 'id'),
            '',
            words(one, 'rule', 'name'),
            words(one, 'finding', 'path').removeprefix('./'),
            line(one, 'finding', 'line'),
        )
        for one in entries(tree, 'findings')
    )
    doubts = []
    audit = inside(tree, 'audit', 'summary')
    if isinstance(audit, dict) and any(line(audit, key) for key in UNFINISHED):
        doubts.append('it did not scan everything that it was given')
    if not counted(inside(tree, 'metadata', 'summary'), 'blobs_scanned'):
        doubts.append('it looked at nothing')
    return Findings('kingfisher', SECRETS, found, tuple(doubts))


# --- detect-secrets


def looks_detect_secrets(tree: Tree) -> bool:
    return isinstance(tree, dict) and {'plugins_used', 'filters_used', 'results'} <= tree.keys()


def read_detect_secrets(tree: Tree) -> Findings:
    """A baseline that was audited says of each whether it is one: `is_secret`."""
    found = tuple(
        Finding('detect-secrets', words(one, 'type'), '', '', path, line(one, 'line_number'))
        for path, those in demanded(tree, 'results', dict).items()
        for one in objects(those if isinstance(those, list) else [None])
        if one.get('is_secret') is not False
    )
    doubts = () if demanded(tree, 'plugins_used', list) else ('it looked for nothing',)
    return Findings('detect-secrets', SECRETS, found, doubts)


# --- gitleaks


def looks_gitleaks(tree: Tree) -> bool:
    first = inside(tree, 0)
    return (
        isinstance(first, dict) and {'RuleID', 'File', 'StartLine', 'Fingerprint'} <= first.keys()
    )


def read_gitleaks(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'gitleaks',
            words(one, 'RuleID'),
            '',
            words(one, 'Description'),
            words(one, 'File'),
            line(one, 'StartLine'),
        )
        for one in objects(tree)
    )
    return Findings('gitleaks', SECRETS, found)


# --- trufflehog


def looks_trufflehog3(tree: Tree) -> bool:
    first = inside(tree, 0)
    return isinstance(first, dict) and {'rule', 'path', 'secret', 'context'} <= first.keys()


def read_trufflehog3(tree: Tree) -> Findings:
    """Its `line` is a text with the secret in it; the line's number is the key of `context`."""
    found = tuple(
        Finding(
            'trufflehog3',
            words(one, 'rule', 'id'),
            '',
            words(one, 'rule', 'message'),
            words(one, 'path'),
            _numbered(one),
        )
        for one in objects(tree)
    )
    return Findings('trufflehog3', SECRETS, found)


def _numbered(one: Mapping[str, Tree]) -> int:
    context = inside(one, 'context')
    keys = [key for key in context if key.isdecimal()] if isinstance(context, dict) else []
    return int(keys[len(keys) // 2][:8]) if keys else 0


def looks_trufflehog(tree: Tree) -> bool:
    """Its first line."""
    return isinstance(tree, dict) and {'SourceMetadata', 'DetectorName'} <= tree.keys()


def read_trufflehog(rows: list[Mapping[str, Tree]]) -> Findings:
    return Findings('trufflehog', SECRETS, tuple(map(_trufflehog, rows)))


def _trufflehog(row: Mapping[str, Tree]) -> Finding:
    places = inside(row, 'SourceMetadata', 'Data')
    place = next(iter(places.values()), None) if isinstance(places, dict) else None
    verified = 'verified: it works' if row.get('Verified') is True else 'not verified'
    rule = words(row, 'DetectorName')
    return Finding(
        'trufflehog', rule, '', verified, words(place, 'file'), trees.line(place, 'line')
    )
