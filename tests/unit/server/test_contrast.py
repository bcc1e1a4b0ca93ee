"""Texts can be read in both themes: WCAG's 4.5 to 1, 3 to 1 for marks."""

import re

import pytest

from liftlock.server import static

SHEET = (static.HERE / 'liftlock.css').read_text()
GROUNDS = ('page', 'card', 'soft')
TEXTS = ('text', 'dim', 'link', 'good', 'bad', 'warn', 'busy')
TERMINAL = tuple(f'c{number}' for number in range(16))
LINES = ('log', 'soft', 'hit', 'bad-soft')  # what a line of a log stands on
SOFT = ('good-soft', 'bad-soft', 'warn-soft', 'busy-soft')


def palette(block: str) -> dict[str, str]:
    return dict(re.findall(r'--([a-z0-9-]+): (#[0-9a-f]{3,6})\b', block))


def themes() -> dict[str, dict[str, str]]:
    light = palette(SHEET[: SHEET.index('@media')])
    dark = palette(SHEET[SHEET.index("[data-theme='dark'] {\n") :].partition('}')[0])
    assert dark, 'the dark theme is not where it was'
    return {'light': light, 'dark': light | dark}


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else ''.join(one * 2 for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_every_text_can_be_read_on_every_ground(theme: str) -> None:
    colours = themes()[theme]
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    pairs += [('text', ground) for ground in SOFT]
    pairs += [(text, ground) for text in (*TEXTS, *TERMINAL) for ground in LINES]
    pairs += [('bad', 'bad-soft'), ('card', 'link')]
    poor = {pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs}
    assert {pair: found for pair, found in poor.items() if found < 4.5} == {}


@pytest.mark.parametrize('theme', ['light', 'dark'])
def test_the_edges_of_fields_and_the_focus_are_seen(theme: str) -> None:
    colours = themes()[theme]
    pairs = [(mark, ground) for mark in ('line', 'focus') for ground in GROUNDS]
    assert [pair for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 3] == []


def test_black_on_white_is_as_much_as_there_can_be() -> None:
    assert round(contrast('#000', '#ffffff')) == 21
