"""Ids as authors may write them, and as they are made up."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.language.reading.identifiers import LONGEST, Identifiers, of_action, problem


@pytest.mark.parametrize('name', ['a', '_', '_a', 'a__', 'A-1', 'x' * 99])
def test_an_id_is_letters_digits_hyphens_and_underscores(name: str) -> None:
    assert problem(name) == ''


@pytest.mark.parametrize('name', ['', '1a', '-a', 'a.b', 'a b', 'ä', 'a\n', 'x' * 100])
def test_other_ids_are_invalid(name: str) -> None:
    assert problem(name).startswith(f"The identifier '{name}' is invalid. IDs may only contain")


def test_two_underscores_are_reserved() -> None:
    assert problem('__a') == "The identifier '__a' is invalid. IDs starting with '__' are reserved."


def test_case_does_not_tell_ids_apart() -> None:
    ids = Identifiers()
    assert ids.add('Build') == ''
    assert 'may not be used more than once' in ids.add('build')
    assert ids.known('BUILD')


def test_ids_that_are_made_up_are_numbered() -> None:
    ids = Identifiers()
    assert [ids.make('run') for _ in range(3)] == ['__run', '__run_2', '__run_3']


@pytest.mark.parametrize(
    ('reference', 'made'),
    [
        ('actions/checkout@v4', '__actions_checkout'),
        ('owner/re.po/sub/dir@main', '__owner_re_po'),
        ('./.github/actions/x', '__self'),
        ('$/actions/x', '__selfRepository'),
        ('docker://alpine:3.20', '__alpine_3_20'),
        ('docker://', '__run'),
        ('owner\\repo@v1', '__owner_repo'),
    ],
)
def test_a_step_that_uses_something_is_called_after_it(reference: str, made: str) -> None:
    assert Identifiers().make(of_action(reference)) == made


@given(st.lists(st.text(max_size=150), max_size=20))
def test_every_id_that_is_made_up_is_legal_and_new(words: list[str]) -> None:
    ids = Identifiers()
    made = [ids.make(word) for word in words]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r'__[A-Za-z0-9_-]*', id) and len(id) <= LONGEST for id in made)
