"""The description as people read it: a page without a script of anybody's."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from liftlock.language.records import NamedTuple
from liftlock.server import rendering
from liftlock.server.rest.description import TEXT
from liftlock.server.rest.refusals import MEANINGS

ORDER: Final = ('get', 'put', 'post', 'patch', 'delete')
Schema = Mapping[str, Any]


class Row(NamedTuple):
    """A parameter, or a field. `place`: path, query, header, body; '' in an answer."""

    name: str
    place: str
    kind: Markup
    needed: bool
    told: Markup


class Operation(NamedTuple):
    """`answer` is what it says when all is well, with its status; `scope` is '' for everybody."""

    name: str
    how: str
    path: str
    gist: str  # the first sentence of what is told
    told: Markup
    scope: str
    rows: list[Row]
    status: str
    answer: Markup


class Shape(NamedTuple):
    name: str
    told: Markup
    rows: list[Row]


def page(request: Request, spec: Schema) -> Response:
    sections: dict[str, list[Operation]] = {}
    for path, item in spec['paths'].items():
        for how in ORDER:
            if how in item:
                found = _operation(spec, path, how, item[how])
                sections.setdefault(item[how]['tags'][0], []).append(found)
    return rendering.page(
        request,
        'api.html',
        text=TEXT,
        sections=sections,
        shapes=[_shape(name, one) for name, one in sorted(spec['components']['schemas'].items())],
        meanings=MEANINGS,
    )


def _operation(spec: Schema, path: str, how: str, one: Schema) -> Operation:
    (scopes,) = one['security'][0].values()
    told = ' '.join(one.get('description', '').split())
    status = min(one['responses'])
    answer = one['responses'][status].get('content', {})
    kinds = [
        kind(about['schema']) if name == 'application/json' else escape(name)
        for name, about in answer.items()
    ]
    return Operation(
        one['operationId'],
        how.upper(),
        path,
        re.split(r'(?<=\w)[.:;](?= |$)', told)[0].replace('`', ''),
        prose(told),
        scopes[0] if scopes else '',
        [*_parameters(one), *_body(spec, one)],
        status,
        Markup(', ').join(kinds),
    )


def _parameters(one: Schema) -> Iterator[Row]:
    for given in one.get('parameters', ()):
        schema = given['schema']
        told = prose(given.get('description', schema.get('description', '')))
        needed = given.get('required', False)
        yield Row(given['name'], given['in'], kind(schema), needed, told)


def _body(spec: Schema, one: Schema) -> Iterator[Row]:
    content = one.get('requestBody', {}).get('content', {})
    schema = content.get('application/json', {}).get('schema', {})
    for name in re.findall(r"'#/components/schemas/(\w+)'", str(schema)):
        yield from _fields(spec['components']['schemas'][name], 'body')


def _shape(name: str, one: Schema) -> Shape:
    return Shape(name, prose(one.get('description', '')), list(_fields(one, '')))


def _fields(schema: Schema, place: str) -> Iterator[Row]:
    needed = schema.get('required', ())
    for name, about in schema.get('properties', {}).items():
        told = prose(about.get('description', ''))
        yield Row(name, place, kind(about), bool(place) and name in needed, told)


def kind(schema: Schema) -> Markup:
    """Of which type a value is, in words; shapes are led to."""
    if '$ref' in schema:
        name = schema['$ref'].rpartition('/')[2]
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    if 'anyOf' in schema:
        return Markup(' or ').join(kind(one) for one in schema['anyOf'])
    if 'enum' in schema:
        words = (Markup('<code>{}</code>').format(one or "''") for one in schema['enum'])
        return _with(Markup(', ').join(words), schema)
    if 'const' in schema:
        return Markup('<code>{}</code>').format(schema['const'])
    match schema.get('type'):
        case 'array':
            return Markup('list of {}').format(kind(schema['items']))
        case 'object' if isinstance(schema.get('additionalProperties'), dict):
            return Markup('{} by name').format(kind(schema['additionalProperties']))
        case None:
            return Markup('anything')
        case known:
            return _with(escape(known), schema)


def _with(told: Markup, schema: Schema) -> Markup:
    default = schema.get('default')
    if default in (None, '', 0, False):
        return told
    return Markup('{} [{}]').format(told, default)


def prose(text: str) -> Markup:
    return Markup(re.sub(r'`([^`]+)`', r'<code>\1</code>', str(escape(text))))  # noqa: S704
