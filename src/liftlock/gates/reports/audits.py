"""Known vulnerabilities: pip-audit, npm audit, retire.js and safety.

pip-audit calls it "no known vulnerabilities" when it could look up nothing, and npm writes a report
without the key when its registry refuses: only what says that everything was looked up counts.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.gates.finding import Finding
from liftlock.gates.reports.records import LIVE, Findings, Unreadable
from liftlock.gates.reports.tree import Tree, counted, demanded, entries, inside, many, words

DEPENDENCIES: Final = ('dependencies',)
NPM: Final = {
    'critical': 'critical',
    'high': 'high',
    'moderate': 'medium',
    'low': 'low',
    'info': 'low',
}
LEVELS: Final = ('info', 'low', 'moderate', 'high', 'critical')


def looks_pip_audit(tree: Tree) -> bool:
    first = inside(tree, 'dependencies', 0)
    empty = inside(tree, 'dependencies') == [] and 'fixes' in tree
    return empty or (isinstance(first, dict) and bool({'vulns', 'skip_reason'} & first.keys()))


def read_pip_audit(tree: Tree) -> Findings:
    found: list[Finding] = []
    doubts: list[str] = []
    for one in entries(tree, 'dependencies'):
        name = f'{words(one, "name")} {words(one, "version")}'.strip()
        if 'skip_reason' in one:
            doubts.append(f'{name} was skipped: {words(one, "skip_reason")}')
            continue
        found += [_vulnerability(name, vuln) for vuln in entries(one, 'vulns')]
    if not tree['dependencies']:
        doubts.append('it looked at no package')
    return Findings('pip-audit', DEPENDENCIES, tuple(found), tuple(doubts), advisories=LIVE)


def _vulnerability(package: str, vuln: Tree) -> Finding:
    fixed = ', '.join(one for one in many(vuln, 'fix_versions') if isinstance(one, str))
    told = f'fixed in {fixed[:100]}' if fixed else words(vuln, 'description')
    return Finding('pip-audit', words(vuln, 'id') or '?', '', told, subject=package)


# --- npm


def looks_npm_audit(tree: Tree) -> bool:
    return isinstance(tree, dict) and ('auditReportVersion' in tree or _is_refusal(tree))


def _is_refusal(tree: Tree) -> bool:
    """What npm writes instead, where its registry gives no answer."""
    return 'error' in tree and {'message', 'method', 'uri'} <= tree.keys() | {'error'}


def read_npm_audit(tree: Tree) -> Findings:
    if inside(tree, 'auditReportVersion') != 2:
        raise Unreadable('it is no report of npm 7 or later: the registry gave no advisories')
    totals = demanded(demanded(tree, 'metadata', dict), 'vulnerabilities', dict)
    packages = demanded(tree, 'vulnerabilities', dict)
    if sum(counted(totals, level) for level in LEVELS) != len(packages):
        raise Unreadable('its totals and its packages contradict one another')
    found = tuple(one for name, package in packages.items() for one in _npm(name, package))
    return Findings('npm audit', DEPENDENCIES, found, advisories=LIVE)


def _npm(name: str, package: Tree) -> Iterator[Finding]:
    """`via` holds advisories, and names of packages that are vulnerable by others."""
    severity = demanded(package, 'severity', str)
    subject = f'{name} {words(package, "range")}'.strip()[:200]
    advisories = [one for one in many(package, 'via') if isinstance(one, dict)]
    for one in advisories:
        level = NPM.get(words(one, 'severity') or severity, '')
        rule = words(one, 'url').rpartition('/')[2] or '?'
        yield Finding('npm audit', rule, level, words(one, 'title'), subject=subject)
    if not advisories:
        by = ', '.join(one for one in many(package, 'via') if isinstance(one, str))
        yield Finding('npm audit', 'via', NPM.get(severity, ''), f'by {by[:200]}', subject=subject)


# --- retire.js


def looks_retire(tree: Tree) -> bool:
    return isinstance(tree, dict) and {'data', 'errors', 'vulnerabilityRepositories'} <= tree.keys()


def read_retire(tree: Tree) -> Findings:
    found = tuple(
        Finding(
            'retire.js',
            words(vuln, 'identifiers', 'CVE', 0) or words(vuln, 'identifiers', 'githubID') or '?',
            NPM.get({'medium': 'moderate'}.get(level := words(vuln, 'severity'), level), ''),
            words(vuln, 'identifiers', 'summary'),
            words(file, 'file'),
            subject=f'{words(one, "component")} {words(one, "version")}',
        )
        for file in entries(tree, 'data')
        for one in entries(file, 'results')
        for vuln in many(one, 'vulnerabilities')
    )
    doubts = tuple(str(one)[:200] for one in demanded(tree, 'errors', list))
    return Findings('retire.js', DEPENDENCIES, found, doubts)


# --- safety


def looks_safety(tree: Tree) -> bool:
    """Version 1 writes rows without names."""
    first = inside(tree, 0)
    return (
        isinstance(first, list)
        and len(first) in (5, 6, 7)
        and all(isinstance(one, str) for one in first[:5])
    )


def read_safety(tree: Tree) -> Findings:
    rows = [row for row in tree if isinstance(row, list) and len(row) >= 5]
    if len(rows) != len(tree):
        raise Unreadable('a row is none of safety')
    found = tuple(
        Finding(
            'safety', words(row, 4), '', words(row, 3), subject=f'{words(row, 0)} {words(row, 2)}'
        )
        for row in rows
    )
    return Findings('safety', DEPENDENCIES, found)


def looks_safety_report(tree: Tree) -> bool:
    return isinstance(inside(tree, 'report_meta'), dict) and 'vulnerabilities' in tree


def read_safety_report(tree: Tree) -> Findings:
    """Version 2 and 3. What is ignored stands in a list of its own."""
    vulnerabilities: list[Mapping[str, Tree]] = entries(tree, 'vulnerabilities')
    found = tuple(
        Finding(
            'safety',
            words(one, 'CVE') or words(one, 'vulnerability_id'),
            words(one, 'severity', 'cvssv3', 'base_severity').lower(),
            words(one, 'advisory'),
            subject=f'{words(one, "package_name")} {words(one, "analyzed_version")}',
        )
        for one in vulnerabilities
    )
    scanned = counted(tree['report_meta'], 'packages_found')
    return Findings('safety', DEPENDENCIES, found, () if scanned else ('it looked at no package',))
