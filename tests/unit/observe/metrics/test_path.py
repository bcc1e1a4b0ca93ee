import pytest

from liftlock.observe.metrics.path import find, parse

DOCUMENT = {'data': {'ok': True, 'a b': 1, "it's": 2}, 'items': [{'value': 3}, {'value': 4}]}


@pytest.mark.parametrize(
    ('path', 'expected'),
    [
        ('$', DOCUMENT),
        ('$.data.ok', True),
        ('{$.data.ok}', True),
        ('$.items[0].value', 3),
        ('$.items[-1].value', 4),
        ("$['data']['a b']", 1),
        ('$["data"]["a b"]', 1),
        (r"$.data['it\'s']", 2),
    ],
)
def test_a_path_finds_its_value(path: str, expected: object) -> None:
    assert find(DOCUMENT, parse(path)) == expected


@pytest.mark.parametrize(
    ('path', 'nothing'),
    [
        ('$.data.okay', r'\$\.data\.okay'),
        ('$.dat.ok', r'\$\.dat$'),
        ('$.items[2].value', r'\$\.items\[2\]'),
        ('$.items.value', r'\$\.items\.value'),
        ('$.data[0]', r'\$\.data\[0\]'),
    ],
)
def test_where_there_is_nothing_is_said(path: str, nothing: str) -> None:
    with pytest.raises(LookupError, match=f'there is nothing at {nothing}'):
        find(DOCUMENT, parse(path))


@pytest.mark.parametrize('path', ['data.ok', '$.items[*]', '$..ok', '$.items[?(@.a)]', '$x', ''])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r'does not begin|cannot be read'):
        parse(path)
