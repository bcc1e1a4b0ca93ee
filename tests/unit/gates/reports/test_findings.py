"""One small report of every tool that finds things: what is found, and what proves nothing."""

import json
from typing import Any

import pytest

from liftlock.gates.finding import Finding
from liftlock.gates.reports.read import read
from liftlock.gates.reports.records import Findings, Image, Policy

BANDIT = {
    'errors': [],
    'metrics': {'_totals': {'loc': 12}},
    'results': [
        {
            'test_id': 'B602',
            'issue_severity': 'HIGH',
            'issue_text': 'shell=True',
            'filename': 'a.py',
            'line_number': 3,
        }
    ],
}
SEMGREP = {
    'results': [
        {
            'check_id': 'eval-use',
            'path': 'a.py',
            'start': {'line': 3},
            'extra': {'severity': 'ERROR', 'message': 'eval'},
        },
        {'check_id': 'x', 'path': 'a.py', 'extra': {'severity': 'ERROR', 'is_ignored': True}},
    ],
    'errors': [],
    'paths': {'scanned': ['a.py']},
}
ZIZMOR = [
    {
        'ident': 'template-injection',
        'desc': 'code injection',
        'determinations': {'severity': 'Informational'},
        'locations': [
            {
                'symbolic': {'kind': 'Primary', 'key': {'Local': {'verbatim_path': 'ci.yml'}}},
                'concrete': {'location': {'start_point': {'row': 2}}},
            }
        ],
    },
    {'ident': 'x', 'determinations': {}, 'locations': [], 'ignored': True},
]
RUFF = [
    {
        'code': 'F401',
        'filename': 'a.py',
        'location': {'row': 3, 'column': 1},
        'message': 'unused',
        'noqa_row': 3,
    }
]
GITLAB = [
    {
        'check_name': 'F401',
        'description': 'unused',
        'fingerprint': 'f',
        'severity': 'major',
        'location': {'path': 'a.py', 'positions': {'begin': {'line': 3}}},
    }
]
ESLINT = [
    {'filePath': 'a.js', 'messages': [{'ruleId': 'semi', 'line': 3, 'message': 'missing'}]},
    {'filePath': 'b.js', 'messages': []},
]
PIP_AUDIT = {
    'dependencies': [
        {'name': 'shop', 'version': '1', 'vulns': [{'id': 'PYSEC-1', 'fix_versions': ['2', '3']}]}
    ],
    'fixes': [],
}
NPM = {
    'auditReportVersion': 2,
    'vulnerabilities': {
        'lodash': {
            'severity': 'high',
            'range': '<4',
            'via': [{'url': 'https://x/GHSA-1', 'severity': 'moderate', 'title': 'pollution'}],
        },
        'app': {'severity': 'critical', 'via': ['lodash']},
    },
    'metadata': {
        'vulnerabilities': {
            'info': 0,
            'low': 0,
            'moderate': 0,
            'high': 1,
            'critical': 1,
            'total': 2,
        }
    },
}
RETIRE = {
    'data': [
        {
            'file': 'l.js',
            'results': [
                {
                    'component': 'lodash',
                    'version': '4.1',
                    'vulnerabilities': [
                        {'severity': 'medium', 'identifiers': {'CVE': ['CVE-1'], 'summary': 's'}}
                    ],
                }
            ],
        }
    ],
    'errors': [],
    'vulnerabilityRepositories': [],
}
SAFETY = [['shop', '<2', '1', 'bad', '42', None, None]]
SAFETY_3 = {
    'report_meta': {'packages_found': 3},
    'vulnerabilities': [{'CVE': 'CVE-1', 'package_name': 'shop', 'analyzed_version': '1'}],
}
HADOLINT = [{'code': 'DL3020', 'file': 'Dockerfile', 'level': 'error', 'line': 4, 'message': 'm'}]
CHECKOV = {
    'check_type': 'dockerfile',
    'summary': {'passed': 1, 'failed': 1, 'parsing_errors': 0},
    'results': {
        'passed_checks': [{'check_id': 'CKV_DOCKER_3'}],
        'failed_checks': [
            {
                'check_id': 'CKV_DOCKER_7',
                'check_name': 'latest',
                'file_path': '/Dockerfile',
                'file_line_range': [1, 1],
                'resource': 'FROM',
                'severity': None,
            }
        ],
    },
}
TRIVY = {
    'SchemaVersion': 2,
    'ArtifactName': 'shop',
    'ArtifactType': 'container_image',
    'Results': [
        {
            'Target': 'shop (debian)',
            'Vulnerabilities': [
                {
                    'VulnerabilityID': 'CVE-1',
                    'PkgName': 'zlib',
                    'InstalledVersion': '1.2',
                    'Severity': 'CRITICAL',
                    'Title': 'overflow',
                }
            ],
        }
    ],
}
GRYPE = {
    'descriptor': {'name': 'grype', 'db': {'built': '2026-11-01T00:00:00Z'}},
    'source': {'type': 'image'},
    'matches': [
        {
            'vulnerability': {'id': 'CVE-1', 'severity': 'Negligible', 'description': 'd'},
            'artifact': {'name': 'zlib', 'version': '1.2'},
        }
    ],
}
KINGFISHER = {
    'findings': [
        {'rule': {'id': 'aws', 'name': 'AWS key'}, 'finding': {'path': './a.py', 'line': 3}}
    ],
    'audit': {'summary': {'scan_failed': 0}},
    'metadata': {'kingfisher_version': '2', 'summary': {'blobs_scanned': 1}},
}
DETECT = {
    'plugins_used': [{'name': 'AWSKeyDetector'}],
    'filters_used': [],
    'results': {
        'a.py': [
            {'type': 'AWS Access Key', 'line_number': 3},
            {'type': 'Audited', 'line_number': 4, 'is_secret': False},
        ]
    },
}
GITLEAKS = [
    {
        'RuleID': 'aws',
        'Description': 'key',
        'File': 'a.py',
        'StartLine': 3,
        'Secret': 'AKIA-THE-SECRET',
        'Fingerprint': 'f',
    }
]
TRUFFLEHOG_3 = [
    {
        'rule': {'id': 'aws', 'message': 'AWS key'},
        'path': 'a.py',
        'line': 'key = AKIA-THE-SECRET',
        'secret': 'AKIA-THE-SECRET',
        'context': {'2': '', '3': 'AKIA-THE-SECRET', '4': ''},
    }
]
WAPITI = {
    'classifications': {},
    'infos': {'target': 'http://x/'},
    'vulnerabilities': {
        'Cross Site Scripting': [{'level': 2, 'info': 'XSS', 'path': '/search'}],
        'Backup file': [],
    },
    'anomalies': {},
}
BOM = {
    'bomFormat': 'CycloneDX',
    'components': [{'bom-ref': 'r', 'name': 'shop', 'version': '1'}],
    'vulnerabilities': [
        {
            'id': 'CVE-1',
            'description': 'd',
            'ratings': [{'severity': 'low'}, {'severity': 'high'}],
            'affects': [{'ref': 'r'}],
        },
        {'id': 'CVE-2', 'analysis': {'state': 'not_affected'}, 'affects': [{'ref': 'r'}]},
    ],
}
EVERY: list[Any] = [
    pytest.param(BANDIT, 'code', ('bandit', 'B602', 'high', 'shell=True', 'a.py', 3), id='bandit'),
    pytest.param(SEMGREP, 'code', ('semgrep', 'eval-use', 'high', 'eval', 'a.py', 3), id='semgrep'),
    pytest.param(
        ZIZMOR,
        'code',
        ('zizmor', 'template-injection', 'low', 'code injection', 'ci.yml', 3),
        id='zizmor',
    ),
    pytest.param(RUFF, 'lint', ('ruff', 'F401', '', 'unused', 'a.py', 3), id='ruff'),
    pytest.param(
        GITLAB, 'lint', ('code quality', 'F401', 'medium', 'unused', 'a.py', 3), id='gitlab'
    ),
    pytest.param(ESLINT, 'lint', ('ESLint', 'semi', '', 'missing', 'a.js', 3), id='eslint'),
    pytest.param(
        PIP_AUDIT,
        'dependencies',
        ('pip-audit', 'PYSEC-1', '', 'fixed in 2, 3', '', 0, 'shop 1'),
        id='pip-audit',
    ),
    pytest.param(
        RETIRE,
        'dependencies',
        ('retire.js', 'CVE-1', 'medium', 's', 'l.js', 0, 'lodash 4.1'),
        id='retire',
    ),
    pytest.param(SAFETY, 'dependencies', ('safety', '42', '', 'bad', '', 0, 'shop 1'), id='safety'),
    pytest.param(
        SAFETY_3, 'dependencies', ('safety', 'CVE-1', '', '', '', 0, 'shop 1'), id='safety 3'
    ),
    pytest.param(
        HADOLINT, 'container', ('hadolint', 'DL3020', 'high', 'm', 'Dockerfile', 4), id='hadolint'
    ),
    pytest.param(
        CHECKOV,
        'container',
        ('checkov', 'CKV_DOCKER_7', '', 'latest', 'Dockerfile', 1, 'FROM'),
        id='checkov',
    ),
    pytest.param(
        TRIVY,
        'container',
        ('trivy', 'CVE-1', 'critical', 'overflow', 'shop (debian)', 0, 'zlib 1.2'),
        id='trivy',
    ),
    pytest.param(GRYPE, 'container', ('grype', 'CVE-1', 'low', 'd', '', 0, 'zlib 1.2'), id='grype'),
    pytest.param(
        KINGFISHER, 'secrets', ('kingfisher', 'aws', '', 'AWS key', 'a.py', 3), id='kingfisher'
    ),
    pytest.param(
        DETECT, 'secrets', ('detect-secrets', 'AWS Access Key', '', '', 'a.py', 3), id='detect'
    ),
    pytest.param(GITLEAKS, 'secrets', ('gitleaks', 'aws', '', 'key', 'a.py', 3), id='gitleaks'),
    pytest.param(
        TRUFFLEHOG_3,
        'secrets',
        ('trufflehog3', 'aws', '', 'AWS key', 'a.py', 3),
        id='trufflehog3',
    ),
    pytest.param(
        WAPITI,
        'code',
        ('wapiti', 'Cross Site Scripting', 'high', 'XSS', '/search'),
        id='wapiti',
    ),
    pytest.param(
        BOM, 'dependencies', ('CycloneDX', 'CVE-1', 'high', 'd', '', 0, 'shop 1'), id='cyclonedx'
    ),
]


