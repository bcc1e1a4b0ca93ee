"""Gates on findings: code, dependencies, containers, secrets and linters.

A severity of which nothing is said is treated as the strictest that is said of a lesser one, so
`high: block` blocks what is critical, too. What has no severity, as everything that pip-audit
finds, may be anything, and is treated as the strictest of all.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from liftlock.gates import evidence
from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.finding import SEVERITIES, UNKNOWN, Finding, worst_first
from liftlock.gates.reports.records import LIVE, Findings, Image
from liftlock.gates.verdict import Outcome, Verdict, worst
from liftlock.language.figures import count, span
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model

STRICTNESS: Final = ('ignore', 'report', 'approval', 'block')
HINTS: Final = {
    'lint': 'have ruff, flake8, mypy or ESLint write a report (ruff check --output-format sarif)',
    'dependencies': 'have pip-audit, npm audit, trivy or grype write JSON, and hand it in',
    'code': 'have bandit, semgrep, CodeQL or zizmor write SARIF or JSON, and hand it in',
    'secrets': 'have kingfisher, gitleaks, detect-secrets or trufflehog write JSON, and hand it in',
    'container': 'have hadolint, trivy, grype or checkov look at it, and hand in what they write',
}
ROOT: Final = frozenset({'', 'root', '0'})
USER_RULES: Final = ('CKV_DOCKER_3', 'CKV_DOCKER_8', 'DL3002')
USER_HINT: Final = 'hand in what `docker image inspect IMAGE` writes'


class _Looked(NamedTuple):
    """What the tools of one gate have said, each finding once."""

    tools: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubts: tuple[str, ...]


def lint(settings: model.Lint, seen: Seen) -> Verdict:
    looked = _look('lint', seen)
    if looked is None:
        return _nothing('lint', 'linters')
    found, most = len(looked.findings), settings.findings
    outcome = Outcome.FAIL if found > most else _doubted(looked)
    told = f'{count(found, "finding")} of {_by(looked)} (at most {most})'
    shown = looked.findings if found > most else ()
    return Verdict('lint', outcome, _with(told, looked.doubts), findings=shown)


def secrets(decision: str, seen: Seen) -> Verdict:
    if decision == 'ignore':
        return Verdict('secrets', Outcome.PASS, 'ignored')
    looked = _look('secrets', seen)
    if looked is None:
        return _nothing('secrets', 'scanners for secrets')
    return _decided('secrets', looked, dict.fromkeys((*SEVERITIES, UNKNOWN), decision))


def code(settings: model.Findings, seen: Seen) -> Verdict:
    return _by_severity('code', settings, seen, 'what looks at code')


def dependencies(settings: model.Findings, seen: Seen) -> Verdict:
    verdict = _by_severity('dependencies', settings, seen, 'what looks at dependencies')
    old = _old(settings.advisories_max_age, seen)
    if not old or verdict.outcome is not Outcome.PASS:
        return verdict
    hint = 'look again with advisories of today'
    return verdict._replace(outcome=Outcome.UNDECIDED, message=f'{verdict[2]}; {old}', hint=hint)


def container(settings: model.Findings, seen: Seen) -> Verdict:
    verdict = _by_severity('container', settings, seen, 'what looks at images')
    if settings.user != 'nonroot':
        return verdict
    outcome, told, found = _user(seen)
    hint = USER_HINT if outcome is Outcome.UNDECIDED else ''
    return verdict._replace(
        outcome=worst((verdict.outcome, outcome)),
        message=f'{verdict.message}; {told}',
        hint=verdict.hint or hint,
        findings=(*found, *verdict.findings),
    )


# --- looking


def _look(gate: str, seen: Seen) -> _Looked | None:
    """None where no tool of this gate has looked."""
    reports = [report for _, report in evidence.of(seen, Findings) if gate in report.gates]
    if not reports:
        return None
    found = sorted({one for report in reports for one in report.findings}, key=worst_first)
    doubts = tuple(f'{report.tool}: {doubt}' for report in reports for doubt in report.doubts)
    tools = {report.tool.lower(): report.tool for report in reports}
    return _Looked(tuple(tools.values()), tuple(found), doubts)


def _nothing(gate: str, whose: str) -> Verdict:
    return Verdict(gate, Outcome.UNDECIDED, f'there is no report of {whose}', HINTS[gate])


def _by_severity(gate: str, settings: model.Findings, seen: Seen, whose: str) -> Verdict:
    looked = _look(gate, seen)
    return _nothing(gate, whose) if looked is None else _decided(gate, looked, decisions(settings))


def decisions(settings: model.Findings) -> Mapping[str, str]:
    """What happens to a finding, by its severity."""
    found: dict[str, str] = {}
    strictest = 'report'
    for severity in reversed(SEVERITIES):
        told: str = getattr(settings, severity)
        found[severity] = told or strictest
        strictest = max(strictest, found[severity], key=STRICTNESS.index)
    return found | {UNKNOWN: strictest}


# --- deciding


def _decided(gate: str, looked: _Looked, decision: Mapping[str, str]) -> Verdict:
    by: dict[str, list[Finding]] = {word: [] for word in STRICTNESS}
    for one in looked.findings:
        by[decision.get(one.severity, decision[UNKNOWN])].append(one)
    outcome = Outcome.FAIL if by['block'] else _doubted(looked)
    told = f'{_tally(looked.findings)} of {_by(looked)}'
    if by['block']:
        told += f', {len(by["block"])} of them blocked'
    elif by['approval']:
        told += f', {len(by["approval"])} of them to be approved'
    approval = bool(by['approval']) and not by['block']
    shown = (*by['block'], *by['approval'], *by['report'])
    return Verdict(gate, outcome, _with(told, looked.doubts), approval=approval, findings=shown)


def _doubted(looked: _Looked) -> Outcome:
    return Outcome.UNDECIDED if looked.doubts else Outcome.PASS


def _tally(findings: Sequence[Finding]) -> str:
    numbers = {word: sum(one.severity == word for one in findings) for word in SEVERITIES}
    parts = [f'{number} {word}' for word, number in numbers.items() if number]
    rest = len(findings) - sum(numbers.values())
    if rest:
        parts.append(f'{rest} of unknown severity' if parts else count(rest, 'finding'))
    return ', '.join(parts) or 'no findings'


def _by(looked: _Looked) -> str:
    return ', '.join(looked.tools)


def _with(told: str, doubts: Sequence[str]) -> str:
    if not doubts:
        return told
    more = f' (and {len(doubts) - 1} more)' if len(doubts) > 1 else ''
    return f'{told}; {doubts[0]}{more}'


# --- how old, and as whom


def _old(most: float | None, seen: Seen) -> str:
    """Why what was found rests on advisories that are too old; '' if it does not."""
    if most is None:
        return ''
    for one, report in evidence.of(seen, Findings):
        if 'dependencies' not in report.gates:
            continue
        known = _published(one, report)
        if not known:
            return f'{report.tool} does not tell how old its advisories are'
        if seen.now - known > most:
            old = span(seen.now - known)
            return f'the advisories of {report.tool} are {old} old (at most {span(most)})'
    return ''


def _published(one: Evidence, report: Findings) -> float:
    return one.at if report.advisories == LIVE else report.advisories


def _user(seen: Seen) -> tuple[Outcome, str, tuple[Finding, ...]]:
    images = [image for _, image in evidence.of(seen, Image)]
    reports = [report for _, report in evidence.of(seen, Findings) if 'container' in report.gates]
    found = [
        Finding('docker', 'user', '', 'it runs as root', image.name)
        for image in images
        if image.user.partition(':')[0].lower() in ROOT
    ]
    found += _told(one for report in reports for one in report.findings)
    if found:
        return Outcome.FAIL, 'it runs as root', tuple(found)
    if images or any(USER_RULES[0] in report.passed for report in reports):
        return Outcome.PASS, 'it does not run as root', ()
    return Outcome.UNDECIDED, 'nobody says whom the image runs as', ()


def _told(findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if one.rule in USER_RULES]
