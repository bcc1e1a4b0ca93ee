"""Expressions and their values as data: ours, and GitHub's own where they lie beside us."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Known, parse
from liftlock.language.expressions.values import Scope, Value, kind

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SHARED = Path(os.environ.get('LIFTLOCK_VECTORS') or ROOT.parent / 'shared/reference/vectors')


def cases(directory: Path) -> Iterator[Any]:
    for file in sorted(directory.glob('*.json')):
        for group, members in json.loads(file.read_text('utf-8')).items():
            for number, case in enumerate(members):
                yield pytest.param(case, id=f'{file.stem}-{group}-{number}')


def value_of(plain: Any) -> Value:
    """The value of a JSON value: all numbers are doubles."""
    if isinstance(plain, dict):
        return {name: value_of(item) for name, item in plain.items()}
    if isinstance(plain, list):
        return [value_of(item) for item in plain]
    return float(plain) if isinstance(plain, int) and not isinstance(plain, bool) else plain


def outcome(case: Any) -> tuple[str, Any]:
    """What an expression comes to: ('Number', 1.0) or ('parsing', the message)."""
    contexts = {name.lower(): value_of(item) for name, item in case.get('contexts', {}).items()}
    try:
        value = parse(case['expr'], Known(frozenset(contexts))).evaluate(Scope(contexts))
    except ExpressionError as error:
        return error.kind, error.message
    return kind(value), exactly(value)


def exactly(value: Value) -> Any:
    """The value with all that equality does not see: kinds inside it, and the order of keys."""
    if isinstance(value, dict):
        return [(name, exactly(item)) for name, item in value.items()]
    return [exactly(item) for item in value] if isinstance(value, list) else (kind(value), value)


def check(case: Any) -> None:
    found, content = outcome(case)
    if 'err' in case:
        assert found == case['err']['kind']
        assert case['err']['value'] in content
    else:
        expected = exactly(value_of(case['result']['value']))
        assert (found, content) == (case['result']['kind'], expected)


@pytest.mark.parametrize('case', [*cases(HERE / 'expressions')])
def test_an_expression_has_its_value(case: Any) -> None:
    check(case)


@pytest.mark.parametrize('case', [*cases(SHARED / 'expressions')])
def test_an_expression_has_the_value_that_github_publishes(case: Any) -> None:
    check(case)