def only(content: Any, name: str = 'report') -> Findings:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (found,) = read(name, raw).reports
    assert isinstance(found, Findings)
    return found


@pytest.mark.parametrize(('content', 'gate', 'expected'), EVERY)
def test_what_was_found_is_read(content: Any, gate: str, expected: tuple[Any, ...]) -> None:
    found = only(content)
    assert (found.gates, found.findings, found.doubts) == ((gate,), (Finding(*expected),), ())


@pytest.mark.parametrize(('content', 'gate', 'expected'), EVERY)
def test_no_secret_is_kept(content: Any, gate: str, expected: tuple[Any, ...]) -> None:
    assert 'AKIA-THE-SECRET' not in repr(only(content))


def test_npm_tells_advisories_and_who_is_vulnerable_by_others() -> None:
    advisory, by = only(NPM).findings
    assert (advisory.rule, advisory.severity, advisory.subject) == ('GHSA-1', 'medium', 'lodash <4')
    assert (by.rule, by.severity, by.message) == ('via', 'critical', 'by lodash')


@pytest.mark.parametrize(
    ('content', 'doubt'),
    [
        (BANDIT | {'errors': [{'filename': 'b.py', 'reason': 'syntax error'}]}, 'b.py: syntax'),
        (BANDIT | {'metrics': {'_totals': {'loc': 0}}}, 'no line of code'),
        (SEMGREP | {'errors': [{'path': 'b.py', 'message': 'syntax error'}]}, 'b.py: syntax'),
        (SEMGREP | {'paths': {'scanned': []}}, 'no file'),
        (
            {'dependencies': [{'name': 'shop', 'skip_reason': 'not on PyPI'}], 'fixes': []},
            'shop was skipped: not on PyPI',
        ),
        ({'dependencies': [], 'fixes': []}, 'no package'),
        (RETIRE | {'errors': ['no repository']}, 'no repository'),
        (SAFETY_3 | {'report_meta': {'packages_found': 0}}, 'no package'),
        ([HADOLINT[0] | {'code': 'DL1000'}], 'Dockerfile could not be parsed'),
        (CHECKOV | {'summary': {'passed': 0, 'failed': 1, 'parsing_errors': 2}}, '2 files'),
        ({k: v for k, v in TRIVY.items() if k != 'Results'}, 'nothing that it could look at'),
        (KINGFISHER | {'audit': {'summary': {'scan_failed': 1}}}, 'did not scan everything'),
        (
            KINGFISHER | {'metadata': {'kingfisher_version': '2', 'summary': {'blobs_scanned': 0}}},
            'looked at nothing',
        ),
        (DETECT | {'plugins_used': []}, 'looked for nothing'),
        ([{'filePath': 'a', 'messages': [{'fatal': True}]}], 'a could not be parsed'),
    ],
)
def test_what_was_not_scanned_is_a_doubt(content: Any, doubt: str) -> None:
    assert doubt in only(content).doubts[0]


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        ({'auditReportVersion': 2, 'metadata': {}}, '"vulnerabilities" is missing'),
        ({'message': 'x', 'method': 'POST', 'uri': 'y', 'error': {}}, 'gave no advisories'),
        (NPM | {'vulnerabilities': {}}, 'contradict one another'),
        (CHECKOV | {'results': {'failed_checks': []}}, 'contradict one another'),
        (BANDIT | {'results': [3]}, 'no object'),
        (BANDIT | {'results': {}}, '"results" is missing'),
        ([], 'name it after its tool'),
    ],
)
def test_what_contradicts_itself_is_refused(content: Any, reason: str) -> None:
    found = read('report', json.dumps(content).encode())
    assert (found.reports, reason in found.trouble) == ((), True)


