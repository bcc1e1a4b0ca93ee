"""Windows into the log of a job, step by step: lines are counted from 1 within their step.

A step's lines need not stand together: steps in the background write between those of others. What
is sent is HTML, one element a line, and nothing is read but the segments that hold the window.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server import ansi
from liftlock.store.logs import LogReader, Segment

MOST: Final = 2000  # lines of one window
MOST_HITS: Final = 10_000
ERRORS: Final = '##[error]'
GROUPS: Final = ('##[group]', '##[endgroup]')
_MARK: Final = re.compile(r'##\[(group|endgroup|section|command|debug|notice|warning|error)\](.*)')


class Hit(NamedTuple):
    step: int
    line: int


class Found(NamedTuple):
    """`more`: there are more than are told."""

    hits: tuple[Hit, ...]
    more: bool


class Group(NamedTuple):
    """Lines that fold together: the one that names them, and the last."""

    step: int
    first: int
    last: int


class Steps:
    """Where the lines of each step are."""

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._segments: dict[int, list[Segment]] = {}
        self._starts: dict[int, list[int]] = {}
        for segment in reader.segments:
            mine = self._segments.setdefault(segment.step, [])
            starts = self._starts.setdefault(segment.step, [])
            starts.append(starts[-1] + mine[-1].lines if mine else 0)
            mine.append(segment)

    def count(self, step: int) -> int:
        mine = self._segments.get(step)
        return self._starts[step][-1] + mine[-1].lines if mine else 0

    def counts(self) -> dict[int, int]:
        return {step: self.count(step) for step in self._segments}

    def begin(self, step: int) -> float:
        """When it said its first line."""
        mine = self._segments.get(step)
        return mine[0].at if mine else 0.0

    def lines(self, step: int, start: int, stop: int) -> Iterator[tuple[int, float, str]]:
        """(number from 1, time, text) of the step's lines from `start` (from 0) up to `stop`."""
        mine = self._segments.get(step, [])
        starts = self._starts.get(step, [])
        at = max(bisect_right(starts, start) - 1, 0)
        for segment, first in zip(mine[at:], starts[at:], strict=True):
            if first >= stop:
                return
            texts = self._reader.text(segment).split('\n')
            for index in range(max(start - first, 0), min(stop - first, segment.lines)):
                yield first + index + 1, segment.at, texts[index]

    def search(self, wanted: re.Pattern[str], literal: str = '') -> Found:
        """Where it is found, in order of the steps. With a `literal` (in lower case) segments are
        passed over in which it does not occur at all."""
        hits: list[Hit] = []
        for step in sorted(self._segments):
            for segment, first in zip(self._segments[step], self._starts[step], strict=True):
                text = self._reader.text(segment)
                if literal and literal not in text.lower():
                    continue
                for index, line in enumerate(text.split('\n')[: segment.lines], first + 1):
                    if wanted.search(ansi.plain(line)):
                        hits.append(Hit(step, index))
                if len(hits) > MOST_HITS:
                    return Found(tuple(hits[:MOST_HITS]), True)
        return Found(tuple(hits), False)

    def said(self, step: int, level: str, beginning: str) -> int:
        """The first line of the step that says so, as a mark of this level; 0 if none does."""
        wanted = re.compile(re.escape(f'##[{level}]') + r'.*?' + re.escape(beginning))
        for segment, first in zip(
            self._segments.get(step, ()), self._starts.get(step, ()), strict=True
        ):
            text = self._reader.text(segment)
            if beginning not in text:
                continue
            for index, line in enumerate(text.split('\n')[: segment.lines], first + 1):
                if wanted.match(line):
                    return index
        return 0

    def errors(self) -> Found:
        return self.search(re.compile(r'^##\[error\]'), ERRORS)

    def groups(self, size: int) -> tuple[Group, ...]:
        """Those that reach over the end of a window of `size` lines."""
        return tuple(
            one
            for step in sorted(self._segments)
            for one in self._groups(step)
            if (one.first - 1) // size != (one.last - 1) // size
        )

    def _groups(self, step: int) -> Iterator[Group]:
        begun = 0
        for segment, first in zip(self._segments[step], self._starts[step], strict=True):
            text = self._reader.text(segment)
            if not any(mark in text for mark in GROUPS):
                continue
            for number, line in enumerate(text.split('\n')[: segment.lines], first + 1):
                if not line.startswith(GROUPS):
                    continue
                if begun:
                    yield Group(step, begun, number - 1)
                begun = number if line.startswith(GROUPS[0]) else 0
        if begun:
            yield Group(step, begun, self.count(step))


def pattern(text: str, *, regex: bool) -> tuple[re.Pattern[str], str]:
    """What `search` is given. UserError for what is no regular expression."""
    if not regex:
        return re.compile(re.escape(text), re.IGNORECASE), text.lower() if text.isascii() else ''
    try:
        return re.compile(text, re.IGNORECASE), ''
    except re.error as error:
        raise UserError(f'this is no regular expression: {error}') from None


def html(steps: Steps, step: int, start: int, stop: int) -> str:
    """The window; groups can be folded, as far as they lie within it. The one that is still being
    written is open."""
    style = ansi.PLAIN
    parts: list[str] = []
    group, open_group, begin = 0, False, steps.begin(step)
    for number, at, text in steps.lines(step, start, min(stop, start + MOST)):
        mark = _MARK.match(text)
        kind = mark[1] if mark else ''
        shown, style = ansi.html(mark[2] if mark else text, style)
        place = f's{step}-L{number}', number, _clock(at)
        line = _line(place, at - begin, shown, kind)
        if kind in ('group', 'endgroup') and open_group:
            parts.append('</details>')
            open_group = False
        if kind == 'group':
            summary = _line(place, at - begin, shown, kind, 'summary')
            group, open_group = len(parts), True
            parts.append(f'<details class="fold">{summary}')
        else:
            parts.append(line)
    if open_group:
        parts.append('</details>')
        if stop >= steps.count(step):
            parts[group] = parts[group].replace('<details', '<details open', 1)
    return ''.join(parts)


def _line(
    place: tuple[str, int, str], since: float, shown: str, kind: str, tag: str = 'div'
) -> str:
    """`since` is seconds after the step's first line."""
    name, number, clock = place
    kinds = f' k-{escape(kind)}' if kind else ''
    # What folds is a control already, and must not hold another one.
    shown_number = f'<a class="n" href="#{name}" tabindex="-1">{number}</a>'
    if tag == 'summary':
        shown_number = f'<span class="n">{number}</span>'
    word = {'error': 'Error: ', 'warning': 'Warning: ', 'notice': 'Notice: '}.get(kind, '')
    return (
        f'<{tag} class="l{kinds}" id="{name}">{shown_number}'
        f'<span class="c" data-t="{clock}" data-r="+{since:.1f}s"></span>'
        f'<span class="t">{word}{shown}</span></{tag}>'
    )


@lru_cache(maxsize=1024)
def _clock(at: float) -> str:
    """Lines that were written together have one time."""
    return datetime.fromtimestamp(at, UTC).strftime('%H:%M:%S.') + f'{int(at % 1 * 1000):03}'
