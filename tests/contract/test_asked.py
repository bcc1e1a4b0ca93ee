"""What was asked for under a key is done once, in a real store."""

import pytest

from liftlock.store import asked, audit
from liftlock.store.asked import LASTING, Earlier
from liftlock.store.database import Store


def test_a_key_is_taken_once_and_tells_what_was_answered(store: Store) -> None:
    assert asked.begin(store, 'mona', 'k', 'd', 1.0) is None
    assert asked.begin(store, 'mona', 'k', 'd', 2.0) == Earlier('d', 0, '')
    asked.answered(store, 'mona', 'k', 202, '{}')
    assert asked.begin(store, 'mona', 'k', 'other', 3.0) == Earlier('d', 202, '{}')
    assert asked.begin(store, 'hubot', 'k', 'd', 3.0) is None


def test_a_key_is_free_again_after_a_day_or_a_refusal(store: Store) -> None:
    asked.begin(store, 'mona', 'k', 'd', 1.0)
    assert asked.begin(store, 'mona', 'k', 'd', 2.0 + LASTING) is None
    asked.forget(store, 'mona', 'k')
    assert asked.begin(store, 'mona', 'k', 'd', 3.0 + LASTING) is None


def act(store: Store, what: str) -> None:
    """Done, but for the end: the process is killed."""
    with store.transaction(durable=True):
        asked.begin(store, 'mona', 'k', 'd', 1.0)
        audit.write(store, 'mona', what)
        asked.answered(store, 'mona', 'k', 202, '{}')
        raise RuntimeError('killed')


def test_what_is_done_and_its_answer_are_kept_together_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError):
        act(store, 'did it')
    assert audit.listed(store) == []
    assert asked.begin(store, 'mona', 'k', 'd', 2.0) is None


def test_a_part_of_a_transaction_fails_alone(store: Store) -> None:
    with store.transaction():
        audit.write(store, 'mona', 'did it')
        with pytest.raises(RuntimeError):
            act(store, 'did more')
        audit.write(store, 'mona', 'did the rest')
    assert [one.what for one in audit.listed(store)] == ['did the rest', 'did it']
    assert asked.begin(store, 'mona', 'k', 'd', 2.0) is None
    assert audit.broken(store) == 0
