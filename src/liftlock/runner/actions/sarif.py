"""What must stand in a SARIF 2.1.0 file so that anybody can read findings from it.

Of the standard's schema only what findings are read from; the complaints are worded as those of
`github/codeql-action/upload-sarif`, which checks all of it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from liftlock.language.records import NamedTuple

VERSION: Final = '2.1.0'


class Object(NamedTuple):
    """A JSON object: what stands below which key, and which keys must be there."""

    below: 'dict[str, Shape]'
    required: tuple[str, ...] = ()


class Array(NamedTuple):
    of: 'Shape'


Shape = Object | Array | str  # a str names a type

_LOCATION: Final = Object(
    {'physicalLocation': Object({'artifactLocation': Object({'uri': 'string'})})}
)
_RESULT: Final = Object(
    {
        'ruleId': 'string',
        'level': 'string',
        'message': Object({'text': 'string'}),
        'locations': Array(_LOCATION),
    },
    ('message',),
)
_RULES: Final = Array(Object({'id': 'string'}, ('id',)))
_TOOL: Final = Object({'driver': Object({'name': 'string', 'rules': _RULES}, ('name',))})
_RUN: Final = Object(
    {'tool': _TOOL._replace(required=('driver',)), 'results': Array(_RESULT)}, ('tool',)
)
FILE: Final = Object({'version': 'string', 'runs': Array(_RUN)}, ('version', 'runs'))
_TYPES: Final[dict[str, type]] = {'string': str}


def check(content: object) -> Iterator[str]:
    """Everything that is wrong with what was read from JSON."""
    yield from _check(content, FILE, 'instance')
    version = content.get('version') if isinstance(content, dict) else VERSION
    if isinstance(version, str) and version != VERSION:
        yield f'instance.version is not one of enum values: {VERSION}'


def count(content: dict[str, Any]) -> int | None:
    """How many findings a checked file holds; None where a run does not say that it looked."""
    lists = [run.get('results') for run in content['runs']]
    return None if None in lists else sum(map(len, lists))


def categories(content: dict[str, Any], default: str) -> Sequence[tuple[str, str]]:
    """Category and tool of every run, once."""
    pairs = (
        ((run.get('automationDetails') or {}).get('id') or default, run['tool']['driver']['name'])
        for run in content['runs']
    )
    return list(dict.fromkeys(pairs))


def _check(value: object, shape: Shape, path: str) -> Iterator[str]:
    match shape:
        case Object() if isinstance(value, dict):
            yield from _check_object(value, shape, path)
        case Array(of) if isinstance(value, list):
            for number, item in enumerate(value):
                yield from _check(item, of, f'{path}[{number}]')
        case Object() | Array():
            yield f'{path} is not of a type(s) {type(shape).__name__.lower()}'
        case name if not isinstance(value, _TYPES[name]):
            yield f'{path} is not of a type(s) {name}'


def _check_object(value: dict[str, Any], shape: Object, path: str) -> Iterator[str]:
    for key in shape.required:
        if key not in value:
            yield f'{path} requires property "{key}"'
    for key, inner in shape.below.items():
        if key in value:
            yield from _check(value[key], inner, f'{path}.{key}')
