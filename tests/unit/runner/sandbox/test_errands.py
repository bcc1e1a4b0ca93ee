"""Whoever asks may have been taken over by the job."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from liftlock.plan import wire
from liftlock.plan.facts import ArtifactStored, JobFinished
from liftlock.runner.executors.files import OWN
from liftlock.runner.sandbox.errands import Asked, Errands


class Bench:
    """Remembers what it is told."""

    job = 'build'

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []
        self.facts: list[object] = []

    def log(self, line: str) -> None:
        self.told.append((line,))

    def set_output(self, name: str, value: str) -> None:
        self.told.append((name, value))

    def report(self, fact: object) -> None:
        self.facts.append(fact)

    def permission(self, scope: str) -> str:
        return f'{scope}: none'


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def errands(bench: Bench) -> Errands:
    return Errands(cast(Any, bench), OWN, Path('/nowhere'))


def test_what_it_says_is_passed_on(bench: Bench, errands: Errands) -> None:
    errands.tell('log', ['hello'])
    errands.tell('set_output', ['name', 'value'])
    assert bench.told == [('hello',), ('name', 'value')]


@pytest.mark.parametrize(
    ('name', 'args'),
    [
        ('log', []),
        ('log', [1]),
        ('log', ['a', 'b']),
        ('set_output', ['name', None]),
        ('hand_in', ['x']),
        ('__class__', ['x']),
        ('report', ['{}']),
        ('report', ['no json']),
    ],
)
def test_what_no_stand_in_says_is_refused(errands: Errands, name: str, args: list[object]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        errands.tell(name, args)


@pytest.mark.parametrize(
    ('name', 'args'),
    [
        ('close', []),
        ('_take', ['x']),
        ('permission', []),
        ('permission', [['x']]),
        ('run', [[1], None, {}, True]),
        ('run', [['true'], None, {'A': 1}, True]),
        ('run', ['too', 'few']),
        ('keep', ['key', 'version']),
    ],
)
def test_what_no_stand_in_asks_is_refused(errands: Errands, name: str, args: list[Any]) -> None:
    with pytest.raises((ValueError, TypeError, AttributeError)):
        asyncio.run(errands.go(name, Asked(args, {}, ())))


def test_an_answer_comes_back(errands: Errands) -> None:
    done = asyncio.run(errands.go('permission', Asked(['id-token'], {}, ())))
    assert done.value == 'id-token: none'


@pytest.mark.parametrize(
    'fact',
    [
        ArtifactStored('build', 'forged', 'a' * 64, 1, 1),
        ArtifactStored('other', 'forged', 'a' * 64, 1, 1),
        JobFinished('build', 'success', {}),
    ],
)
def test_facts_are_believed_only_of_what_was_stored(
    bench: Bench, errands: Errands, fact: ArtifactStored | JobFinished
) -> None:
    with pytest.raises(ValueError, match=r'build|other'):
        errands.tell('report', [wire.dump(fact)])
    assert bench.facts == []
