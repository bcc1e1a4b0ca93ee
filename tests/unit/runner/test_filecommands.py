import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.runner.filecommands import BadFileCommand, parse_pairs, parse_paths


@pytest.mark.parametrize(
    ('text', 'pairs'),
    [
        ('', {}),
        ('\n\n', {}),
        ('a=1', {'a': '1'}),
        ('a=1\nb=2\n', {'a': '1', 'b': '2'}),
        ('a=', {'a': ''}),
        (' a = 1 ', {' a ': ' 1 '}),  # nothing is trimmed
        ('a=b=c', {'a': 'b=c'}),
        ('a=<<x', {'a': '<<x'}),
        ('a=1\r\n', {'a': '1\r'}),
        ('a=1\na=2', {'a': '2'}),
        ('a<<E\nE\n', {'a': ''}),
        ('a<<E\none\nE', {'a': 'one'}),
        ('a<<E\none\n\ntwo\n\nE\nb=2', {'a': 'one\n\ntwo\n', 'b': '2'}),
        ('a<<E=F\n1\nE=F\n', {'a': '1'}),
        ('a<< E \n1\n E \n', {'a': '1'}),  # the delimiter is taken as it is
        ('a<<E\nE \nE\n', {'a': 'E '}),
    ],
)
def test_names_and_values(text: str, pairs: dict[str, str]) -> None:
    assert dict(parse_pairs(text)) == pairs


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('nonsense', "Invalid format 'nonsense'"),
        ('a<<E\none\n', "Invalid value. Matching delimiter not found 'E'"),
        ('a<<E\none', 'Invalid value. EOF marker missing new line.'),
        ('<<E\n1\nE', "Invalid format '<<E'. Name must not be empty"),
        ('a<<\n1\n', "Invalid format 'a<<'. Name must not be empty and delimiter must not be"),
        ('=1', "Invalid format '=1'. Name must not be empty"),
    ],
)
def test_what_cannot_be_read(text: str, message: str) -> None:
    with pytest.raises(BadFileCommand) as raised:
        list(parse_pairs(text))
    assert str(raised.value).startswith(message)


@given(st.text().filter(lambda value: '\nEND\n' not in f'\n{value}\n'))
def test_every_value_survives_a_heredoc(value: str) -> None:
    assert dict(parse_pairs(f'name<<END\n{value}\nEND\n')) == {'name': value}


def test_paths_are_lines() -> None:
    assert parse_paths('/a\n\n/b c\r\n/d') == ['/a', '/b c', '/d']
