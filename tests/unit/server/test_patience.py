"""How often somebody may be wrong."""

import pytest

from liftlock.server.patience import FREE, LONGEST, MOST, WHILE, network, pause, wait


def test_an_address_that_was_wrong_too_often_waits_until_it_is_forgotten() -> None:
    known = [float(at) for at in range(MOST)]
    assert wait(known[:-1], (), 10.0) == 0.0
    assert wait(known, (), 10.0) == WHILE - 10.0
    assert wait([-3.0, *known], (), 10.0) == WHILE - 10.0
    assert wait(known, (), WHILE + 0.5) == 0.0


def test_a_name_waits_longer_and_longer_but_never_for_good() -> None:
    assert wait((), [100.0] * FREE, 100.0) == 0.0
    assert wait((), [100.0] * (FREE + 3), 100.0) == pause(FREE + 3) == 4.0
    assert wait((), [100.0] * 500, 100.0) == LONGEST
    assert wait((), [100.0] * 500, 100.0 + LONGEST) == 0.0


@pytest.mark.parametrize(
    ('address', 'counted'),
    [
        ('192.0.2.7', '192.0.2.7'),
        ('::ffff:192.0.2.7', '192.0.2.7'),
        ('2001:db8::1:2', '2001:db8::/64'),
        ('fe80::1%eth0', 'fe80::/64'),
        ('', ''),
    ],
)
def test_a_network_of_one_household_is_one_address(address: str, counted: str) -> None:
    assert network(address) == counted
