"""A mistake inside a scalar is underlined where it stands, however the scalar is written."""

import pytest
from yaml.nodes import MappingNode, ScalarNode

from liftlock.language import yaml
from liftlock.language.reading import places
from liftlock.language.source import Span


def under(text: str, words: str) -> list[str]:
    """The lines of the file that are marked, cut to the marks."""
    root = yaml.compose('a.yml', text)
    assert isinstance(root, MappingNode)
    node = root.value[0][1]
    assert isinstance(node, ScalarNode)
    (span,) = places.parts(text, node, [(node.value.index(words), len(words))])
    return [] if span is None else cut(text, span)


def cut(text: str, span: Span) -> list[str]:
    lines = text.splitlines()[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return lines


@pytest.mark.parametrize(
    'text',
    [
        'a: echo ${{ here }}',
        'a: one\n  two ${{ here }}\n  three',
        "a: 'it''s ''so'' ${{ here }}'",
        "a: 'one\n\n  two ''${{ here }}'",
        'a: "one \\"two\\" \\\\ ${{ here }}"',
        'a: "one\\ttwo\\n${{ here }}"',
        'a: "\\x41\\u00e9\\U0001F600 ${{ here }}"',
        'a: "one \\\n  two ${{ here }}"',
        'a: |\n  one\n\n    two\n  ${{ here }}\n',
        'a: |2-\n   one\n  ${{ here }}\n',
        'a: |  # a comment\n\n\n  one ${{ here }}\n',
        'a: >\n  one\n  two\n\n  three ${{ here }}\n',
        'a: |\r\n  one\r\n  ${{ here }}\r\n',
        'a: &anchor é ü ${{ here }}',
        'a: !!str "x ${{ here }}"',
    ],
)
def test_the_very_words_are_found(text: str) -> None:
    assert under(text, 'here') == ['here']


def test_a_mark_may_run_over_lines() -> None:
    assert under('a: >\n  x(one\n  two)\n', 'one two') == ['one', '  two']


def test_what_cannot_be_followed_has_no_place() -> None:
    assert under('a: "\\N ${{ here }}"', 'here') == []


def test_no_place_is_given_to_nothing() -> None:
    root = yaml.compose('a.yml', 'a: b')
    assert isinstance(root, MappingNode)
    node = root.value[0][1]
    assert places.parts('a: b', node, [(0, 0), (5, 1)]) == [None, None]
