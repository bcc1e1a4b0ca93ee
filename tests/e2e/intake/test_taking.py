"""Whoever takes an event in may die between any two writes: who goes on makes each run once."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.intake.ground import Place
from liftlock.engine.intake.outcome import Dispatch
from liftlock.errors import UserError
from liftlock.store import hooks, intakes
from liftlock.store.database import Store


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.works.close()


def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> list[int]:
    """The process dies when it begins, or has just ended, its write number `at`."""
    transaction, count = Store.transaction, [0]

    @contextmanager
    def counted(store: Store, *, durable: bool = False) -> Iterator[Any]:
        count[0] += 1
        if count[0] == at:
            raise Killed
        with transaction(store, durable=durable) as sql:
            yield sql

    monkeypatch.setattr(Store, 'transaction', counted)
    return count


def test_who_dies_between_two_writes_leaves_no_run_out_and_none_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 0
    while True:
        at += 1
        place = Place(tmp_path / str(at))
        with monkeypatch.context() as patched:
            dying(patched, at)
            try:
                place.take()
            except Killed:
                lived = False
            else:
                lived = True
        place.take()  # the delivery still waits, so whoever serves next takes it in
        assert place.made() == ['a.yml', 'b.yml'], at
        assert sorted(place.carried) == [1, 2], at
        row, *others = intakes.listed(place.store, place.repository.id)
        assert others == []
        told = [(one.decision, one.run) for one in intakes.decisions(place.store, row.id)]
        assert row.status == 'done'
        assert sorted(told) == [('skipped', 0), ('skipped', 0), ('started', 1), ('started', 2)]
        place.works.close()
        if lived:
            break
    assert at > 8  # there was something to die between


def test_what_is_left_is_taken_up_without_anybody_sending_it_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        dying(patched, 5)
        with pytest.raises(Killed):
            place.take()
    asyncio.run(place.intake().take_up())
    assert place.made() == ['a.yml', 'b.yml']
    assert hooks.listed(place.store) == []


# --- by hand


def dispatch(place: Place, workflow: str = 'By hand', ref: str = '', **inputs: Any) -> Any:
    asked = Dispatch(workflow, ref, inputs)
    return asyncio.run(place.intake().dispatch(place.repository, asked, 'mona'))


def test_inputs_are_of_the_types_that_the_workflow_declares(place: Place) -> None:
    outcome = dispatch(place, level='high', sure='true', where='Staging')
    (run,) = outcome.runs
    request = place.works.engine.submission(run).request
    assert request.inputs == {'level': 'high', 'count': 3.0, 'sure': True, 'where': 'Staging'}
    assert (request.event.ref, request.event.sha) == ('refs/heads/main', place.head)
    assert request.event.actor == 'mona'


@pytest.mark.parametrize(
    ('given', 'why'),
    [
        ({}, 'the input level is required'),
        ({'level': 'middle'}, 'the input level cannot be "middle"'),
        ({'level': 'low', 'count': 'many'}, 'the input count must be a number, not "many"'),
        ({'level': 'low', 'sure': 'maybe'}, 'the input sure must be true or false, not "maybe"'),
        ({'level': 'low', 'where': 'moon'}, 'the input where names no environment: "moon"'),
        ({'level': 'low', 'other': '1'}, 'the workflow has no input other'),
        (
            {'level': 'low', 'sure': 'maybe', 'where': 'moon'},
            'the input sure must be true or false, not "maybe"; '
            'the input where names no environment: "moon" (liftlock.yml has: staging, production)',
        ),
        ({'ref': 'nowhere', 'level': 'low'}, 'octo/shop has no branch or tag "nowhere"'),
        ({'ref': '--output=x', 'level': 'low'}, 'octo/shop has no branch or tag "--output=x"'),
        ({'ref': 'main~0', 'level': 'low'}, 'octo/shop has no branch or tag "main~0"'),
        ({'ref': 'main@{0}', 'level': 'low'}, 'octo/shop has no branch or tag "main@{0}"'),
        (
            {'ref': 'refs/pull/7/head', 'level': 'low'},
            'octo/shop has no branch or tag "refs/pull/7/head"',
        ),
        ({'workflow': 'a.yml'}, '.github/workflows/a.yml cannot be started by hand'),
        ({'workflow': 'z.yml'}, 'there is no workflow "z.yml"'),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    place: Place, given: dict[str, Any], why: str
) -> None:
    with pytest.raises(UserError) as refusal:
        dispatch(place, **given)
    assert str(refusal.value) == why
    assert intakes.listed(place.store, place.repository.id) == []


def test_a_form_is_told_what_there_is_to_choose(place: Place) -> None:
    offers = asyncio.run(place.intake().offers(place.repository))
    assert [(one.path.rpartition('/')[2], one.dispatched) for one in offers] == [
        ('a.yml', False), ('b.yml', False), ('c.yml', False), ('hand.yml', True),
    ]  # fmt: skip
    level, count, sure, where = offers[-1].inputs
    assert (level.type, level.required, level.options) == ('choice', True, ('low', 'high'))
    assert (count.type, count.default) == ('number', 3.0)
    assert (sure.type, where.options) == ('boolean', ('staging', 'production'))


def test_a_dispatch_of_the_repository_starts_what_waits_for_its_type(place: Place) -> None:
    outcome = asyncio.run(place.intake().send(place.repository, 'go', {'a': 1.0}, 'mona'))
    assert (outcome.status, outcome.runs) == ('done', ())
    with pytest.raises(UserError, match='1 to 100 characters'):
        asyncio.run(place.intake().send(place.repository, ' ', {}, 'mona'))
    many: dict[str, Any] = {str(number): 1.0 for number in range(11)}
    with pytest.raises(UserError, match='at most 10 keys'):
        asyncio.run(place.intake().send(place.repository, 'go', many, 'mona'))
