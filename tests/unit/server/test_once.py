"""A request that comes again is answered as the first was."""

import pytest

from liftlock.server.rest.once import repeated
from liftlock.server.rest.refusals import Mistaken, Underway
from liftlock.store.asked import Earlier


def test_the_first_answer_is_given_again() -> None:
    answer = repeated(Earlier('d', 202, '{"number":4}'), 'd')
    assert (answer.status_code, answer.body) == (202, b'{"number":4}')
    assert answer.headers['idempotency-replayed'] == 'true'


def test_a_key_is_good_for_one_request() -> None:
    with pytest.raises(Mistaken, match='another request'):
        repeated(Earlier('d', 202, '{}'), 'e')


def test_what_is_not_answered_yet_is_waited_for() -> None:
    with pytest.raises(Underway):
        repeated(Earlier('d', 0, ''), 'd')
