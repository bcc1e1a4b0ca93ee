"""Nothing in a report makes reading it fail: what is odd is refused, with its reason."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.gates.reports.read import Read, read

ODD: list[tuple[bytes, str]] = [
    (b'\xff\xfe{', 'no UTF-8'),
    (b'[' * 100_000, 'nested too deeply'),
    (b'{"a": ' + b'9' * 5000 + b'}', 'no JSON'),
    (b'{"results": NaN}', 'a NaN for a number'),
    (b'   \n', 'empty'),
    (b'<a><b></a>', 'no well-formed XML'),
    (b'<a>' * 70 + b'</a>' * 70, 'too deep'),
    (b'<?xml version="1.0" encoding="klingon"?><a/>', 'klingon'),
    (b'<testsuite name="x"/>', 'no test case'),
]


@pytest.mark.parametrize(('content', 'reason'), ODD)
def test_what_is_odd_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    found = read('x', content)
    assert (found.reports, reason in found.trouble) == ((), True), found.trouble


@pytest.mark.parametrize('content', [b'hello\n', b'{"a": 1}', b'[1]', b'<html></html>', b'7'])
def test_what_nobody_knows_is_no_report_and_no_trouble(content: bytes) -> None:
    assert read('x', content) == Read('x')


KEYS = (
    'results', 'metrics', '_totals', 'runs', 'version', 'meta', 'files', 'totals', 'errors',
    'paths', 'dependencies', 'fixes', 'vulns', 'vulnerabilities', 'auditReportVersion',
    'bomFormat', 'data', 'components', 'spdxVersion', 'packages', 'findings', 'metadata',
    'result', 'expressions', 'tool', 'driver', 'name', 'check_type', 'summary', 'plugins_used',
    'filters_used', 'measurements', 'classifications', 'infos', 'anomalies', 'SchemaVersion',
    'ArtifactName', 'ArtifactType', 'descriptor', 'matches', 'src_stats',
    'total_num_violations', 'context', 'licenses', 'via', 'kingfisher_version',
    'vulnerabilityRepositories', 'report_meta', 'rules', 'suppressions', 'num_requests',
    'response_times', 'num_failures', 'rule', 'path', 'secret', 'ident', 'locations',
    'determinations', 'invocations', 'ruleIndex', 'properties',
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(('', '2.1.0', 'CycloneDX', 'SPDX-2.3', 'grype', '1e400', 'x'))
)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8)
    ),
    max_leaves=40,
)


@given(TREES)
def test_no_tree_makes_it_fail(tree: Any) -> None:
    found = read('ruff', json.dumps(tree).encode())
    assert isinstance(found.reports, tuple)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    assert isinstance(read('x', content).trouble, str)


def test_what_is_too_large_to_be_read_is_a_report_if_it_begins_like_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('liftlock.gates.reports.read.LARGEST', 20)
    assert read('x', b'{"runs": [], "more": 1}').sure
    assert not read('x', b'a file of text that is long').sure


def test_a_report_that_was_cut_off_is_told_from_what_never_was_one() -> None:
    assert read('x', b'{"results": [').sure
    assert not read('x', b'{"compilerOptions": [').sure
    assert not read('x', b'').sure