def test_an_empty_list_is_of_the_tool_after_which_it_is_named() -> None:
    assert only(b'[]', 'out/ruff.json') == Findings('ruff', ('lint',))
    assert only(b'[]\n', 'hadolint-api.json').gates == ('container',)


# --- texts and lines


def test_flake8_is_read_line_by_line() -> None:
    (found,) = only(b'src/a.py:2:1: F401 unused\n').findings
    assert (found.tool, found.rule, found.path, found.line) == ('flake8', 'F401', 'src/a.py', 2)
    assert 'cut off' in read('f', b'a.py:2:1: F401 x\na.py:3:1: E501 li').trouble
    assert 'none of flake8' in read('f', b'a.py:2:1: F401 x\nTraceback\n').trouble


def test_mypy_is_read_without_its_notes() -> None:
    row = {'file': 'a.py', 'line': 5, 'message': 'no', 'code': 'misc', 'severity': 'error'}
    rows = '\n'.join(map(json.dumps, (row, row | {'severity': 'note'})))
    assert only(rows.encode()).findings == (Finding('mypy', 'misc', '', 'no', 'a.py', 5),)
    assert read('m', rows.encode()[:-9]).trouble.startswith('line 2: it is no JSON')


def test_linters_that_write_junit_are_linters() -> None:
    mypy = b"""<testsuite name="mypy"><testcase classname="mypy" name="m"><failure
    message="mypy produced messages">a.py:5: error: no  [misc]\na.py:6: note: yes</failure>
    </testcase></testsuite>"""
    assert only(mypy).findings == (Finding('mypy', 'misc', '', 'no', 'a.py', 5),)
    ruff = b"""<testsuites name="ruff"><testsuite name="a.py" package="org.ruff">
    <testcase name="org.ruff.F401" classname="a.py" line="2"><failure message="unused"/></testcase>
    </testsuite></testsuites>"""
    assert only(ruff).findings == (Finding('ruff', 'F401', '', 'unused', 'a.py', 2),)


