"""Badges as pictures."""

from xml.etree import ElementTree

import pytest

from liftlock.server.badges import COLOURS, WORDS, svg, width


@pytest.mark.parametrize('word', list(COLOURS))
def test_a_badge_is_svg_that_says_its_words_to_everybody(word: str) -> None:
    drawn = ElementTree.fromstring(svg('CI', word))
    assert drawn.get('aria-label') == f'CI: {word}'
    assert float(drawn.get('width', '0')) > width('CI') + width(word)
    assert set(WORDS.values()) <= set(COLOURS)


def test_a_name_cannot_bring_a_tag_of_its_own() -> None:
    drawn = svg('<script>alert("1")</script>', 'passing')
    assert '<script' not in drawn
    ElementTree.fromstring(drawn)


def test_wide_letters_take_more_room() -> None:
    assert width('WWWW') > width('iiii')
