"""Expressions in braces, as Handlebars reads them."""

from collections.abc import Mapping, Sequence

import pytest

from liftlock.runner.actions.metadata.template import Values, is_raw, render
from liftlock.runner.workbench import StepFailed


def echo(arguments: Sequence[str], options: Mapping[str, str]) -> str:
    return f'{list(arguments)}{dict(options)}'


VALUES: Values = {'a': '1<2', 'n': 7, 'stages': ('rc', '1'), 'echo': echo}


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('plain', 'plain'),
        ('{{a}}-{{ n }}', '1&lt;2-7'),
        ('{{{a}}}{{&a}}', '1<21<2'),
        ('{{stages}}', 'rc,1'),
        ('[{{nothing}}]', '[]'),
        ('x {{~ n ~}} y', 'x7y'),
        ('{{! a note }}{{!-- }} --}}z', 'z'),
        (r'\{{a}}', '{{a}}'),
        (
            "{{{echo 'YYYY-MM' \"b\" n tz='Asia/Tokyo'}}}",
            "['YYYY-MM', 'b', '7']{'tz': 'Asia/Tokyo'}",
        ),
        ('{{{echo unknown}}}', "['']{}"),
    ],
)
def test_what_expressions_give(text: str, expected: str) -> None:
    assert render(text, VALUES) == expected


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{{a', 'never closed'),
        ('{{a}', 'never closed'),
        ('{{#if a}}b{{/if}}', 'not supported'),
        ('{{{{a}}}}', 'not supported'),
        ("{{a 'b'}}", 'Missing helper: "a"'),
        ("{{a 'b}}", 'cannot be read'),
    ],
)
def test_what_is_no_expression(text: str, message: str) -> None:
    with pytest.raises(StepFailed, match=message):
        render(text, VALUES)


@pytest.mark.parametrize(
    ('text', 'expected'),
    [('{{raw}}', True), ('{{ raw}}', True), ('{{raw}}.{{version}}', False), ('{{raw }.', False)],
)
def test_raw_alone(text: str, expected: bool) -> None:
    assert is_raw(text) is expected
