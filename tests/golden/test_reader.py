"""Workflows and actions that are accepted, with what they mean, and refused, with what is said.

`ok/NAME.yml` stands beside its meaning in JSON, `err/NAME.yml` beside its diagnostics. Names that
begin with `action_` are read as an action.yml, strictly.
"""

import json
from pathlib import Path

import pytest

from liftlock.language import report
from liftlock.language.parse import parse, parse_action, survey, survey_action
from vectors.template_json import events, template

HERE = Path(__file__).parent / 'reader'


def cases(directory: str) -> list[Path]:
    return sorted((HERE / directory).glob('*.yml'))


def expect(case: Path, suffix: str, said: str, update: bool) -> None:
    expected = case.with_suffix(suffix)
    if update:
        expected.write_text(said)
    assert said == expected.read_text()


@pytest.mark.parametrize('case', cases('ok'), ids=lambda case: case.stem)
def test_an_accepted_file_means_what_stands_beside_it(case: Path, update_golden: bool) -> None:
    if case.stem.startswith('action_'):
        action, diagnostics = parse_action(case.name, case.read_text(), strict=True)
        assert diagnostics == ()
        expect(case, '.txt', f'{action}\n', update_golden)
        return
    workflow, diagnostics = parse(case.name, case.read_text())
    assert diagnostics == ()
    assert workflow is not None
    meaning = {'on': events(workflow), **template(workflow)}
    expect(case, '.json', json.dumps(meaning, indent=1) + '\n', update_golden)


@pytest.mark.parametrize('case', cases('err'), ids=lambda case: case.stem)
def test_a_refused_file_is_told_what_stands_beside_it(case: Path, update_golden: bool) -> None:
    text = case.read_text()
    look = survey_action if case.stem.startswith('action_') else survey
    diagnostics = look(case.name, text).diagnostics
    assert diagnostics
    said = '\n'.join(report.text(found, text.splitlines()) for found in diagnostics)
    expect(case, '.out', said, update_golden)
