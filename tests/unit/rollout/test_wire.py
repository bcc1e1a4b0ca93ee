"""Facts of environments survive being written down, by this version and by others."""

import json
from typing import Any, Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.rollout import facts, wire
from liftlock.rollout.facts import Fact, Stamped, Unknown
from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.rollout.version import Version

VERSION: Final = Version('v1', 'a' * 40, 'refs/tags/v1', 'b' * 64, 'app@sha256:c', 7, '/sources')
ROUTES: Final = Routes(
    (('r1', 90), ('r2', 10)),
    'r2',
    (HeaderRoute('beta', (Match('X-Beta', '1'), Match('Agent', 'curl', 'prefix')), 'r2'),),
    (Mirror('shadow', 5, 'r2'),),
    'r1',
)
TEXT: Final = st.text(st.characters(exclude_categories=['Cs']), max_size=20)
PLAIN: Final[dict[type, st.SearchStrategy[Any]]] = {
    str: TEXT,
    int: st.integers(),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
}
LISTS: Final[dict[str, st.SearchStrategy[Any]]] = {
    'steps': st.lists(TEXT, max_size=3).map(tuple),
    'notify': st.lists(TEXT, max_size=3).map(tuple),
    'weights': st.lists(st.tuples(TEXT, st.integers(0, 100)), max_size=3).map(tuple),
}


def records(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Any record of this kind, with whatever its fields may hold."""
    return st.builds(kind, *(field(kind, name) for name in kind._fields))


def field(kind: type[Any], name: str) -> st.SearchStrategy[Any]:
    if name in LISTS:
        return LISTS[name]
    hint = kind.__annotations__[name]
    if name in wire.LISTS and hint is not int:
        return st.lists(records(wire.LISTS[name]), max_size=2).map(tuple)
    if hint in (Version, Routes):
        return records(hint)
    if hint == float | None:
        return st.none() | PLAIN[float]
    return PLAIN[hint]


@pytest.mark.parametrize('kind', wire.KINDS.values(), ids=lambda kind: str(kind.__name__))
@given(data=st.data())
def test_a_fact_comes_back_as_it_was(kind: type[Any], data: st.DataObject) -> None:
    fact = data.draw(records(kind))
    text = wire.dump(fact)
    assert '\n' not in text
    read = wire.load(text)
    assert read == fact
    assert [type(value) for value in read._asdict().values()] == [
        type(value) for value in fact._asdict().values()
    ]


def test_every_kind_can_be_written() -> None:
    assert {kind.__name__ for kind in get_args(Fact)} - {'Unknown'} == set(wire.KINDS)


def test_records_within_records_are_records_again() -> None:
    read = wire.load(wire.dump(facts.RoutesSet(1, ROUTES)))
    assert isinstance(read, facts.RoutesSet)
    assert read.routes.weight('r2') == 10
    assert read.routes.headers[0].matches[1].kind == 'prefix'
    assert isinstance(read.routes.mirrors[0], Mirror)


def test_a_deployment_is_written_as_one_object() -> None:
    asked = facts.DeploymentRequested(3, facts.ROLLBACK, VERSION, 'd1', 'mona')
    assert json.loads(wire.dump(asked)) == {
        'kind': 'DeploymentRequested',
        'version': 1,
        'number': 3,
        'purpose': 'rollback',
        'delivers': {
            'name': 'v1',
            'commit': 'a' * 40,
            'ref': 'refs/tags/v1',
            'artifact': 'b' * 64,
            'image': 'app@sha256:c',
            'run': 7,
            'sources': '/sources',
        },
        'settings': 'd1',
        'by': 'mona',
        'reason': '',
        'fast': False,
        'origin': '',
        'run': 0,
        'job': '',
    }


def test_a_kind_from_the_future_is_kept_and_written_back() -> None:
    text = '{"kind": "MoonPhaseChecked", "version": 1, "number": 3, "routes": {"to": ["mars"]}}'
    fact = wire.load(text)
    assert isinstance(fact, Unknown)
    assert json.loads(wire.dump(fact)) == json.loads(text)


def test_a_version_from_the_future_is_not_guessed_at() -> None:
    assert isinstance(wire.load('{"kind": "ScaleSet", "version": 9, "count": 3}'), Unknown)


def test_new_fields_are_left_out_and_missing_ones_take_their_defaults_also_within() -> None:
    text = '{"kind": "RoutesSet", "number": 1, "routes": {"preview": "r2", "colour": "red"}}'
    assert wire.load(text) == facts.RoutesSet(1, Routes(preview='r2'))


def test_a_line_says_when_and_where() -> None:
    line = json.loads(wire.line(Stamped(3, 1, 2.5, facts.RevisionRetired('r1'))))
    told = {'kind': 'RevisionRetired', 'version': 1, 'revision': 'r1'}
    assert line == {'seq': 3, 'environment': 1, 'at': 2.5, **told}