def test_trufflehog_is_read_line_by_line() -> None:
    place = {'Data': {'Filesystem': {'file': 'a.py', 'line': 3}}}
    row = {'SourceMetadata': place, 'DetectorName': 'AWS', 'Verified': True, 'Raw': 'AKIA'}
    assert only(json.dumps(row).encode()).findings == (
        Finding('trufflehog', 'AWS', '', 'verified: it works', 'a.py', 3),
    )


def test_schemathesis_is_believed_only_when_it_came_to_its_end() -> None:
    failure = {
        'code': 'ST101',
        'severity': 'critical',
        'title': 'Server error',
        'operation': 'GET /',
    }
    check = {'status': 'failure', 'name': 'c', 'failure_info': {'failure': failure}}
    rows: list[Any] = [
        {'Initialize': {'schemathesis_version': '4'}},
        {'ScenarioFinished': {'status': 'failure', 'recorder': {'checks': {'x': [check]}}}},
        {'EngineFinished': {'stop_reason': 'completed'}},
    ]
    whole = only('\n'.join(map(json.dumps, rows)).encode())
    assert whole.doubts == ()
    assert whole.findings == (
        Finding('schemathesis', 'ST101', 'critical', 'Server error', 'GET /'),
    )
    cut = only('\n'.join(map(json.dumps, rows[:1])).encode() + b'\n')
    assert cut.doubts == ('it was stopped before its end', 'it tried nothing')


