"""GitHub's filter pattern cheat sheet, and what it leaves open, as data."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.plan import globs

PIECES = ('a', '*', '**', 'a*', '*b', 'a?b', 'ab+', '[ab]+', '*a*')
CASES = json.loads((Path(__file__).parent / 'patterns.json').read_text())


@pytest.mark.parametrize('case', CASES, ids=lambda case: ' '.join(case['patterns']) or 'none')
def test_patterns_match_as_on_github(case: dict[str, Any]) -> None:
    wrong = [text for text in case['yes'] if not globs.match(case['patterns'], text)]
    wrong += [text for text in case['no'] if globs.match(case['patterns'], text)]
    assert wrong == []


@given(st.text(alphabet='ab*?+[]!\\/.-^&|~', max_size=12), st.text(alphabet='ab/.*', max_size=8))
def test_no_pattern_is_too_strange(pattern: str, text: str) -> None:
    assert globs.match([pattern], text) in (True, False)


@given(st.text(alphabet='abc/._-', max_size=20))
def test_a_plain_name_matches_itself_and_two_stars_match_it(name: str) -> None:
    assert globs.match(['**'], name)
    assert globs.match([name], name)
    assert not globs.match(['**', f'!{name}'], name)


def test_repeated_repetitions_take_no_time() -> None:
    for pattern in ('a++++++++++b', '**+**+**+b', '**/++**/++**/++b', '*+*?*+*?b', '*a' * 40 + 'b'):
        assert not globs.match([pattern], 'a' * 60)
    assert not globs.match(['a?' * 50_000 + 'b'], 'a' * 2000)
    assert globs.match(['**/' * 5000 + 'b'], 'a/' * 500 + 'b')


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.text(alphabet='ab/', max_size=7))
def test_a_pattern_means_what_its_regular_expression_would(pieces: list[str], text: str) -> None:
    pattern = '/'.join(pieces)
    expression = '/'.join(pieces).replace('**/', '\0').replace('**', '\1').replace('*', '[^/]*')
    expression = expression.replace('\0', '(?:.*/)?').replace('\1', '.*')
    assert globs.match([pattern], text) is bool(re.fullmatch(expression, text))
