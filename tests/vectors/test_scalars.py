"""What a scalar without quotes means: YAML 1.2's core schema, as GitHub applies it."""

import json
from pathlib import Path

import pytest

from liftlock.language import yaml
from liftlock.language.expressions.values import to_text

KINDS = json.loads((Path(__file__).parent / 'reader/scalars.json').read_text('utf-8'))
CASES = [(text, value) for cases in KINDS.values() for text, value in cases]


@pytest.mark.parametrize(('text', 'expected'), CASES)
def test_a_plain_scalar_has_the_value_of_the_core_schema(text: str, expected: object) -> None:
    value = yaml.plain(text)
    if isinstance(value, float):
        shown = to_text(value)
        assert shown == (expected if isinstance(expected, str) else to_text(expected))
    else:
        assert value == (text if expected == 'NaN text' else expected)
        assert type(value) is not int


def test_a_number_of_more_than_32_bits_is_refused_in_hexadecimal_and_octal() -> None:
    for text in ('0x100000000', '0o40000000000'):
        with pytest.raises(ValueError, match=text):
            yaml.plain(text)
