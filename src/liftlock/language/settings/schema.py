"""The JSON Schema of `liftlock.yml`, for editors. It says what the table says, and no more."""

import json
from collections.abc import Mapping
from typing import Any, Final

from liftlock.language.settings.shapes import (
    Choice,
    Comparison,
    Duration,
    Either,
    Field,
    Flag,
    Items,
    Kinds,
    Named,
    Number,
    Record,
    Reference,
    Shape,
    Share,
    Size,
    Text,
    Whole,
)
from liftlock.language.settings.table import SETTINGS

Schema = dict[str, Any]

LOOSE: Final[Schema] = {'type': ['string', 'number', 'boolean']}
DURATION: Final = r'^(0|(\d+(\.\d+)?(ms|s|m|h|d))+)$'
COMPARISON: Final = r'^\s*(<=|>=|==|!=|<|>)\s*\d'
MEASURED: Final = r'^\s*[A-Za-z_][A-Za-z0-9_.]*(\([A-Za-z0-9_., ]*\))?\s*(<=|>=|==|!=|<|>)\s*\d'


def render() -> str:
    """The whole schema, as it stands in docs/liftlock.yml.schema.json."""
    head = {
        '$schema': 'https://json-schema.org/draft/2020-12/schema',
        'title': 'liftlock.yml',
        'description': 'Gates, environments, alerts, retention and retries for Liftlock.',
    }
    return json.dumps(head | schema(SETTINGS), indent=2, ensure_ascii=False) + '\n'


def schema(shape: Shape) -> Schema:
    match shape:
        case Record(_, fields, one_of, some_of):
            return _record(fields, one_of, some_of)
        case Kinds(_, fields, words):
            one = {'minProperties': 1, 'maxProperties': 1}
            mapping = _record(fields) | one
            return {'oneOf': [{'enum': list(words)}, mapping]} if words else mapping
        case Named(of, pattern):
            return {
                'type': ['object', 'null'],
                'patternProperties': {f'^{pattern}$': schema(of)},
                'additionalProperties': False,
            }
        case Items(of, lone):
            items = {'type': 'array', 'items': schema(of)}
            return {'oneOf': [items, schema(of)]} if lone else items
        case Either(scalar, other):
            return {'oneOf': [schema(scalar), schema(other)]}
        case _:
            return _scalar(shape)


def _record(
    fields: Mapping[str, Field], one_of: tuple[str, ...] = (), some_of: tuple[str, ...] = ()
) -> Schema:
    required = [name for name, field in fields.items() if field.required]
    made: Schema = {
        'type': 'object' if required or one_of or some_of else ['object', 'null'],
        'properties': {
            name: {'description': field.about} | schema(field.shape)
            for name, field in fields.items()
        },
        'additionalProperties': False,
    }
    if required:
        made['required'] = required
    if one_of:
        made['oneOf'] = [{'required': [name]} for name in one_of]
    if some_of:
        made['anyOf'] = [{'required': [name]} for name in some_of]
    return made


def _scalar(shape: Shape) -> Schema:
    match shape:
        case Text(pattern) if pattern:
            return LOOSE | {'pattern': f'^({pattern})$'}
        case Choice(words):
            return {'enum': list(words)}
        case Flag():
            return {'type': 'boolean'}
        case Whole() | Number() | Share() | Size():
            return _quantity(shape)
        case Duration():
            return {'type': ['string', 'integer'], 'pattern': DURATION, 'maximum': 0}
        case Comparison(measured, alone):
            compared = {'type': 'string', 'pattern': MEASURED if measured else COMPARISON}
            return {'anyOf': [{'enum': list(alone)}, compared]} if alone else compared
        case Reference():
            return {'type': 'string', 'pattern': '^secret:[A-Za-z_][A-Za-z0-9_]*$'}
        case _:
            return LOOSE


def _quantity(shape: Whole | Number | Share | Size) -> Schema:
    match shape:
        case Whole(low, high):
            return {'type': 'integer', 'minimum': low} | ({'maximum': high} if high else {})
        case Number(low, True):
            return {'type': ['number', 'string'], 'minimum': low, 'maximum': 100}
        case Number(low):
            return {'type': 'number', 'minimum': low}
        case Size():
            return {'type': 'string', 'pattern': r'^\d+(\.\d+)?\s*[KMGT]?i?B$'}
        case Share():
            return {'type': ['integer', 'string'], 'minimum': 0, 'pattern': r'^\d+%?$'}
