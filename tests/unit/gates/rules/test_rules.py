"""Each gate, on evidence that is good, bad and missing."""

from typing import Any

import pytest

from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.finding import Finding
from liftlock.gates.junit import Case
from liftlock.gates.reports.read import Read
from liftlock.gates.reports.records import (
    LIVE,
    Coverage,
    Findings,
    Image,
    Load,
    Measure,
    Patch,
    Policy,
    Report,
    Suites,
)
from liftlock.gates.rules import coverage, findings, performance, policy, tests
from liftlock.gates.rules.judge import judge
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.settings import model
from liftlock.language.settings.parse import parse

PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNDECIDED


def seen(*reports: Report, now: float = 0.0, at: float = 0.0, **more: Any) -> Seen:
    one = Evidence(Read('report', tuple(reports)), at)
    return Seen((one,), now, **more)


def lines(covered: int, missed: int, file: str = 'a.py') -> Coverage:
    marks = [*[True] * covered, *[False] * missed]
    return Coverage('x', {file: dict(enumerate(marks, 1))})


def named(name: str, report: Report, **more: Any) -> Evidence:
    return Evidence(Read(name, (report,)), **more)


# --- coverage


@pytest.mark.parametrize(
    ('covered', 'missed', 'outcome', 'told'),
    [
        (75, 25, PASS, 'lines 75% (at least 75%)'),
        (7499, 2501, FAIL, 'lines 74.99% (at least 75%)'),
        (749_999, 250_001, FAIL, 'lines 74.99% (at least 75%)'),
    ],
)
def test_a_share_is_never_rounded_over_its_limit(
    covered: int, missed: int, outcome: Outcome, told: str
) -> None:
    verdict = coverage.judge(model.Coverage(minimum=75), seen(lines(covered, missed)))
    assert (verdict.outcome, verdict.message) == (outcome, told)


def test_without_a_limit_nothing_is_proven() -> None:
    assert coverage.judge(model.Coverage(), seen(lines(1, 0))).outcome is UNDECIDED


def test_reports_are_laid_over_one_another() -> None:
    unit = Coverage('x', {'src/a.py': {1: True, 2: False}}, '/ws')
    whole = Coverage('x', {'/ws/src/a.py': {1: False, 2: True}})
    short = Coverage('x', {'a.py': {1: True, 2: True}}, '/ws/src')
    given = Seen(tuple(named('c', one, root='/ws') for one in (unit, whole, short)))
    verdict = coverage.judge(model.Coverage(minimum=100), given)
    assert (verdict.outcome, verdict.message) == (PASS, 'lines 100% (at least 100%)')


def test_a_suite_is_known_by_its_flag_or_by_its_name() -> None:
    settings = model.Coverage(suites={'unit': 90, 'e2e': 50})
    flagged = named('coverage.xml', lines(9, 1), flags=('Unit',))
    by_name = named('out/coverage-e2e.xml', lines(4, 6))
    verdict = coverage.judge(settings, Seen((flagged, by_name)))
    assert verdict.message == 'unit 90% (at least 90%); e2e 40% (at least 50%)'
    assert verdict.outcome is FAIL
    lone = coverage.judge(settings, Seen((flagged,)))
    assert (lone.outcome, lone.message.split('; ')[1]) == (
        UNDECIDED,
        'there is no coverage of the suite "e2e"',
    )


@pytest.mark.parametrize(
    ('patch', 'outcome', 'told'),
    [
        (Patch(9, 10, (('a.py', 3), ('a.py', 4))), PASS, 'changed lines 80% (at least 80%)'),
        (Patch(9, 3, (('a.py', 3),)), FAIL, 'changed lines 66.66% (at least 80%)'),
        (Patch(0, 0), PASS, 'no line of code was changed'),
        (Patch(7, 0), UNDECIDED, '7 lines were changed, and coverage measures none of them'),
    ],
)
def test_changed_lines_have_a_limit_of_their_own(patch: Patch, outcome: Outcome, told: str) -> None:
    verdict = coverage.judge(model.Coverage(patch=80), seen(patch))
    assert (verdict.outcome, verdict.message) == (outcome, told)


# --- tests


def case(name: str, state: str = 'passed', *, again: bool = False) -> Case:
    return Case('s', name, state, again=again, message='no' if state == 'failed' else '')


