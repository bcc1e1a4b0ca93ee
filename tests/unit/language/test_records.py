"""Our records against typing's, which they stand for."""

import copy
import typing

import pytest

from liftlock.language.records import NamedTuple


class Point(NamedTuple):
    """A place."""

    x: int
    y: int = 2
    name: str = ''

    @property
    def sum(self) -> int:
        return self.x + self.y


class Typed(typing.NamedTuple):
    """A place."""

    x: int
    y: int = 2
    name: str = ''


KINDS = (Point, Typed)


@pytest.mark.parametrize('kind', KINDS)
def test_a_record_is_a_tuple_whose_fields_have_names_and_defaults(kind: typing.Any) -> None:
    made = kind(1, name='here')
    assert made == (1, 2, 'here')
    assert (made.x, made.y, made.name) == (1, 2, 'here')
    assert made == kind(1, 2, 'here') == kind(x=1, y=2, name='here')
    assert hash(made) == hash((1, 2, 'here'))
    assert repr(made) == f"{kind.__name__}(x=1, y=2, name='here')"


@pytest.mark.parametrize('kind', KINDS)
def test_a_record_tells_its_fields(kind: typing.Any) -> None:
    assert kind._fields == kind.__match_args__ == ('x', 'y', 'name')
    assert kind._field_defaults == {'y': 2, 'name': ''}
    assert kind.__annotations__ == {'x': int, 'y': int, 'name': str}
    assert kind.__doc__ == 'A place.'
    assert kind(1)._asdict() == {'x': 1, 'y': 2, 'name': ''}


@pytest.mark.parametrize('kind', KINDS)
def test_a_record_is_made_from_values_or_from_another_record(kind: typing.Any) -> None:
    assert kind._make([1, 2, 'a']) == kind(1, 2, 'a')
    assert kind(1)._replace(x=5, name='b') == kind(5, 2, 'b')
    assert type(kind(1)._replace(x=5)) is kind
    assert copy.deepcopy(kind(1)) == kind(1)


@pytest.mark.parametrize('kind', KINDS)
@pytest.mark.parametrize('arguments', [{}, {'x': 1, 'z': 2}])
def test_a_record_refuses_fields_that_miss_or_that_it_has_not(
    kind: typing.Any, arguments: dict[str, int]
) -> None:
    with pytest.raises(TypeError, match=r"'x'|'z'"):
        kind(**arguments)


@pytest.mark.parametrize('kind', KINDS)
def test_a_record_cannot_be_changed(kind: typing.Any) -> None:
    made = kind(1)
    with pytest.raises((ValueError, TypeError)):
        made._replace(z=1)
    with pytest.raises(AttributeError):
        made.x = 2
    with pytest.raises(AttributeError):
        made.other = 2


def test_a_record_matches_by_position_and_may_have_methods() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert Point(1, 2).sum == 3
