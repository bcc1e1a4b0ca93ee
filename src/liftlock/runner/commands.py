"""Workflow commands: what a line of output asks the runner to do.

Two forms, `::name key=value,…::data` at the start of a line and the older
`##[name key=value;…]data` anywhere in it. A line whose name is not registered is plain output.
Rules: GitHub's runner (ActionCommand, ActionCommandManager, IssueCommandExtension).
"""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from liftlock.language.records import NamedTuple

COMMANDS: Final = frozenset(
    {
        'add-mask', 'add-matcher', 'add-path', 'debug', 'echo', 'endgroup', 'error', 'group',
        'notice', 'remove-matcher', 'save-state', 'set-env', 'set-output', 'stop-commands',
        'warning',
    }
)  # fmt: skip

NEVER_ECHOED: Final = frozenset({'add-mask', 'debug', 'error', 'notice', 'warning'})


class Command(NamedTuple):
    """`name` is in lower case; data and properties are decoded."""

    name: str
    data: str
    properties: Mapping[str, str] = {}


def parse(line: str, registered: Collection[str] = COMMANDS) -> Command | None:
    """The command in this line, if there is one among those registered (in lower case)."""
    return _parse_colons(line, registered) or _parse_brackets(line, registered)


def _parse_colons(line: str, registered: Collection[str]) -> Command | None:
    line = line.lstrip()
    if not line.startswith('::'):
        return None
    head, end, data = line[2:].partition('::')
    name, _, properties = head.partition(' ')
    if not end or name.lower() not in registered:
        return None
    return Command(name.lower(), _data(data), _properties(properties.strip(), ',', _property))


def _parse_brackets(line: str, registered: Collection[str]) -> Command | None:
    _, start, rest = line.partition('##[')
    head, end, data = rest.partition(']')
    name, _, properties = head.partition(' ')
    if not start or not end or name.lower() not in registered:
        return None
    return Command(name.lower(), _bracketed(data), _properties(properties, ';', _bracketed))


def _properties(text: str, separator: str, decode: Callable[[str], str]) -> dict[str, str]:
    pairs = (pair.partition('=') for pair in text.split(separator))
    return {key.strip(): decode(value) for key, _, value in pairs if value}


# `%25` comes last in each: `%250A` is the text `%0A`, not a line break.


def _data(text: str) -> str:
    return _decode(text, (('%0D', '\r'), ('%0A', '\n')))


def _property(text: str) -> str:
    return _decode(text, (('%0D', '\r'), ('%0A', '\n'), ('%3A', ':'), ('%2C', ',')))


def _bracketed(text: str) -> str:
    return _decode(text, (('%3B', ';'), ('%0D', '\r'), ('%0A', '\n'), ('%5D', ']')))


def _decode(text: str, marks: tuple[tuple[str, str], ...]) -> str:
    if '%' not in text:
        return text
    for mark, letter in marks:
        text = text.replace(mark, letter)
    return text.replace('%25', '%')


class Spot(NamedTuple):
    """Where an annotation stands. Numbers are 0 where not given."""

    file: str = ''
    line: int = 0
    end_line: int = 0
    column: int = 0
    end_column: int = 0


def spot(properties: Mapping[str, str]) -> Spot:
    """The place in an annotation's properties, without what contradicts itself."""
    line, end_line = _number(properties, 'line'), _number(properties, 'endLine')
    column, end_column = _number(properties, 'col'), _number(properties, 'endColumn')
    line = line or end_line
    column = column or end_column
    if not line or (end_line and end_line != line):
        column = end_column = 0
    if end_line and end_line < line:
        line = end_line = 0
    if end_column and end_column < column:
        column = end_column = 0
    return Spot(properties.get('file', ''), line, end_line, column, end_column)


def _number(properties: Mapping[str, str], key: str) -> int:
    text = properties.get(key, '').strip()
    return int(text) if text.isdecimal() and text.isascii() else 0
