import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.observe.commands import Ended
from liftlock.observe.metrics.command import interpret
from liftlock.rollout.reading import Reading

PLAIN = Analysis(command='x')
JUDGED = Analysis(command='x', failure=Condition('', '>', 5.0, ''))


def test_without_a_condition_the_exit_code_is_the_value() -> None:
    assert interpret(PLAIN, Ended(0, 'all fine\n')) == Reading(0.0, message='exit code 0')
    assert interpret(PLAIN, Ended(2, 'one\ntwo\n\n')) == Reading(2.0, message='exit code 2: two')
    late = interpret(PLAIN, Ended(None, 'slow'))
    assert (late.value, late.message) == (124.0, 'still ran after 30 s: slow')


@pytest.mark.parametrize(
    ('output', 'value'),
    [('3', 3.0), ('checking …\n0.25\n', 0.25), ('5 %', 0.05), ('-1.5e3', -1500.0), ('.5', 0.5)],
)
def test_with_one_the_last_line_is_a_number(output: str, value: float) -> None:
    assert interpret(JUDGED, Ended(0, output)) == Reading(value)


@pytest.mark.parametrize('output', ['fine', '3 errors', 'nan', 'inf', '1,5'])
def test_another_last_line_is_an_error(output: str) -> None:
    assert interpret(JUDGED, Ended(0, output)).error == f'its last line is no number: {output}'


def test_with_a_condition_a_failed_command_measured_nothing() -> None:
    assert interpret(JUDGED, Ended(1, '3')).error == 'exit code 1: 3'
    assert interpret(JUDGED, Ended(0, '')).message == 'no data: it printed nothing'
