"""Lines of a log as HTML."""

import pytest

from liftlock.server.ansi import html, plain

RED = '\x1b[31m'


@pytest.mark.parametrize(
    ('line', 'shown'),
    [
        ('plain', 'plain'),
        ('<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'),
        (f'{RED}red\x1b[0m not', '<span class="f1">red</span> not'),
        ('\x1b[1;4;92mdone\x1b[22mless', '<span class="a-b a-u f10">done</span>'
         '<span class="a-u f10">less</span>'),
        ('\x1b[38;5;196mx\x1b[39my', '<span class="f9">x</span>y'),
        ('\x1b[48;2;0;0;230mx\x1b[49my', '<span class="g4">x</span>y'),
        ('\x1b[2K\x1b[1Gafter', 'after'),
        ('10 %\r50 %\r100 %', '100 %'),
        ('100 %\r', '100 %'),
        ('\x07\x01', '\ufffd\ufffd'),
        ('\x1b]8;;https://example.org/a"b\x1b\\here\x1b]8;;\x1b\\!',
         '<a href="https://example.org/a&quot;b" rel="noreferrer nofollow">here</a>!'),
        ('\x1b]8;;javascript:alert(1)\x07here\x1b]8;;\x07', 'here'),
    ],
)  # fmt: skip
def test_a_line_is_shown(line: str, shown: str) -> None:
    assert html(line)[0] == shown


def test_a_colour_goes_on_in_the_next_line_until_it_ends() -> None:
    first, style = html(f'{RED}one')
    second, style = html('two\x1b[m three', style)
    assert (first, second) == ('<span class="f1">one</span>', '<span class="f1">two</span> three')
    assert html('four', style)[0] == 'four'


def test_a_very_long_line_is_cut() -> None:
    shown, _ = html('x' * 50_000)
    assert len(shown) < 21_000
    assert shown.endswith('the line goes on</span>')


def test_a_search_sees_the_words_alone() -> None:
    assert plain(f'a{RED}b\x1b[0mc') == 'abc'
    assert plain('5 %\r9 %') == '9 %'
