"""SARIF, as tools write it and as the standard means it."""

import json
from typing import Any

import pytest

from liftlock.gates.finding import Finding
from liftlock.gates.reports.read import read
from liftlock.gates.reports.records import Findings

RULES = [
    {'id': 'noisy', 'defaultConfiguration': {'level': 'note'}},
    {'id': 'scored', 'properties': {'security-severity': '9.1'}},
    {'id': 'bare'},
]


def result(rule: str, **more: Any) -> dict[str, Any]:
    place = {'artifactLocation': {'uri': 'src/a.py'}, 'region': {'startLine': 7}}
    return {
        'ruleId': rule,
        'message': {'text': f'found by {rule}'},
        'locations': [{'physicalLocation': place}],
        **more,
    }


def sarif(*results: Any, tool: str = 'Semgrep OSS', **run: Any) -> bytes:
    driver = {'name': tool, 'rules': RULES}
    one = {'tool': {'driver': driver}, 'results': list(results), **run}
    return json.dumps({'version': '2.1.0', 'runs': [one]}).encode()


def only(content: bytes) -> Findings:
    (found,) = read('x.sarif', content).reports
    assert isinstance(found, Findings)
    return found


@pytest.mark.parametrize(
    ('given', 'severity'),
    [
        (result('bare', level='error'), 'high'),
        (result('bare'), 'medium'),
        (result('noisy'), 'low'),
        (result('noisy', level='error'), 'high'),
        (result('', ruleIndex=0), 'low'),
        (result('scored', level='note'), 'critical'),
        (result('bare', properties={'security-severity': 5}), 'medium'),
        (result('unheard-of'), 'medium'),
    ],
)
def test_a_severity_is_its_score_or_its_level_or_its_rules(given: Any, severity: str) -> None:
    (found,) = only(sarif(given)).findings
    assert found.severity == severity


def test_a_finding_has_its_rule_message_and_place() -> None:
    found = only(sarif(result('bare')))
    assert found.gates == ('code',)
    assert found.findings == (
        Finding('Semgrep OSS', 'bare', 'medium', 'found by bare', 'src/a.py', 7),
    )


@pytest.mark.parametrize(
    'given',
    [
        result('bare', suppressions=[{'kind': 'inSource'}]),
        result('bare', suppressions=[{'kind': 'external', 'status': 'accepted'}]),
        result('bare', kind='pass'),
        result('bare', level='none'),
        result('bare', baselineState='absent'),
    ],
)
def test_what_is_suppressed_or_no_failure_is_no_finding(given: Any) -> None:
    assert only(sarif(given)).findings == ()


def test_a_suppression_that_was_not_accepted_suppresses_nothing() -> None:
    given = result('bare', suppressions=[{'kind': 'external', 'status': 'underReview'}])
    assert len(only(sarif(given)).findings) == 1


def test_a_run_that_did_not_succeed_proves_nothing() -> None:
    assert only(sarif(invocations=[{'executionSuccessful': False}])).doubts == (
        'it says itself that it did not end well',
    )
    notice = {'level': 'error', 'message': {'text': 'cannot parse a.py'}}
    told = {'executionSuccessful': True, 'toolExecutionNotifications': [notice]}
    assert only(sarif(invocations=[told])).doubts == ('cannot parse a.py',)
    assert only(sarif(invocations=[{'executionSuccessful': True}])).doubts == ()


def test_a_run_without_results_did_not_scan() -> None:
    content = json.dumps({'version': '2.1.0', 'runs': [{'tool': {'driver': {'name': 'zizmor'}}}]})
    assert 'did not scan' in only(content.encode()).doubts[0]


def test_which_gate_it_is_for_is_said_by_its_tool() -> None:
    assert only(sarif(tool='ruff')).gates == ('lint',)
    assert only(sarif(tool='Hadolint')).gates == ('container',)
    assert only(sarif(tool='Trivy')).gates == ('dependencies',)
    assert only(sarif(tool='Trivy', properties={'imageName': 'shop'})).gates == ('container',)
    assert only(sarif(tool='Something of ours')).gates == ('code',)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ({'version': '2.0.0', 'runs': []}, 'only 2.1.0 is read'),
        ({'version': '2.1.0', 'runs': []}, 'nothing was scanned'),
        ({'version': '2.1.0', 'runs': [{'results': []}]}, '"tool" is missing'),
        ({'version': '2.1.0', 'runs': [{'tool': {'driver': {}}, 'results': []}]}, 'name its tool'),
        ({'version': '2.1.0', 'runs': [3]}, 'no object'),
    ],
)
def test_what_is_no_sarif_is_refused(content: Any, reason: str) -> None:
    assert reason in read('x.sarif', json.dumps(content).encode()).trouble
