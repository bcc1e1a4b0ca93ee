"""Images, and what they are built from: hadolint, checkov, trivy, grype and `docker image inspect`.

Checkov's open edition tells no severity. Whom an image runs as is said by the image itself, or by
checkov's CKV_DOCKER_3 where that is among the checks that passed; hadolint's DL3002 can only say
that it is root.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from liftlock.gates.finding import SEVERITIES, Finding
from liftlock.gates.reports.records import Findings, Image, Unreadable
from liftlock.gates.reports.tree import (
    Tree,
    counted,
    demanded,
    entries,
    inside,
    line,
    many,
    objects,
    words,
)

CONTAINER: Final = ('container',)
HADOLINT: Final = {'error': 'high', 'warning': 'medium', 'info': 'low', 'style': 'low'}


def looks_hadolint(tree: Tree) -> bool:
    first = inside(tree, 0)
    return isinstance(first, dict) and {'code', 'file', 'level', 'line'} <= first.keys()


def read_hadolint(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'hadolint',
            words(one, 'code'),
            HADOLINT.get(words(one, 'level'), ''),
            words(one, 'message'),
            words(one, 'file'),
            line(one, 'line'),
        )
        for one in objects(tree)
    )
    broken = tuple(f'{one.path} could not be parsed' for one in found if one.rule == 'DL1000')
    return Findings('hadolint', CONTAINER, found, broken)


# --- checkov


def looks_checkov(tree: Tree) -> bool:
    first = tree[0] if isinstance(tree, list) and tree else tree
    return isinstance(first, dict) and {'check_type', 'results', 'summary'} <= first.keys()


def read_checkov(tree: Tree) -> tuple[Findings, ...]:
    return tuple(_checkov(one) for one in objects(tree if isinstance(tree, list) else [tree]))


def _checkov(part: Mapping[str, Tree]) -> Findings:
    results, summary = demanded(part, 'results', dict), demanded(part, 'summary', dict)
    failed = entries(results, 'failed_checks')
    if len(failed) != counted(summary, 'failed'):
        raise Unreadable('its totals and its checks contradict one another')
    doubts = []
    if counted(summary, 'parsing_errors'):
        doubts.append(f'{summary["parsing_errors"]} files could not be parsed')
    if not failed and not counted(summary, 'passed'):
        doubts.append('it checked nothing')
    gates = (
        CONTAINER
        if words(part, 'check_type').startswith(('dockerfile', 'sca_image'))
        else ('code',)
    )
    passed = frozenset(words(one, 'check_id') for one in many(results, 'passed_checks'))
    found = tuple(map(_check, failed))
    return Findings('checkov', gates, found, tuple(doubts), passed)


def _check(one: Mapping[str, Tree]) -> Finding:
    level = words(one, 'severity').lower()
    return Finding(
        'checkov',
        words(one, 'check_id'),
        level if level in SEVERITIES else '',
        words(one, 'check_name'),
        words(one, 'file_path').lstrip('/'),
        line(one, 'file_line_range', 0),
        words(one, 'resource'),
    )


# --- trivy


def looks_trivy(tree: Tree) -> bool:
    return (
        isinstance(tree, dict) and {'SchemaVersion', 'ArtifactName', 'ArtifactType'} <= tree.keys()
    )


def read_trivy(tree: Tree) -> Findings:
    """Without anything to look at it writes no `Results`, which is then no proof."""
    gates = CONTAINER if words(tree, 'ArtifactType') == 'container_image' else ('dependencies',)
    results = many(tree, 'Results')
    found = tuple(one for result in results for one in _trivy(result))
    doubts = () if results else ('it found nothing that it could look at',)
    return Findings('trivy', gates, found, doubts)


def _trivy(result: Tree) -> Iterator[Finding]:
    target = words(result, 'Target')
    for one in many(result, 'Vulnerabilities'):
        subject = f'{words(one, "PkgName")} {words(one, "InstalledVersion")}'
        yield Finding(
            'trivy',
            words(one, 'VulnerabilityID'),
            _level(one),
            words(one, 'Title'),
            target,
            0,
            subject,
        )
    for one in many(result, 'Misconfigurations'):
        if words(one, 'Status') != 'PASS':
            at = line(one, 'CauseMetadata', 'StartLine')
            yield Finding('trivy', words(one, 'ID'), _level(one), words(one, 'Title'), target, at)
    for one in many(result, 'Secrets'):
        rule, at = words(one, 'RuleID'), line(one, 'StartLine')
        yield Finding('trivy', rule, _level(one), words(one, 'Title'), target, at)


def _level(one: Tree, *keys: str) -> str:
    level = words(one, *(keys or ('Severity',))).lower()
    return level if level in SEVERITIES else {'negligible': 'low'}.get(level, '')


# --- grype


def looks_grype(tree: Tree) -> bool:
    return words(tree, 'descriptor', 'name') == 'grype' and 'matches' in tree


def read_grype(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'grype',
            words(one, 'vulnerability', 'id'),
            _level(one, 'vulnerability', 'severity'),
            words(one, 'vulnerability', 'description'),
            subject=f'{words(one, "artifact", "name")} {words(one, "artifact", "version")}',
        )
        for one in entries(tree, 'matches')
    )
    built = words(tree, 'descriptor', 'db', 'built') or words(
        tree, 'descriptor', 'db', 'status', 'built'
    )
    kind = words(tree, 'source', 'type')
    gates = CONTAINER if kind == 'image' else ('dependencies',)
    return Findings('grype', gates, found, advisories=_moment(built))


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


# --- docker


def looks_inspected(tree: Tree) -> bool:
    first = inside(tree, 0)
    return isinstance(first, dict) and {'RootFS', 'Config', 'Architecture'} <= first.keys()


def read_inspected(tree: Tree) -> tuple[Image, ...]:
    """`docker image inspect IMAGE`."""
    return tuple(
        Image(
            words(one, 'RepoTags', 0) or words(one, 'Id')[:19],
            words(demanded(one, 'Config', dict), 'User'),
        )
        for one in objects(tree)
    )