@pytest.mark.parametrize(
    ('flaky', 'cases', 'outcome'),
    [
        ('report', [case('a'), case('b', 'skipped')], PASS),
        ('report', [case('a', 'failed')], FAIL),
        ('quarantine', [case('a', 'failed')], FAIL),
        ('quarantine', [case('known', 'failed'), case('a')], PASS),
        ('report', [case('known', 'failed'), case('a')], FAIL),
        ('report', [case('a', again=True)], PASS),
        ('block', [case('a', again=True)], FAIL),
        ('report', [case('a', 'skipped')], UNDECIDED),
    ],
)
def test_tests_pass_or_fail_or_prove_nothing(
    flaky: str, cases: list[Case], outcome: Outcome
) -> None:
    given = seen(Suites(tuple(cases)), flaky=frozenset({'s: known'}))
    assert tests.judge(model.Tests(flaky), given).outcome is outcome


# --- findings


def found(*severities: str, gate: str = 'code', **more: Any) -> Findings:
    those = tuple(Finding('x', f'r{at}', word) for at, word in enumerate(severities))
    return Findings('x', (gate,), those, **more)


@pytest.mark.parametrize(
    ('settings', 'severity', 'outcome', 'approval'),
    [
        (model.Findings(high='block'), 'high', FAIL, False),
        (model.Findings(high='block'), 'critical', FAIL, False),
        (model.Findings(high='block'), 'medium', PASS, False),
        (model.Findings(high='block'), '', FAIL, False),
        (model.Findings(high='approval'), 'high', PASS, True),
        (model.Findings(critical='block', high='report'), 'high', PASS, False),
        (model.Findings(critical='report', low='block'), 'critical', PASS, False),
        (model.Findings(), 'critical', PASS, False),
    ],
)
def test_a_severity_decides(
    settings: model.Findings, severity: str, outcome: Outcome, approval: bool
) -> None:
    verdict = findings.code(settings, seen(found(severity)))
    assert (verdict.outcome, verdict.approval) == (outcome, approval)


def test_a_doubt_lets_nothing_through_and_a_finding_outweighs_it() -> None:
    block = model.Findings(high='block')
    doubtful = findings.code(block, seen(found(doubts=('b.py could not be parsed',))))
    assert (doubtful.outcome, doubtful.message) == (
        UNDECIDED,
        'no findings of x; x: b.py could not be parsed',
    )
    assert findings.code(block, seen(found('high', doubts=('?',)))).outcome is FAIL


def test_one_finding_in_two_formats_counts_once() -> None:
    verdict = findings.lint(model.Lint(1), seen(found('', gate='lint'), found('', gate='lint')))
    assert (verdict.outcome, verdict.message) == (PASS, '1 finding of x (at most 1)')
    assert findings.lint(model.Lint(0), seen(found('', gate='lint'))).outcome is FAIL


def test_secrets_need_one_word() -> None:
    given = seen(found('', gate='secrets'))
    outcomes = {word: findings.secrets(word, given).outcome for word in ('block', 'report')}
    assert outcomes == {'block': FAIL, 'report': PASS}
    assert findings.secrets('approval', given).approval
    assert findings.secrets('ignore', Seen()).outcome is PASS


@pytest.mark.parametrize(
    ('report', 'outcome', 'told'),
    [
        (found(gate='dependencies', advisories=900.0), PASS, ''),
        (found(gate='dependencies', advisories=100.0), UNDECIDED, '15m old (at most 5m)'),
        (found(gate='dependencies'), UNDECIDED, 'does not tell how old'),
        (found(gate='dependencies', advisories=LIVE), PASS, ''),
    ],
)
def test_old_advisories_prove_nothing(report: Findings, outcome: Outcome, told: str) -> None:
    settings = model.Findings(high='block', advisories_max_age=300)
    verdict = findings.dependencies(settings, seen(report, now=1000, at=990))
    assert (verdict.outcome, told in verdict.message) == (outcome, True)


@pytest.mark.parametrize(
    ('reports', 'outcome'),
    [
        ([Image('i', 'app')], PASS),
        ([Image('i', '')], FAIL),
        ([Image('i', '0:0')], FAIL),
        ([Image('i', 'app'), Image('j', 'root')], FAIL),
        ([], UNDECIDED),
        ([found(gate='container', passed=frozenset({'CKV_DOCKER_3'}))], PASS),
        ([Findings('x', ('container',), (Finding('x', 'DL3002'),))], FAIL),
    ],
)
def test_whom_an_image_runs_as_must_be_told(reports: list[Report], outcome: Outcome) -> None:
    settings = model.Findings(critical='report', user='nonroot')
    given = seen(found(gate='container'), *reports)
    assert findings.container(settings, given).outcome is outcome


