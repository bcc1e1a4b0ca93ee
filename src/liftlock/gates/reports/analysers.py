"""What reads code for weaknesses: bandit, semgrep and zizmor, each as JSON of its own.

All three end with 0 where they could not parse a file, so what they say of errors is a doubt:
bandit in `errors`, semgrep in `errors` and by scanning nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.gates.finding import Finding
from liftlock.gates.reports import tree as trees
from liftlock.gates.reports.records import Findings
from liftlock.gates.reports.tree import Tree, counted, demanded, entries, inside, line, many, words

CODE: Final = ('code',)
SEMGREP: Final = {'error': 'high', 'warning': 'medium', 'info': 'low', 'inventory': 'low'}
ZIZMOR: Final = {'informational': 'low', 'unknown': ''}


def looks_bandit(tree: Tree) -> bool:
    return isinstance(inside(tree, 'metrics', '_totals'), dict) and 'results' in tree


def read_bandit(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'bandit',
            words(one, 'test_id'),
            _severity(one, 'issue_severity'),
            words(one, 'issue_text'),
            words(one, 'filename'),
            line(one, 'line_number'),
        )
        for one in entries(tree, 'results')
    )
    doubts = [
        f'{words(one, "filename")}: {words(one, "reason")}' for one in entries(tree, 'errors')
    ]
    if not counted(inside(tree, 'metrics', '_totals'), 'loc'):
        doubts.append('it looked at no line of code')
    return Findings('bandit', CODE, found, tuple(doubts))


def _severity(one: Tree, *keys: str) -> str:
    word = words(one, *keys).lower()
    return word if word in ('critical', 'high', 'medium', 'low') else ''


# --- semgrep


def looks_semgrep(tree: Tree) -> bool:
    return isinstance(tree, dict) and isinstance(inside(tree, 'paths'), dict) and 'results' in tree


def read_semgrep(tree: Tree) -> Findings:
    found = tuple(_semgrep(one) for one in entries(tree, 'results') if not _ignored(one))
    doubts = [
        f'{words(one, "path") or "an error"}: {words(one, "message") or words(one, "type")}'
        for one in entries(tree, 'errors')
    ]
    if not demanded(demanded(tree, 'paths', dict), 'scanned', list):
        doubts.append('it looked at no file')
    return Findings('semgrep', CODE, found, tuple(doubts))


def _ignored(one: Tree) -> bool:
    return inside(one, 'extra', 'is_ignored') is True


def _semgrep(one: Tree) -> Finding:
    level = words(one, 'extra', 'severity').lower()
    return Finding(
        'semgrep',
        words(one, 'check_id'),
        SEMGREP.get(level) or _severity(one, 'extra', 'severity'),
        words(one, 'extra', 'message'),
        words(one, 'path'),
        line(one, 'start', 'line'),
    )


# --- zizmor


def looks_zizmor(tree: Tree) -> bool:
    first = inside(tree, 0)
    return isinstance(first, dict) and {'ident', 'determinations', 'locations'} <= first.keys()


def read_zizmor(tree: Tree) -> Findings:
    """Its lines count from 0."""
    return Findings('zizmor', CODE, tuple(_zizmor(trees.objects(tree))))


def _zizmor(audits: list[Mapping[str, Tree]]) -> Iterator[Finding]:
    for one in audits:
        if one.get('ignored') is True:
            continue
        places = many(one, 'locations')
        primary = [spot for spot in places if words(spot, 'symbolic', 'kind') == 'Primary']
        spot = (primary or places or [None])[0]
        level = words(one, 'determinations', 'severity').lower()
        yield Finding(
            'zizmor',
            words(one, 'ident'),
            ZIZMOR.get(level, level if level in ('critical', 'high', 'medium', 'low') else ''),
            words(one, 'desc'),
            _path(inside(spot, 'symbolic', 'key')),
            line(spot, 'concrete', 'location', 'start_point', 'row') + 1 if spot else 0,
        )


def _path(key: Tree) -> str:
    for kind in ('Local', 'Remote'):
        for word in ('verbatim_path', 'given_path', 'path'):
            if found := words(key, kind, word):
                return found
    return ''
