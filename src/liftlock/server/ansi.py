"""A line of a log as HTML: colours become classes, links become links, all else is text.

Understood are SGR sequences (`ESC [ … m`) with the 16 colours, bold, dim, italic, underline and
inverse, and hyperlinks (OSC 8) with http or https. 256 and true colours are shown as the nearest of
the 16, which the stylesheet gives enough contrast in both themes. Of a line that a program has
written over and over (with carriage returns) the last state is shown. Other sequences are dropped.
"""

import re
from html import escape
from typing import Final

from liftlock.language.records import NamedTuple

LONGEST: Final = 20_000  # characters of a line that are shown
_TOKEN: Final = re.compile(
    r'\x1b\[(?P<sgr>[0-9;:]*)m'
    r'|\x1b\]8;[^;\x07\x1b]*;(?P<link>[^\x07\x1b]*)(?:\x07|\x1b\\)'
    r'|\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])'
)
_CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), '\ufffd')
_RGB: Final = (
    (0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205),
    (229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255),
    (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
_ON: Final = {1: 'b', 2: 'dim', 3: 'i', 4: 'u', 7: 'inv', 9: 's'}
_OFF: Final = {22: ('b', 'dim'), 23: ('i',), 24: ('u',), 27: ('inv',), 29: ('s',)}


class Style(NamedTuple):
    """`front` and `back` are 0 to 15, or -1 for the theme's own."""

    front: int = -1
    back: int = -1
    marks: frozenset[str] = frozenset()

    def classes(self) -> str:
        found = [f'a-{mark}' for mark in sorted(self.marks)]
        found += [f'f{self.front}'] if self.front >= 0 else []
        found += [f'g{self.back}'] if self.back >= 0 else []
        return ' '.join(found)


PLAIN: Final = Style()


def html(text: str, style: Style = PLAIN) -> tuple[str, Style]:
    """The line, and the style in which the next one begins."""
    if '\r' in text:
        text = text.rstrip('\r').rpartition('\r')[2]
    cut = len(text) > LONGEST
    text = text[:LONGEST]
    if '\x1b' not in text:
        return _span(text, style) + (_more() if cut else ''), style
    parts: list[str] = []
    at, linked = 0, False
    for found in _TOKEN.finditer(text):
        parts.append(_span(text[at : found.start()], style))
        at = found.end()
        if found['sgr'] is not None:
            style = _changed(style, found['sgr'])
        elif found['link'] is not None:
            parts.append('</a>' if linked else '')
            linked = found['link'].startswith(('http://', 'https://'))
            href = escape(found['link'])
            parts.append(f'<a href="{href}" rel="noreferrer nofollow">' if linked else '')
    parts.append(_span(text[at:], style))
    parts.append('</a>' if linked else '')
    return ''.join(parts) + (_more() if cut else ''), style


def plain(text: str) -> str:
    """The line as somebody reads it, for a search."""
    if '\r' in text:
        text = text.rstrip('\r').rpartition('\r')[2]
    return _TOKEN.sub('', text) if '\x1b' in text else text


def _span(text: str, style: Style) -> str:
    if not text:
        return ''
    shown = escape(text if text.isprintable() else text.translate(_CONTROLS), quote=False)
    classes = style.classes()
    return f'<span class="{classes}">{shown}</span>' if classes else shown


def _more() -> str:
    return '<span class="a-dim"> … the line goes on</span>'


def _changed(style: Style, codes: str) -> Style:
    numbers = [int(one or 0) for one in re.split('[;:]', codes)] if codes else [0]
    while numbers:
        code = numbers.pop(0)
        if code == 0:
            style = PLAIN
        elif code in (38, 48):
            colour = _colour(numbers)
            style = style._replace(front=colour) if code == 38 else style._replace(back=colour)
        else:
            style = _simply(style, code)
    return style


def _simply(style: Style, code: int) -> Style:
    if code in _ON:
        return style._replace(marks=style.marks | {_ON[code]})
    if code in _OFF:
        return style._replace(marks=style.marks - {*_OFF[code]})
    if 30 <= code <= 37 or 90 <= code <= 97:
        return style._replace(front=code % 10 + (8 if code >= 90 else 0))
    if 40 <= code <= 47 or 100 <= code <= 107:
        return style._replace(back=code % 10 + (8 if code >= 100 else 0))
    if code == 39:
        return style._replace(front=-1)
    return style._replace(back=-1) if code == 49 else style


def _colour(numbers: list[int]) -> int:
    """Takes what belongs to an extended colour off the front."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        return _of_256(numbers.pop(0))
    if kind == 2 and len(numbers) >= 3:
        red, green, blue = numbers[:3]
        del numbers[:3]
        return _nearest((red, green, blue))
    return -1


def _of_256(number: int) -> int:
    if number < 16:
        return number
    if number >= 232:
        grey = 8 + (number - 232) * 10
        return _nearest((grey, grey, grey))
    steps = (0, 95, 135, 175, 215, 255)
    rest = min(number, 231) - 16
    return _nearest((steps[rest // 36], steps[rest // 6 % 6], steps[rest % 6]))


def _nearest(rgb: tuple[int, int, int]) -> int:
    def distance(number: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(rgb, _RGB[number], strict=True))

    return min(range(16), key=distance)