# --- performance


def limit(text: str) -> model.Condition:
    read = parse('l', f'gates: {{performance: {{m: "{text}"}}}}').settings
    assert read is not None
    assert read.gates is not None
    return read.gates.performance['m']


@pytest.mark.parametrize(
    ('measure', 'text', 'outcome'),
    [
        (Measure(1.9, 1.9, 's'), '< 2s', PASS),
        (Measure(1.9, 1.9, 's'), '< 1900ms', FAIL),
        (Measure(1.75, 1.85, 's'), '< 1.8s', UNDECIDED),
        (Measure(1.75, 1.79, 's'), '< 1.8s', PASS),
        (Measure(1.9, 1.9, 's'), '< 2', UNDECIDED),
        (Measure(0.5, 0.5, '%'), '<= 1%', PASS),
        (Measure(1 << 29, 1 << 29, 'B'), '< 512MB', FAIL),
        (Measure(1 << 29, 1 << 29, 'B'), '<= 0.5GB', PASS),
        (Measure(1, 2, ''), '!= 1.5', UNDECIDED),
    ],
)
def test_a_measurement_keeps_its_limit(measure: Measure, text: str, outcome: Outcome) -> None:
    given = seen(Load('x', {'m': measure}))
    assert performance.judge({'m': limit(text)}, given).outcome is outcome


def test_of_several_measurements_all_must_keep_it() -> None:
    good, bad = (Load('x', {'avg(t)': Measure(value, value)}) for value in (1.0, 3.0))
    verdict = performance.judge({'mean(t)': limit('< 2')}, seen(good, bad))
    assert (verdict.outcome, verdict.message) == (FAIL, 'mean(t) 3 (< 2)')


# --- policy


def test_a_policy_that_nobody_asked_has_allowed_nothing() -> None:
    verdict = policy.judge(('policies/*.rego',), Seen())
    assert (verdict.outcome, verdict.message) == (UNDECIDED, 'nobody has asked policies/*.rego')
    assert '--data policies/*.rego' in verdict.hint


@pytest.mark.parametrize(
    ('report', 'outcome'),
    [
        (Policy('opa', ('data.a.deny',)), PASS),
        (Policy('opa', ('data.a.deny',), (Finding('opa', 'deny'),)), FAIL),
        (Policy('opa', (), (), ('undefined',)), UNDECIDED),
    ],
)
def test_a_policy_denies_or_does_not(report: Policy, outcome: Outcome) -> None:
    assert policy.judge(('p',), seen(report)).outcome is outcome


# --- all of them

EVERY = """
gates:
  coverage: {minimum: 75, suites: {unit: 90}, patch: 80}
  tests: {flaky: quarantine}
  lint: {findings: 0}
  dependencies: {critical: block}
  code: {high: block}
  secrets: block
  licenses: {deny: [AGPL-3.0-only]}
  container: {critical: block, user: nonroot}
  performance: {error_rate: "< 1%"}
  policy: [policies/*.rego]
"""


def test_without_evidence_no_gate_passes_and_each_says_what_to_do() -> None:
    settings = parse('liftlock.yml', EVERY).settings
    assert settings is not None
    assert settings.gates is not None
    verdicts = judge(settings.gates, Seen())
    assert len(verdicts) == 10
    assert {one.outcome for one in verdicts} == {UNDECIDED}
    assert all(one.message and one.hint for one in verdicts)


def test_nothing_of_a_strangers_text_moves_the_cursor() -> None:
    doubtful = found(doubts=('\x1b[2Jall is well\n\ntruly',))
    (verdict,) = judge(model.Gates(code=model.Findings(high='block')), seen(doubtful))
    assert verdict.message == 'no findings of x; x: \ufffd[2Jall is well truly'


def test_a_gate_that_is_not_set_is_not_judged() -> None:
    assert judge(model.Gates(), seen(found('critical'))) == ()


def test_a_report_that_cannot_be_read_lets_nothing_through() -> None:
    broken = Evidence(Read('a.sarif', trouble='it is no JSON'))
    doubtful = Evidence(Read('b.json', trouble='it is no JSON', sure=False))
    (verdict,) = judge(model.Gates(), Seen((broken, doubtful)))
    assert verdict == Verdict(
        'reports', UNDECIDED, 'a.sarif: it is no JSON', 'have the tool write it again'
    )
    assert judge(model.Gates(), Seen((doubtful,))) == ()
    assert len(judge(model.Gates(), Seen((doubtful._replace(given=True),)))) == 1
