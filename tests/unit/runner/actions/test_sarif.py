from typing import Any

import pytest

from liftlock.runner.actions import sarif

RUN: dict[str, Any] = {'tool': {'driver': {'name': 'ruff'}}, 'results': []}
FINDING: dict[str, Any] = {'ruleId': 'F401', 'message': {'text': 'unused'}}


def file(*runs: object) -> dict[str, Any]:
    return {'version': '2.1.0', 'runs': list(runs)}


def test_a_file_with_findings_has_nothing_wrong_with_it() -> None:
    content = file(RUN | {'results': [FINDING]}, RUN)
    assert list(sarif.check(content)) == []
    assert sarif.count(content) == 1


@pytest.mark.parametrize(
    ('content', 'problem'),
    [
        ([], 'instance is not of a type(s) object'),
        ({'runs': []}, 'instance requires property "version"'),
        ({'version': '2.0.0', 'runs': []}, 'instance.version is not one of enum values: 2.1.0'),
        ({'version': '2.1.0', 'runs': {}}, 'instance.runs is not of a type(s) array'),
        (file({'results': []}), 'instance.runs[0] requires property "tool"'),
        (file({'tool': {}}), 'instance.runs[0].tool requires property "driver"'),
        (
            file(RUN, RUN | {'results': [FINDING, {'ruleId': 7, 'message': {}}]}),
            'instance.runs[1].results[1].ruleId is not of a type(s) string',
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(content: object, problem: str) -> None:
    assert list(sarif.check(content)) == [problem]


def test_a_run_without_results_did_not_look() -> None:
    assert sarif.count(file({'tool': {'driver': {'name': 'x'}}})) is None


def test_the_category_in_the_file_goes_before_the_one_given() -> None:
    own = RUN | {'automationDetails': {'id': 'mine/'}}
    assert sarif.categories(file(own, RUN, RUN), 'ci/') == [('mine/', 'ruff'), ('ci/', 'ruff')]
