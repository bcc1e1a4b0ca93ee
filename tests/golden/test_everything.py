"""A file with mistakes of every kind: all of them are told, and none because of another one."""

from pathlib import Path

import pytest

from golden.examples import cases, diagnostics, label, shown

HERE = Path(__file__).parent / 'everything'
CASES = sorted(HERE.glob('*.yml'))


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.stem)
def test_a_file_is_told_all_that_its_out_file_says(case: Path, update_golden: bool) -> None:
    expected = case.with_suffix('.out')
    said = shown(case)
    if update_golden:
        expected.write_text(said)
    assert said == expected.read_text()


@pytest.mark.parametrize('case', cases('checks'), ids=label)
def test_a_mistake_of_grammar_hides_no_other(case: Path, tmp_path: Path) -> None:
    """What is said of a case is said just the same when it has a key too many."""
    if case.is_dir() or case.parent.name == 'yaml':
        return
    with_more = tmp_path / case.name
    with_more.write_text(case.read_text() + '\nno-such-key: here\n')
    before, after = (
        {(one.span, one.code) for one in diagnostics(each)} for each in (case, with_more)
    )
    hidden = {code for _, code in before - after}
    assert hidden <= {'permissions-absent'}, 'the key may have been meant for `permissions`'
    assert {code for _, code in after - before} == {'schema'}
