"""What a sandbox hears of the programs in it."""

import pytest

from liftlock.runner.sandbox.workplace import Ear

SAID = b'curl: (6) Could not resolve host: example.com\n'


@pytest.mark.parametrize('size', [1, 2, 7, 21, 22, 23, len(SAID)])
def test_a_complaint_about_the_network_is_heard_however_it_comes(size: int) -> None:
    passed: list[bytes] = []
    ear = Ear(passed.append)
    for begin in range(0, len(SAID), size):
        ear(SAID[begin : begin + size])
    assert ear.misses_network
    assert b''.join(passed) == SAID


def test_other_words_are_no_complaint() -> None:
    ear = Ear([].append)
    for word in (b'Could not ', b'find the host', b' of example.com'):
        ear(word)
    assert not ear.misses_network
