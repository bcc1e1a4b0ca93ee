"""Coverage by tests. Reports are laid over one another: a line is covered if any of them ran it.

A report belongs to a suite if it was handed in under that flag, or has the suite's name as a word
in its own: `coverage-unit.xml`. Shares are never rounded up over a limit.
"""

import math
import re
from collections.abc import Iterable, Iterator

from liftlock.gates import evidence
from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.finding import Finding
from liftlock.gates.reports.records import Coverage, Patch
from liftlock.gates.verdict import Outcome, Verdict, worst
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model

HINT = 'have it written as Cobertura XML, LCOV, JaCoCo, Clover or coverage.py JSON, and hand it in'
PATCH_HINT = 'run: diff-cover coverage.xml --format json:diff-cover.json'


class _Part(NamedTuple):
    outcome: Outcome
    message: str
    hint: str = ''
    findings: tuple[Finding, ...] = ()


def judge(settings: model.Coverage, seen: Seen) -> Verdict:
    parts = [*_shares(settings, seen), *_patch(settings.patch, seen)]
    if not parts:
        return Verdict('coverage', Outcome.UNDECIDED, 'no limit is set', 'set minimum: or suites:')
    return Verdict(
        'coverage',
        worst(part.outcome for part in parts),
        '; '.join(part.message for part in parts),
        next((part.hint for part in parts if part.hint), ''),
        findings=tuple(one for part in parts for one in part.findings),
    )


def _shares(settings: model.Coverage, seen: Seen) -> Iterator[_Part]:
    reports = list(evidence.of(seen, Coverage))
    if settings.minimum is not None:
        yield _share('', settings.minimum, reports)
    for suite, limit in settings.suites.items():
        own = [(one, report) for one, report in reports if suite.lower() in _words(one)]
        yield _share(suite, limit, own)


def _words(one: Evidence) -> set[str]:
    flags = {flag.lower() for flag in one.flags}
    return flags | set(re.split(r'[^a-z0-9]+', one.read.name.lower()))


def _share(suite: str, limit: float, reports: Iterable[tuple[Evidence, Coverage]]) -> _Part:
    lines: dict[tuple[str, int], bool] = {}
    for one, report in reports:
        for file, those in report.files.items():
            name = placed(file, report.source, one.root)
            for line, hit in those.items():
                lines[name, line] = lines.get((name, line), False) or hit
    if not lines:
        if suite:
            hint = f'hand its report in under the flag {suite}, or name it coverage-{suite}.xml'
            return _Part(Outcome.UNDECIDED, f'there is no coverage of the suite "{suite}"', hint)
        return _Part(Outcome.UNDECIDED, 'there is no report of coverage', HINT)
    covered, whole = sum(lines.values()), len(lines)
    good = covered * 100 >= limit * whole
    told = f'{suite or "lines"} {shown(covered, whole)} (at least {limit:g}%)'
    return _Part(Outcome.PASS if good else Outcome.FAIL, told)


def placed(file: str, source: str, root: str) -> str:
    """The file's name within the sources, as far as that can be told."""
    name = file.replace('\\', '/')
    base = root.rstrip('/') + '/'
    if not name.startswith('/') and root and (source.rstrip('/') + '/').startswith(base):
        name = f'{source.rstrip("/")}/{name}'
    return name.removeprefix(base) if root else name.removeprefix('./')


def shown(part: int, whole: int) -> str:
    """`79.99%`, where rounding would make it 80%."""
    return f'{math.floor(part * 10_000 / whole) / 100:g}%'


def _patch(limit: float | None, seen: Seen) -> Iterator[_Part]:
    if limit is None:
        return
    reports = [report for _, report in evidence.of(seen, Patch)]
    changed = sum(one.changed for one in reports)
    measured = sum(one.measured for one in reports)
    missing = [place for one in reports for place in one.missing]
    if not reports:
        yield _Part(Outcome.UNDECIDED, 'there is no report of the changed lines', PATCH_HINT)
    elif not measured and changed:
        told = f'{changed} lines were changed, and coverage measures none of them'
        yield _Part(
            Outcome.UNDECIDED, told, 'are the paths in coverage.xml those of the repository?'
        )
    elif not measured:
        yield _Part(Outcome.PASS, 'no line of code was changed')
    else:
        covered = measured - len(missing)
        good = covered * 100 >= limit * measured
        told = f'changed lines {shown(covered, measured)} (at least {limit:g}%)'
        found = tuple(
            Finding('diff-cover', 'not covered', '', 'no test runs this line', path, line)
            for path, line in missing
        )
        yield _Part(Outcome.PASS if good else Outcome.FAIL, told, findings=() if good else found)
