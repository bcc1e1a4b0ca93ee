import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout.analysis import Tally, assess
from liftlock.rollout.reading import Reading

OVER = Condition('', '>', 5.0, '%')
UNDER = Condition('', '<', 1.0, '%')


def said(analysis: Analysis, reading: Reading) -> tuple[str, str]:
    found = assess(analysis, reading, Tally())
    assert not found.weight
    return found.phase, found.message


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (0.06, ('failed', '6 %, failed by > 5%')),
        (0.005, ('successful', '0.5 %, as wanted: < 1%')),
        (0.03, ('inconclusive', '3 %, neither > 5% (failure) nor < 1% (success)')),
    ],
)
def test_a_number_is_held_against_both_conditions(value: float, expected: tuple[str, str]) -> None:
    assert said(Analysis(prometheus='x', failure=OVER, success=UNDER), Reading(value)) == expected


def test_one_condition_decides_alone() -> None:
    assert said(Analysis(url='x', failure=OVER), Reading(0.05)) == ('successful', '5 %, not > 5%')
    assert said(Analysis(url='x', success=UNDER), Reading(0.05)) == (
        'failed',
        '5 %, wanted was < 1%',
    )


def test_what_was_said_besides_is_told() -> None:
    phase, message = said(Analysis(command='x', failure=OVER), Reading(0.1, message='see report'))
    assert (phase, message) == ('failed', '10 %, failed by > 5%; see report')


@pytest.mark.parametrize(
    ('word', 'expected'),
    [('inconclusive', 'inconclusive'), ('fail', 'failed'), ('pass', 'successful')],
)
def test_no_data_means_what_the_author_said(word: str, expected: str) -> None:
    analysis = Analysis(prometheus='x', failure=OVER, on_no_data=word)
    assert said(analysis, Reading(message='the query has no result')) == (
        expected,
        'the query has no result',
    )


def test_a_command_without_conditions_goes_by_its_exit_code() -> None:
    assert said(Analysis(command='x'), Reading(0.0, message='ok'))[0] == 'successful'
    assert said(Analysis(command='x'), Reading(1.0, message='exit code 1')) == (
        'failed',
        'exit code 1',
    )


def test_a_url_without_conditions_says_true_or_false() -> None:
    assert said(Analysis(url='x'), Reading(1.0))[0] == 'successful'
    assert said(Analysis(url='x'), Reading(0.0))[0] == 'failed'


def test_a_query_without_conditions_says_nothing() -> None:
    for analysis in (Analysis(prometheus='x'), Analysis('requests')):
        phase, message = said(analysis, Reading(3.0))
        assert (phase, message) == (
            'inconclusive',
            '3, and nothing says what is good: add failure or success',
        )


def test_only_counts_can_be_compared() -> None:
    analysis = Analysis(prometheus='x', failure=OVER, baseline=True)
    assert said(analysis, Reading(0.0))[0] == 'error'


def test_equality_is_a_condition_too() -> None:
    analysis = Analysis(url='x', success=Condition('', '==', 1.0, ''))
    assert said(analysis, Reading(1.0))[0] == 'successful'
    assert said(analysis, Reading(2.0))[0] == 'failed'
    analysis = Analysis(url='x', failure=Condition('', '!=', 1.0, ''))
    assert said(analysis, Reading(2.0))[0] == 'failed'
