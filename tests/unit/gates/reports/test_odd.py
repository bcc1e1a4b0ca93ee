"""Whatever stands in one place of a report, reading and judging it ends with a verdict."""

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.reports.read import Read, read
from liftlock.gates.rules.judge import judge
from liftlock.gates.verdict import Verdict
from liftlock.language.settings import model
from unit.gates.reports.test_bom import CYCLONEDX, NPM, PIP, SPDX
from unit.gates.reports.test_findings import EVERY
from unit.gates.reports.test_load import entry
from unit.gates.reports.test_sarif import result, sarif

ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 3, 10**30, 1.5e308, '', 'x', [], {}, [3], [[]], [None], {'a': 3}, {'': None},
    ['x', 'y', 'z', 'a', 'b'],
)  # fmt: skip
GATES: Final = model.Gates(
    model.Coverage(75, {'unit': 90}, 80),
    model.Tests('quarantine'),
    model.Lint(),
    model.Findings(high='block', advisories_max_age=60.0),
    model.Findings(high='approval'),
    'block',
    model.Licenses(deny=('GPL',)),
    model.Findings(critical='block', user='nonroot'),
    {'p95(response_time)': model.Condition('', '<', 2.0, 's')},
    ('*.rego',),
)
SARIF: Final = json.loads(
    sarif(
        result('bare', suppressions=[{'kind': 'inSource'}], kind='fail', ruleIndex=1),
        invocations=[{'executionSuccessful': True, 'toolExecutionNotifications': [{}]}],
    )
)
COVERAGE: Final = {
    'meta': {},
    'files': {'a.py': {'executed_lines': [1], 'missing_lines': [2]}},
    'totals': {},
}
REPORTS: Final = [
    *(case.values[0] for case in EVERY),
    CYCLONEDX, SPDX, PIP, NPM, SARIF, COVERAGE, [entry(), entry()],
]  # fmt: skip


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    keys = tree if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield from places(tree[key], (*path, key))


def mutated(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    tree = copy.deepcopy(tree)
    within = tree
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    return tree


@pytest.mark.parametrize('report', REPORTS, ids=lambda report: str(report)[:30])
def test_an_odd_value_anywhere_ends_with_a_verdict(report: Any) -> None:
    for path in places(report):
        for odd in ODD:
            found = read('x', json.dumps(mutated(report, path, odd)).encode())
            assert isinstance(found, Read)
            for verdict in judge(GATES, Seen((Evidence(found),), 1.0)):
                assert isinstance(verdict, Verdict)


@pytest.mark.parametrize('report', REPORTS, ids=lambda report: str(report)[:30])
def test_a_report_that_was_cut_off_anywhere_passes_no_gate(report: Any) -> None:
    whole = json.dumps(report)
    for end in range(1, len(whole) - 1, 7):
        assert read('x', whole[:end].encode()).reports == ()
