"""What may be written in `images:`, `tags:` and `flavor:`."""

import pytest

from liftlock.runner.actions.metadata.rules import (
    Flavor,
    Image,
    parse_flavor,
    parse_images,
    parse_tags,
)
from liftlock.runner.workbench import StepFailed


@pytest.mark.parametrize(
    ('lines', 'expected'),
    [
        ([], []),
        (['a/b'], [Image('a/b')]),
        (['a, b,c'], [Image('a'), Image('b'), Image('c')]),
        (['a,enable=false', 'name=b'], [Image('a', False), Image('b')]),
        (['NAME=a,enable=true'], [Image('a')]),
    ],
)
def test_images(lines: list[str], expected: list[Image]) -> None:
    assert parse_images(lines) == expected


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('enable=true', 'Image name attribute empty: enable=true'),
        ('name=a,enable=yes', 'Invalid enable attribute value'),
        ('name=a,tag=b', 'Unknown image attribute'),
    ],
)
def test_images_that_are_wrong(line: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        parse_images([line])


def test_flavor_says_for_each_end_whether_latest_has_it_too() -> None:
    lines = ['latest=true', 'prefix=a-,onlatest=true', 'suffix=-b,onlatest=false']
    assert parse_flavor(lines) == Flavor('true', 'a-', True, '-b', False)
    assert parse_flavor([]) == Flavor()


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('foo', 'Invalid flavor entry: foo'),
        ('foo=1', 'Unknown flavor entry: foo=1'),
        ('latest=maybe', 'Invalid latest flavor entry'),
        ('prefix=a,onlatest=1', 'Invalid value for onlatest attribute: 1'),
    ],
)
def test_flavor_that_is_wrong(line: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        parse_flavor([line])


def test_without_entries_there_are_four() -> None:
    assert [str(tag) for tag in parse_tags([])] == [
        'type=schedule,pattern=nightly,enable=true,priority=1000',
        'type=ref,event=branch,enable=true,priority=600',
        'type=ref,event=tag,enable=true,priority=600',
        'type=ref,event=pr,prefix=pr-,enable=true,priority=600',
    ]


def test_entries_stand_by_priority_and_then_as_written() -> None:
    lines = ['type=sha', 'type=raw,a', 'b', 'type=raw,value=c,priority=150', 'type=edge']
    shown = [tag.attributes.get('value', tag.type) for tag in parse_tags(lines)]
    assert shown == ['edge', 'a', 'b', 'c', 'sha']


def test_only_the_first_equals_sign_divides() -> None:
    (tag,) = parse_tags(['type=raw,value=a=b, ENABLE =true'])
    assert tag.attributes == {'value': 'a=b', 'enable': 'true', 'priority': '200'}


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('type=nope', 'Unknown tag type attribute: nope'),
        ('type=semver', 'Missing pattern attribute for type=semver'),
        ('type=match', 'Missing pattern attribute'),
        ('type=match,pattern=a,group=x', 'Invalid match group'),
        ('type=ref', 'Missing event attribute'),
        ('type=ref,event=push', 'Invalid event'),
        ('type=raw', 'Missing value attribute'),
        ('type=sha,format=mid', 'Invalid format'),
    ],
)
def test_entries_that_are_wrong(line: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        parse_tags([line])
