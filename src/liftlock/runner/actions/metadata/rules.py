"""What a workflow writes: images, tags and flavor, as records.

Source of the rules: the README of docker/metadata-action, and what its parser does with the rest.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.inputs import parse_fields
from liftlock.runner.workbench import StepFailed

AUTO: Final = 'auto'
_BOOLEANS: Final = ('true', 'false')
_NUMBER: Final = re.compile(r'[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?', re.IGNORECASE)
_PRIORITIES: Final[Mapping[str, str]] = {
    'schedule': '1000',
    'semver': '900',
    'pep440': '900',
    'match': '800',
    'edge': '700',
    'ref': '600',
    'raw': '200',
    'sha': '100',
}
_DEFAULT_TAGS: Final = (
    'type=schedule', 'type=ref,event=branch', 'type=ref,event=tag', 'type=ref,event=pr',
)  # fmt: skip
# By type: what an entry has that does not say it. None: it must be said.
_DEFAULTS: Final[Mapping[str, Mapping[str, str | None]]] = {
    'schedule': {'pattern': 'nightly'},
    'semver': {'pattern': None, 'value': '', 'match': ''},
    'pep440': {'pattern': None, 'value': '', 'match': ''},
    'match': {'pattern': None, 'group': '0', 'value': ''},
    'edge': {'branch': ''},
    'ref': {'event': None},
    'raw': {'value': None},
    'sha': {'prefix': 'sha-', 'format': 'short'},
}


class Image(NamedTuple):
    name: str
    enable: bool = True


class Flavor(NamedTuple):
    """`latest` is auto, true or false."""

    latest: str = AUTO
    prefix: str = ''
    prefix_latest: bool = False
    suffix: str = ''
    suffix_latest: bool = False


class Tag(NamedTuple):
    """One entry of `tags:`. `attributes` hold texts, some with expressions."""

    type: str
    attributes: Mapping[str, str]

    @property
    def priority(self) -> float:
        text = self.attributes['priority']
        return float(text) if _NUMBER.fullmatch(text) else 0.0

    def __str__(self) -> str:
        given = (f'{key}={value}' for key, value in self.attributes.items())
        return ','.join((f'type={self.type}', *given))


def parse_images(lines: Sequence[str]) -> list[Image]:
    """A single line without any `=` may name several. StepFailed for what is no image."""
    if len(lines) == 1 and '=' not in lines[0]:
        return [Image(name.strip()) for name in parse_fields(lines[0])]
    return [_parse_image(line) for line in lines]


def _parse_image(line: str) -> Image:
    name, enable = '', True
    for key, value in _pairs(line):
        if key in ('', 'name'):
            name = value
        elif key != 'enable':
            raise StepFailed(f'Unknown image attribute: {line}')
        elif value not in _BOOLEANS:
            raise StepFailed(f'Invalid enable attribute value: {line}')
        else:
            enable = value == 'true'
    if not name:
        raise StepFailed(f'Image name attribute empty: {line}')
    return Image(name, enable)


def parse_flavor(lines: Sequence[str]) -> Flavor:
    flavor = Flavor()
    for line in lines:
        last = ''
        for key, value in _pairs(line):
            if not key:
                raise StepFailed(f'Invalid flavor entry: {line}')
            flavor = _season(flavor, key, value, last, line)
            last = key if key in ('prefix', 'suffix') else last
    return flavor


def _season(flavor: Flavor, key: str, value: str, last: str, line: str) -> Flavor:
    """`onlatest` belongs to the prefix or suffix that stands before it."""
    if key == 'latest':
        if value not in (AUTO, *_BOOLEANS):
            raise StepFailed(f'Invalid latest flavor entry: {line}')
        return flavor._replace(latest=value)
    if key == 'prefix':
        return flavor._replace(prefix=value)
    if key == 'suffix':
        return flavor._replace(suffix=value)
    if key != 'onlatest':
        raise StepFailed(f'Unknown flavor entry: {line}')
    if value not in _BOOLEANS:
        raise StepFailed(f'Invalid value for onlatest attribute: {value}')
    if last == 'prefix':
        return flavor._replace(prefix_latest=value == 'true')
    if last == 'suffix':
        return flavor._replace(suffix_latest=value == 'true')
    return flavor


def parse_tags(lines: Sequence[str]) -> list[Tag]:
    """The highest priority first; entries of one priority in their order."""
    tags = [_parse_tag(line) for line in lines or _DEFAULT_TAGS]
    return sorted(tags, key=lambda tag: -tag.priority)


def _parse_tag(line: str) -> Tag:
    attributes: dict[str, str] = {}
    type_ = 'raw'
    for field in parse_fields(line):
        key, equals, value = field.partition('=')
        if not equals or not key:
            attributes['value'] = field.strip()
        elif key.strip().lower() != 'type':
            attributes[key.strip().lower()] = value.strip()
        else:
            type_ = value.strip()
            if type_ not in _PRIORITIES:
                raise StepFailed(f'Unknown tag type attribute: {type_}')
    for key, default in _DEFAULTS[type_].items():
        if key not in attributes and default is None:
            raise StepFailed(f'Missing {key} attribute for {line}')
        attributes.setdefault(key, default or '')
    _check(type_, attributes, line)
    attributes.setdefault('enable', 'true')
    attributes.setdefault('priority', _PRIORITIES[type_])
    return Tag(type_, attributes)


def _check(type_: str, attributes: dict[str, str], line: str) -> None:
    match type_:
        case 'match' if not _NUMBER.fullmatch(attributes['group'] or '0'):
            raise StepFailed(f'Invalid match group for {line}')
        case 'ref' if attributes['event'] not in ('branch', 'tag', 'pr'):
            raise StepFailed(f'Invalid event for {line}')
        case 'ref' if attributes['event'] == 'pr':
            attributes.setdefault('prefix', 'pr-')
        case 'sha' if attributes['format'] not in ('short', 'long'):
            raise StepFailed(f'Invalid format for {line}')


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """Key in lower case, '' where there is none, and the value up to another `=`."""
    for field in parse_fields(line):
        parts = [part.strip() for part in field.split('=')]
        yield ('', parts[0]) if len(parts) == 1 else (parts[0].lower(), parts[1])
