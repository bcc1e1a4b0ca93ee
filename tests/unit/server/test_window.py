"""Windows into a log of which no file is needed."""

import re
from typing import Any, cast

from liftlock.server.window import Group, Hit, Steps, html, pattern
from liftlock.store.logs import LogReader, Segment


class Log:
    """Segments as a reader has them: (step, text)."""

    def __init__(self, *said: tuple[int, str]) -> None:
        self._texts = [text for _, text in said]
        self.segments: list[Segment] = []
        first = 0
        for number, (step, text) in enumerate(said):
            lines = text.count('\n')
            self.segments.append(Segment(number, len(text), first, lines, step, 1_700_000_000.5))
            first += lines

    def text(self, segment: Segment) -> str:
        return self._texts[segment.offset]


def steps(*said: tuple[int, str]) -> Steps:
    return Steps(cast(LogReader, cast(Any, Log(*said))))


BETWEEN = steps((1, 'a\nb\n'), (2, 'x\n'), (1, 'c\nd\n'), (2, 'y\nz\n'))


def test_lines_are_counted_within_their_step_though_another_wrote_between() -> None:
    assert BETWEEN.counts() == {1: 4, 2: 3}
    assert [(n, text) for n, _, text in BETWEEN.lines(1, 1, 3)] == [(2, 'b'), (3, 'c')]
    assert [(n, text) for n, _, text in BETWEEN.lines(2, 0, 99)] == [(1, 'x'), (2, 'y'), (3, 'z')]
    assert list(BETWEEN.lines(7, 0, 99)) == []
    assert list(BETWEEN.lines(1, 4, 9)) == []


def test_a_search_tells_steps_and_lines() -> None:
    assert BETWEEN.search(re.compile('[bcz]')).hits == (Hit(1, 2), Hit(1, 3), Hit(2, 3))
    assert BETWEEN.search(*pattern('Z', regex=False)).hits == (Hit(2, 3),)


def test_a_search_looks_through_colours() -> None:
    coloured = steps((1, '\x1b[31mun\x1b[0mdo\n##[error]no\n'))
    assert coloured.search(*pattern('undo', regex=True)).hits == (Hit(1, 1),)
    assert coloured.errors().hits == (Hit(1, 2),)


def test_a_group_can_be_folded_and_is_closed_at_the_end_of_the_window() -> None:
    shown = html(steps((3, '##[group]Run make\nmake\n##[endgroup]\nout\n##[group]x\n')), 3, 0, 9)
    assert shown.count('<details') == shown.count('</details>') == 2
    assert '<summary class="l k-group" id="s3-L1">' in shown
    assert shown.index('</details>') < shown.index('id="s3-L4"')


def test_errors_say_so_in_words() -> None:
    assert 'Error: it broke' in html(steps((1, '##[error]it broke\n')), 1, 0, 1)


LONG = '##[group]a\n' + 'x\n' * 9 + '##[endgroup]\n##[group]b\ny\n##[endgroup]\n'


def test_groups_are_told_that_reach_over_a_window() -> None:
    assert steps((1, LONG)).groups(5) == (Group(1, 1, 10),)
    assert steps((1, LONG)).groups(20) == ()
    assert steps((1, 'x\n##[group]a\n' + 'y\n' * 9)).groups(5) == (Group(1, 2, 11),)


def test_a_group_that_is_still_written_is_open() -> None:
    assert html(steps((1, '##[group]a\nx\n')), 1, 0, 500).startswith('<details open ')
    assert html(steps((1, LONG)), 1, 0, 5).startswith('<details class')
