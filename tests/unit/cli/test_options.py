import pytest

from liftlock.cli import options
from liftlock.errors import UserError


def test_pairs_keep_what_follows_the_first_equals_sign() -> None:
    assert options.pairs(['a=1', 'b=x=y', 'a=2'], '--var') == {'a': '2', 'b': 'x=y'}


def test_a_word_without_a_value_is_a_mistake() -> None:
    with pytest.raises(UserError, match='--matrix wants NAME:VALUE, not "os"'):
        options.pairs(['os'], '--matrix', ':')


def test_a_secret_comes_from_the_word_the_environment_or_a_person() -> None:
    found = options.secrets(['a=1', 'B', 'c'], (), {'B': '2'}, lambda name: f'asked for {name}')
    assert found == {'A': '1', 'B': '2', 'C': 'asked for c'}


def test_a_secret_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(UserError, match='the secret TOKEN has no value'):
        options.secrets(['TOKEN'], (), {}, lambda _: None)
