"""The gates of liftlock.yml, held against files here and against what a run has handed in."""

import json
from typing import Any

import pytest

from e2e.cli.conftest import Project

COVERAGE = {
    'meta': {'format': 3},
    'files': {'shop.py': {'executed_lines': [1, 2, 3], 'missing_lines': [4]}},
    'totals': {},
}
SARIF: dict[str, Any] = {
    'version': '2.1.0',
    'runs': [
        {
            'tool': {'driver': {'name': 'Semgrep OSS', 'rules': []}},
            'results': [
                {
                    'ruleId': 'eval-use',
                    'level': 'error',
                    'message': {'text': 'eval on data'},
                    'locations': [
                        {
                            'physicalLocation': {
                                'artifactLocation': {'uri': 'shop.py'},
                                'region': {'startLine': 3},
                            }
                        }
                    ],
                }
            ],
        }
    ],
}
JUNIT = """<testsuite name="shop"><testcase classname="shop" name="test_pay"/>
<testcase classname="shop" name="test_ship"/></testsuite>"""
WORKFLOW = """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: codecov/codecov-action@v5
        with: {files: out/coverage.json, flags: unit, disable_search: true}
      - uses: codecov/codecov-action@v5
        with: {files: out/junit.xml, report_type: test_results, disable_search: true}
      - uses: github/codeql-action/upload-sarif@v3
        with: {sarif_file: out/semgrep.sarif}
      - uses: actions/upload-artifact@v4
        with: {name: scans, path: out/scans}
"""


@pytest.fixture
def shop(project: Project) -> Project:
    project.write('out/coverage.json', json.dumps(COVERAGE))
    project.write('out/junit.xml', JUNIT)
    project.write('out/semgrep.sarif', json.dumps(SARIF))
    project.write('out/scans/gitleaks.json', '[]')
    project.write('out/scans/notes.txt', 'nothing to see here')
    return project


def test_gates_are_held_against_files(shop: Project) -> None:
    shop.write('liftlock.yml', 'gates: {coverage: {minimum: 75}, tests: {flaky: report}}')
    ended = shop.liftlock('gates', 'out/coverage.json', 'out/junit.xml')
    assert (ended.status, ended.err) == (0, '')
    assert ended.out.splitlines() == [
        '✓ coverage  lines 75% (at least 75%)',
        '✓ tests     2 tests, 0 failed',
        '',
        '2 passed, 0 failed, 0 could not be evaluated; 2 reports',
    ]


def test_a_gate_that_fails_tells_what_was_found_and_where(shop: Project) -> None:
    shop.write('liftlock.yml', 'gates: {coverage: {minimum: 80}, code: {high: block}}')
    ended = shop.liftlock('gates', 'out')
    assert ended.status == 1
    assert ended.out.splitlines() == [
        '✗ coverage  lines 75% (at least 80%)',
        '✗ code      1 high of Semgrep OSS, 1 of them blocked',
        '    high  shop.py:3  eval-use  eval on data',
        '',
        '0 passed, 2 failed, 0 could not be evaluated; 4 reports',
    ]


def test_a_gate_without_a_report_says_what_to_do(shop: Project) -> None:
    shop.write('liftlock.yml', 'gates: {coverage: {minimum: 75}, licenses: {deny: [GPL-3.0]}}')
    ended = shop.liftlock('gates', 'out')
    assert ended.status == 3
    assert '? licenses  there is no report of licences' in ended.out
    assert 'pip-licenses --format=json' in ended.out


def test_a_report_that_was_cut_off_is_no_report(shop: Project) -> None:
    shop.write('liftlock.yml', 'gates: {code: {high: block}}')
    whole = shop.directory / 'out/semgrep.sarif'
    whole.write_text(whole.read_text()[:-40])
    ended = shop.liftlock('gates', 'out/semgrep.sarif')
    assert ended.status == 3
    assert 'out/semgrep.sarif: it is no JSON' in ended.out


def test_programs_are_told_the_same(shop: Project) -> None:
    shop.write('liftlock.yml', 'gates: {code: {high: approval}}')
    ended = shop.liftlock('gates', '--json', 'out/semgrep.sarif')
    assert ended.status == 0
    told = json.loads(ended.out)
    (gate,) = told['gates']
    assert (told['outcome'], gate['gate'], gate['approval']) == ('pass', 'code', True)
    assert gate['findings'][0] == {
        'tool': 'Semgrep OSS',
        'rule': 'eval-use',
        'severity': 'high',
        'message': 'eval on data',
        'path': 'shop.py',
        'line': 3,
        'subject': '',
    }
    assert told['reports'] == [
        {'name': 'out/semgrep.sarif', 'kinds': ['findings'], 'trouble': None}
    ]


def test_gates_are_held_against_what_a_run_has_handed_in(shop: Project) -> None:
    shop.write(
        'liftlock.yml',
        'gates: {coverage: {suites: {unit: 75}}, tests: {flaky: quarantine}, code: {high: block},'
        ' secrets: block}',
    )
    shop.workflow(WORKFLOW)
    ran = shop.liftlock('run')
    assert ran.status == 0, ran.out + ran.err
    ended = shop.liftlock('gates')
    assert ended.out.splitlines() == [
        '✓ coverage  unit 75% (at least 75%)',
        '✓ tests     2 tests, 0 failed',
        '✗ code      1 high of Semgrep OSS, 1 of them blocked',
        '    high  shop.py:3  eval-use  eval on data',
        '✓ secrets   no findings of gitleaks',
        '',
        '3 passed, 1 failed, 0 could not be evaluated; 4 reports',
    ]
    assert ended.status == 1
    assert shop.liftlock('gates', '--run', '1').out == ended.out
    shop.write('liftlock.yml', '')  # what a run is held against is the file of its own commit
    shown = shop.liftlock('show').out
    assert shown.endswith(
        'Gates\n'
        '  ✓ coverage  unit 75% (at least 75%)\n'
        '  ✓ tests     2 tests, 0 failed\n'
        '  ✗ code      1 high of Semgrep OSS, 1 of them blocked\n'
        '  ✓ secrets   no findings of gitleaks\n'
    )


@pytest.mark.parametrize(
    ('settings', 'words', 'complaint'),
    [
        ('', ('out',), 'liftlock.yml has no gates'),
        (None, ('out',), 'there is no liftlock.yml here'),
        ('gates: {secrets: blok}', ('out',), 'did you mean "block"?'),
        ('gates: {secrets: block}', ('nowhere.json',), 'there is no report nowhere.json'),
        ('gates: {secrets: block}', ('out', '--run', '1'), 'give either REPORTs or --run'),
        ('gates: {secrets: block}', ('--run', '1'), 'run 1'),
        ('gates: {secrets: block}', (), 'no run was ever started here'),
    ],
)
def test_a_mistake_is_told_and_is_no_verdict(
    shop: Project, settings: str | None, words: tuple[str, ...], complaint: str
) -> None:
    if settings is not None:
        shop.write('liftlock.yml', settings)
    ended = shop.liftlock('gates', *words)
    assert (ended.status, ended.out) == (2, '')
    assert complaint in ended.err
