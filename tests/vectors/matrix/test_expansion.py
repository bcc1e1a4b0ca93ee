"""What each matrix stands for: the rules of GitHub's documentation and reader, as data."""

import json
from pathlib import Path
from typing import Any

import pytest

from liftlock.plan.matrix import MOST, BadMatrix, expand

CASES = json.loads((Path(__file__).parent / 'expansion.json').read_text(), parse_int=float)


@pytest.mark.parametrize('case', CASES, ids=lambda case: case['case'])
def test_a_matrix_expands_as_on_github(case: dict[str, Any]) -> None:
    if 'error' in case:
        with pytest.raises(BadMatrix) as raised:
            expand(case['matrix'])
        assert str(raised.value) == case['error']
        return
    legs = expand(case['matrix'])
    assert [leg.values for leg in legs] == case['legs']
    assert [', '.join(leg.segments) for leg in legs] == case['names']


def test_a_matrix_may_have_256_legs_and_no_more() -> None:
    assert len(expand({'n': [float(n) for n in range(MOST)]})) == MOST
    with pytest.raises(BadMatrix, match='257'):
        expand({'n': [float(n) for n in range(MOST + 1)]})


def test_a_matrix_that_would_never_end_is_refused_before_it_is_counted() -> None:
    vector = [float(n) for n in range(100)]
    with pytest.raises(BadMatrix, match='1000000000000'):
        expand(dict.fromkeys('abcdef', vector))