# --- images and policies


def test_an_image_tells_whom_it_runs_as() -> None:
    one = {'RepoTags': ['shop:1'], 'RootFS': {}, 'Architecture': 'amd64', 'Config': {'User': 'app'}}
    assert read('i', json.dumps([one]).encode()).reports == (Image('shop:1', 'app'),)


def opa(text: str, value: Any) -> Policy:
    content = {'result': [{'expressions': [{'text': text, 'value': value}]}]}
    (found,) = read('opa.json', json.dumps(content).encode()).reports
    assert isinstance(found, Policy)
    return found


def test_what_opa_denies_is_told() -> None:
    denied = opa('data.shop.deny', ['no root', {'msg': 'no latest'}])
    assert [one.message for one in denied.denials] == ['no root', 'no latest']
    assert (opa('data.shop.deny', []).denials, opa('data.shop.deny', []).doubts) == ((), ())
    assert [one.message for one in opa('data.shop.allow', False).denials] == [
        'it does not allow it'
    ]
    assert opa('data.shop.allow', True).denials == ()


def test_an_undefined_or_unknown_rule_is_a_doubt() -> None:
    (found,) = read('opa.json', b'{}').reports
    assert isinstance(found, Policy)
    assert 'undefined' in found.doubts[0]
    assert 'nobody knows' in opa('data.shop.colour', 'red').doubts[0]


def test_conftest_tells_what_failed() -> None:
    file = {'filename': 'd.yml', 'namespace': 'main', 'successes': 0, 'failures': [{'msg': 'no'}]}
    (found,) = read('c', json.dumps([file]).encode()).reports
    assert isinstance(found, Policy)
    assert [(one.path, one.message) for one in found.denials] == [('d.yml', 'no')]
    (empty,) = read('c', json.dumps([file | {'failures': []}]).encode()).reports
    assert isinstance(empty, Policy)
    assert empty.doubts == ('it tried no rule',)
