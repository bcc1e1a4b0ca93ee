"""What is flaky is what one commit has both passed and failed."""

from liftlock.gates.flakes import Told, fold, worst
from liftlock.gates.junit import Case


def told(run: int, commit: str, **states: str) -> Told:
    return Told(run, 1, commit, tuple(Case('', name, state) for name, state in states.items()))


def test_one_commit_with_both_outcomes_is_flaky_and_a_mended_test_is_not() -> None:
    found = fold(
        [
            told(1, 'aaa', shaky='passed', mended='failed', fine='passed'),
            told(2, 'aaa', shaky='failed', mended='failed', fine='passed'),
            told(3, 'bbb', shaky='passed', mended='passed', fine='skipped'),
        ]
    )
    assert {key for key, test in found.items() if test.flaky} == {'shaky'}
    assert (found['shaky'].failures, found['shaky'].ran) == (1, 3)
    assert [one.state for one in found['fine'].outcomes] == ['passed', 'passed', 'skipped']
    assert found['fine'].ran == 2


def test_what_its_own_runner_had_to_try_again_is_flaky_at_once() -> None:
    report = Told(1, 1, 'aaa', (Case('', 'late', again=True),))
    assert fold([report])['late'].flaky


def test_runs_without_a_commit_say_nothing() -> None:
    assert not fold([told(1, '', x='passed'), told(2, '', x='failed')])['x'].flaky


def test_of_a_matrix_the_worst_outcome_counts() -> None:
    cases = [Case('', 'x', state) for state in ('passed', 'failed', 'skipped')]
    assert worst(cases)['x'].state == 'failed'
