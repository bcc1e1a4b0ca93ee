import pytest

from liftlock.language.settings.model import Analysis, Condition
from liftlock.rollout.quantities import (
    Quantity,
    latency_limit,
    limit,
    percentage,
    read,
    shown,
    written,
)

P99 = Quantity('latency', 99.0)
RATE = Quantity('error_rate')


@pytest.mark.parametrize(
    'name', ['p99', 'P99', 'p99_latency', 'latency_p99', 'p99(response_time)', 'p99(latency)']
)
def test_a_latency_has_many_spellings(name: str) -> None:
    assert read(name) == P99


@pytest.mark.parametrize('name', ['p', 'p0', 'p100', 'latency', 'errors', 'cpu', '', 'p99_errors'])
def test_other_names_mean_nothing(name: str) -> None:
    assert read(name) is None


@pytest.mark.parametrize(
    ('value', 'unit', 'quantity', 'expected'),
    [
        (5, '%', RATE, 0.05),
        (0.05, '', RATE, 0.05),
        (5, '', RATE, 0.05),  # nobody means 500 %
        (1, '', RATE, 1.0),
        (1000, 'ms', P99, 1.0),
        (2, 's', P99, 2.0),
        (1000, '', P99, 1.0),
        (500, 'ms', Quantity(), 0.5),
        (5, '%', Quantity(), 0.05),
        (5, '', Quantity(), 5.0),
        (1, 'KB', Quantity(), 1024.0),
        (1, 'MiB', Quantity(), 1048576.0),
        (3, 'B', Quantity(), 3.0),
    ],
)
def test_limits_are_in_base_units(
    value: float, unit: str, quantity: Quantity, expected: float
) -> None:
    assert limit(Condition('', '>', value, unit), quantity) == pytest.approx(expected)


@pytest.mark.parametrize(('unit', 'quantity'), [('ms', RATE), ('%', P99), ('MB', P99)])
def test_a_unit_that_cannot_be_meant_is_refused(unit: str, quantity: Quantity) -> None:
    with pytest.raises(ValueError, match='is a'):
        limit(Condition('', '>', 5, unit), quantity)


def test_the_router_is_told_which_bucket_it_needs() -> None:
    failure = Condition('', '>', 250, 'ms')
    assert latency_limit(Analysis('p95', failure=failure)) == 0.25
    assert latency_limit(Analysis('error_rate', failure=failure)) is None
    assert latency_limit(Analysis('p95')) is None


def test_values_are_shown_as_people_say_them() -> None:
    assert shown(0.0623, RATE) == '6.23 %'
    assert shown(0.1483, P99) == '148 ms'
    assert shown(1.5, P99) == '1.5 s'
    assert shown(17, Quantity()) == '17'
    assert shown(0.25, Quantity(), '%') == '25 %'
    assert percentage(1) == '100 %'
    assert written(Condition('', '>', 5, '%')) == '> 5%'
