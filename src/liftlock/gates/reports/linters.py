"""Linters: ruff and ESLint as JSON, GitLab's code quality, flake8's text, mypy's lines of JSON.

ESLint's `severity` is 2 for an error; a file that cannot be parsed is told as a `fatal` message,
and no rule was tried on it.
"""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.gates.finding import Finding
from liftlock.gates.reports import tree as trees
from liftlock.gates.reports.records import Findings, Unreadable
from liftlock.gates.reports.tree import Tree, demanded, entries, line, objects, words

LINT: Final = ('lint',)
FLAKE8: Final = re.compile(
    r'(?P<path>[^\s:][^:\n]*):(?P<line>\d{1,8}):(?:\d{1,8}:)?'
    r' (?P<rule>[A-Z]{1,3}\d{2,4}) (?P<told>.+)'
)
MYPY: Final = re.compile(
    r'(?P<path>[^:\n]+):(?P<line>\d{1,8}): error: (?P<told>.*?)(?:  \[(?P<rule>[\w-]+)\])?'
)
LEVELS: Final = {'blocker': 'critical', 'critical': 'high', 'major': 'medium', 'minor': 'low'}


def looks_ruff(tree: Tree) -> bool:
    return _first(tree, 'filename', 'location', 'noqa_row')


def read_ruff(tree: Tree) -> Findings:
    """`--output-format json`. A syntax error has no code."""
    found = tuple(
        Finding(
            'ruff',
            words(one, 'code') or 'syntax-error',
            '',
            words(one, 'message'),
            words(one, 'filename'),
            line(one, 'location', 'row'),
        )
        for one in objects(tree)
    )
    return Findings('ruff', LINT, found)


def looks_gitlab(tree: Tree) -> bool:
    return _first(tree, 'check_name', 'fingerprint', 'location')


def read_gitlab(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'code quality',
            words(one, 'check_name'),
            LEVELS.get(words(one, 'severity'), ''),
            words(one, 'description'),
            words(one, 'location', 'path'),
            line(one, 'location', 'positions', 'begin', 'line')
            or line(one, 'location', 'lines', 'begin'),
        )
        for one in objects(tree)
    )
    return Findings('code quality', LINT, found)


def looks_eslint(tree: Tree) -> bool:
    return _first(tree, 'filePath', 'messages')


def read_eslint(tree: Tree) -> Findings:
    found, doubts = [], []
    for file in objects(tree):
        path = words(file, 'filePath')
        for one in entries(file, 'messages'):
            if one.get('fatal'):
                doubts.append(f'{path} could not be parsed')
            rule, told = words(one, 'ruleId') or 'eslint', words(one, 'message')
            found.append(Finding('ESLint', rule, '', told, path, line(one, 'line')))
    return Findings('ESLint', LINT, tuple(found), tuple(doubts))


# --- flake8


def looks_flake8(text: str) -> bool:
    first = next((row for row in text.splitlines() if row.strip()), '')
    return FLAKE8.fullmatch(first.rstrip()) is not None


def read_flake8(text: str) -> Findings:
    """Its default format. With `--show-source` lines of code stand between: those are refused, as
    nobody could tell them from a line that was cut off."""
    found = []
    for number, row in enumerate(text.splitlines(), 1):
        if not row.strip() or row.strip().isdecimal():  # `--count`
            continue
        match = FLAKE8.fullmatch(row.rstrip())
        if match is None:
            raise Unreadable(f'line {number} is none of flake8: "{row[:40]}"')
        path, at, rule, told = match.group('path', 'line', 'rule', 'told')
        found.append(Finding('flake8', rule, '', told[:300], path, int(at)))
    if not text.endswith('\n'):
        raise Unreadable('its last line was cut off')
    return Findings('flake8', LINT, tuple(found))


# --- mypy


def looks_mypy(tree: Tree) -> bool:
    """Its first line."""
    return isinstance(tree, dict) and {'file', 'line', 'message', 'severity', 'code'} <= tree.keys()


def read_mypy(rows: list[Mapping[str, Tree]]) -> Findings:
    """`--output json`. A note is no finding."""
    found = tuple(
        Finding(
            'mypy',
            words(one, 'code') or 'mypy',
            '',
            words(one, 'message'),
            words(one, 'file'),
            line(one, 'line'),
        )
        for one in rows
        if demanded(one, 'severity', str) != 'note'
    )
    return Findings('mypy', LINT, found)


def told_by_mypy(text: str) -> tuple[Finding, ...]:
    """The errors in what mypy prints, as its JUnit file holds it."""
    matches = [MYPY.fullmatch(row.strip()) for row in text.splitlines()]
    return tuple(
        Finding(
            'mypy', match['rule'] or 'mypy', '', match['told'], match['path'], int(match['line'])
        )
        for match in matches
        if match
    )


def _first(tree: Tree, *keys: str) -> bool:
    first = trees.inside(tree, 0)
    return isinstance(first, dict) and set(keys) <= first.keys()
