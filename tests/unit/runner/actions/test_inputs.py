"""Lists as docker's actions read them."""

import pytest

from liftlock.runner.actions.inputs import parse_fields, parse_records, split_list
from liftlock.runner.workbench import StepFailed


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', []),
        ('a,b\n\n c ,d', ['a', 'b', 'c', 'd']),
        ('"a,b"\n"say ""hi"""', ['a,b', 'say "hi"']),
        ('a\r\nb', ['a', 'b']),
        ('x="a,b"', ['x="a', 'b"']),
        ('"a"b', ['"a"b']),
    ],
)
def test_lists_are_lines_of_comma_separated_values(text: str, expected: list[str]) -> None:
    assert split_list(text) == expected


def test_commas_stay_where_a_line_is_one_thing() -> None:
    assert split_list('type=gha,mode=max\n"a,b",c', commas=False) == ['type=gha,mode=max', 'a,b,c']


def test_quotes_stay_where_they_mean_nothing() -> None:
    assert split_list('type=local,"dest=a,b"', commas=False, quote='') == ['type=local,"dest=a,b"']


def test_comments_begin_anywhere_or_at_the_beginning_of_a_line() -> None:
    text = '# all\na # b\n  # c\n"#d"'
    assert split_list(text, comment='#') == ['a', '#d']
    assert split_list(text, comment='#', infix=False) == ['a # b', '# c', '#d']


def test_a_quoted_value_may_go_over_lines() -> None:
    assert parse_records('"a\nb",c') == [['a\nb', 'c']]


@pytest.mark.parametrize('text', ['"open', 'a="b"'])
def test_fields_refuse_quotes_that_are_out_of_place(text: str) -> None:
    with pytest.raises(StepFailed, match='quote'):
        parse_fields(text)
