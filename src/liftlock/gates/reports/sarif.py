"""SARIF 2.1.0 (OASIS), as GitHub's code scanning reads it.

A level is the result's own, else its rule's default, else warning (§3.27.10). `security-severity`
of a rule outranks it. A run whose invocation was not successful (§3.20.14), or told of an error
while it ran, proves nothing. What is suppressed is no finding, unless somebody is still to decide.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.gates.finding import UNKNOWN, Finding, by_score
from liftlock.gates.reports import tools
from liftlock.gates.reports.records import Findings, Unreadable
from liftlock.gates.reports.tree import Tree, demanded, entries, inside, line, many, words

LEVELS: Final = {'error': 'high', 'warning': 'medium', 'note': 'low'}
NO_FINDING: Final = frozenset({'pass', 'notApplicable', 'informational', 'open'})


def looks(tree: Tree) -> bool:
    return isinstance(tree, dict) and isinstance(tree.get('runs'), list) and 'version' in tree


def read(tree: Tree) -> tuple[Findings, ...]:
    if words(tree, 'version') != '2.1.0':
        raise Unreadable(f'it is SARIF {words(tree, "version")[:20]}, and only 2.1.0 is read')
    runs = entries(tree, 'runs')
    if not runs:
        raise Unreadable('it has no run: nothing was scanned')
    return tuple(_run(run) for run in runs)


def _run(run: Mapping[str, Tree]) -> Findings:
    tool = words(demanded(run, 'tool', dict), 'driver', 'name')
    if not tool:
        raise Unreadable('a run does not name its tool')
    gates = tools.gates(tool)
    if tool == 'Trivy':  # which says in its properties whether it looked at an image
        gates = ('container',) if inside(run, 'properties', 'imageName') else ('dependencies',)
    if run.get('results') is None:  # §3.14.23: absent if the scan could not be made
        return Findings(tool, gates, doubts=('it has no results: it did not scan',))
    results = entries(run, 'results')
    rules = _Rules(run)
    found = tuple(_finding(tool, one, rules) for one in results if not _is_none(one, rules))
    return Findings(tool, gates, found, tuple(_doubts(run)))


class _Rules:
    """Those of the tool and of its extensions, by their place and by their name."""

    def __init__(self, run: Mapping[str, Tree]) -> None:
        extensions = many(run, 'tool', 'extensions')
        self.listed = many(run, 'tool', 'driver', 'rules')
        self.named = {
            words(rule, 'id'): rule
            for rule in (*(r for one in extensions for r in many(one, 'rules')), *self.listed)
        }

    def of(self, result: Tree) -> Tree:
        name = words(result, 'ruleId') or words(result, 'rule', 'id')
        found = self.named.get(name) or self.named.get(name.rpartition('/')[0])
        place = inside(result, 'ruleIndex')
        return found or (inside(self.listed, place) if type(place) is int and place >= 0 else None)


def _is_none(result: Tree, rules: _Rules) -> bool:
    if words(result, 'kind') in NO_FINDING or _level(result, rules) == 'none':
        return True
    if words(result, 'baselineState') == 'absent':  # it was there once, and is no more (§3.27.24)
        return True
    suppressions = many(result, 'suppressions')
    return bool(suppressions) and all(
        inside(one, 'status') not in ('underReview', 'rejected') for one in suppressions
    )


def _level(result: Tree, rules: _Rules) -> str:
    default = words(rules.of(result), 'defaultConfiguration', 'level')
    return words(result, 'level') or default or 'warning'


def _finding(tool: str, result: Tree, rules: _Rules) -> Finding:
    rule = rules.of(result)
    where = inside(result, 'locations', 0, 'physicalLocation')
    return Finding(
        tool,
        words(result, 'ruleId') or words(result, 'rule', 'id') or words(rule, 'id') or '?',
        _scored(result, rule) or LEVELS.get(_level(result, rules), UNKNOWN),
        words(result, 'message', 'text')
        or words(result, 'message', 'markdown')
        or words(rule, 'shortDescription', 'text'),
        words(where, 'artifactLocation', 'uri').removeprefix('file://'),
        line(where, 'region', 'startLine'),
    )


def _scored(result: Tree, rule: Tree) -> str:
    for holder in (result, rule):
        told = inside(holder, 'properties', 'security-severity')
        try:
            score = float(told) if isinstance(told, str | int | float) else -1.0
        except ValueError:
            continue
        if 0.0 < score <= 10.0:
            return by_score(score)
    return ''


def _doubts(run: Tree) -> Iterator[str]:
    for invocation in many(run, 'invocations'):
        if inside(invocation, 'executionSuccessful') is not True:
            yield 'it says itself that it did not end well'
        for kind in ('toolExecutionNotifications', 'toolConfigurationNotifications'):
            for notice in many(invocation, kind):
                if words(notice, 'level') == 'error':
                    yield words(notice, 'message', 'text') or 'it met an error while it ran'
