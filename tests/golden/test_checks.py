"""What is said about each case is exactly what its .out file says."""

from pathlib import Path

import pytest

from golden.examples import SILENT, cases, diagnostics, label, shown

# what an example cannot do without: an old tag is a tag, and images are shown as people write them
BESIDES = {
    'deprecated-action': 'unpinned-action',
    'service-ports': 'unpinned-image',
    'literal-credential': 'unpinned-image',
}
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
    codes.discard(BESIDES.get(case.parent.name, ''))
    assert codes == (set() if case.parent.name == SILENT else {case.parent.name})
