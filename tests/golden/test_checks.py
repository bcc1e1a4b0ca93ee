"""What is said about each case is exactly what its .out file says."""

from pathlib import Path

import pytest

from golden.examples import SILENT, cases, diagnostics, label, shown

CASES = [*cases('checks'), *cases('settings')]


@pytest.mark.parametrize('case', CASES, ids=label)
def test_a_case_is_told_what_its_out_file_says(case: Path, update_golden: bool) -> None:
    expected = case.with_suffix('.out')
    said = shown(case)
    if update_golden:
        expected.write_text(said)
    assert said == expected.read_text()


@pytest.mark.parametrize('case', CASES, ids=label)
def test_a_case_is_told_nothing_but_its_own_code(case: Path) -> None:
    codes = {found.code for found in diagnostics(case)}
    if case.parent.name == 'deprecated-action':
        codes.discard('unpinned-action')  # an old tag is a tag
    assert codes == (set() if case.parent.name == SILENT else {case.parent.name})
