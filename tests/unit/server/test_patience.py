"""How often somebody may be wrong."""

from liftlock.server.patience import MOST, MOST_OF_ALL, WHILE, Patience


def test_an_address_that_was_wrong_too_often_waits_until_it_is_forgotten() -> None:
    patience = Patience()
    for at in range(MOST):
        assert patience.left('a', float(at)) == 0.0
        patience.failed('a', float(at))
    assert patience.left('a', 10.0) == WHILE - 10.0
    assert patience.left('b', 10.0) == 0.0
    assert patience.left('a', WHILE + 0.5) == 0.0


def test_many_addresses_together_wait_too() -> None:
    patience = Patience()
    for number in range(MOST_OF_ALL):
        patience.failed(f'10.0.0.{number}', 0.0)
    assert patience.left('somebody else', 1.0) == WHILE - 1.0
