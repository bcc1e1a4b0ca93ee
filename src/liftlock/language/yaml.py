"""YAML text to nodes with places, and scalars by YAML 1.2's core schema, as GitHub reads them.

libyaml composes; what it would decide about types is ignored, because it knows YAML 1.1, where
`on` is a boolean. It also trusts its input: it descends by recursion and shares anchored nodes,
so depth and the number of nodes seen are checked here before anybody walks the tree.
Rules: YamlObjectReader of GitHub's runner.
"""

import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from yaml.error import Mark, MarkedYAMLError, YAMLError
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language import libyaml
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.source import Span

if TYPE_CHECKING:
    from liftlock.language.pureyaml import Pure

Scalar: TypeAlias = bool | float | str | None

LONGEST: Final = 1024 * 1024  # characters of a file
MOST_NODES: Final = 50_000  # parse events, those of aliases counted at every use
DEEPEST: Final = 50
UNTAGGED: Final = ' '

# A shorter text without aliases is not counted: so many nodes in it would be mere punctuation.
_LONG: Final = 4 * MOST_NODES

# What libyaml's recursion surely survives; beyond it the depth is counted before composing.
_FEW_BRACKETS: Final = 5_000
# (Two patterns, since one that starts with a letter is searched for thirty times as fast.)
_DASHES = re.compile(r'-[ \t]+(?:[-?][ \t]+){19}')
_MARKS = re.compile(r'\?[ \t]+(?:[-?][ \t]+){19}')
_ALIAS = re.compile(r'\*([\w-]+)')
# Compiled when it is needed: that alone takes four milliseconds.
_UNPRINTABLE: Final = '[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]'

_HINTS: Final = {
    'found character that cannot start any token': (
        'YAML is indented with spaces, never tabs; text that starts with @, ` or % needs quotes'
    ),
    'mapping values are not allowed in this context': (
        'put quotes around a value that contains ": ", and check the indentation'
    ),
    'did not find expected key': 'check the indentation of this line and of the one above',
    "could not find expected ':'": 'a key must be followed by a colon and a space',
    'found unexpected end of stream': 'a quote, or a bracket, is not closed',
    'found undefined tag handle': 'text that starts with ! needs quotes',
}


class _Untyped:
    """Resolves no tags: every node that names none gets UNTAGGED, in C and at once."""

    resolve = UNTAGGED.format
    descend_resolver = ''.format
    ascend_resolver = ''.format


def _pure() -> 'type[Pure]':
    from liftlock.language.pureyaml import Pure

    return type('Pure', (_Untyped, Pure), {})


_native = libyaml.load()
_Fast: Any = type('Fast', (_Untyped, _native), {}) if _native else _pure()


def decode(path: str, data: bytes) -> str | Diagnostic:
    """The text of a file: UTF-8, with or without a byte order mark."""
    try:
        return data.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        line = data.count(b'\n', 0, error.start) + 1
        column = error.start - data.rfind(b'\n', 0, error.start)
        where = Span(line, column, line, column + 1)
        return _mistake(path, where, *_NOT_UTF_8)


def compose(path: str, text: str) -> Node | Diagnostic:
    """The root of the only document in `text`. Never raises; an empty text is a mistake too."""
    if len(text) > LONGEST:
        message = f'The maximum file size of {LONGEST} characters has been exceeded'
        return _mistake(path, _START, message)
    try:
        if (where := _too_deep(text)) is not None:
            return _mistake(path, where, _TOO_DEEP)
        root = _compose(text)
    except MarkedYAMLError as error:
        return _broken(path, error, text)
    except RecursionError:  # without libyaml
        return _mistake(path, _START, _TOO_DEEP)
    except (YAMLError, UnicodeEncodeError):
        return _unprintable(path, text)
    if root is None:
        return _mistake(path, _START, 'The file is empty')
    if (len(text) >= _LONG or _ALIAS.search(text)) and _too_many(root):
        hint = 'aliases multiply what they stand for, and an anchor must not contain itself'
        return _mistake(path, _START, 'Maximum YAML nodes exceeded', hint)
    return root


def compose_all(path: str, text: str) -> list[Node] | Diagnostic:
    """The roots of all documents in `text`, as many as there are. Never raises."""
    if len(text) > LONGEST:
        message = f'The maximum file size of {LONGEST} characters has been exceeded'
        return _mistake(path, _START, message)
    try:
        if (where := _too_deep(text)) is not None:
            return _mistake(path, where, _TOO_DEEP)
        roots = _compose_all(text)
    except MarkedYAMLError as error:
        return _broken(path, error, text)
    except RecursionError:  # without libyaml
        return _mistake(path, _START, _TOO_DEEP)
    except (YAMLError, UnicodeEncodeError):
        return _unprintable(path, text)
    if any(map(_too_many, roots)):
        hint = 'aliases multiply what they stand for, and an anchor must not contain itself'
        return _mistake(path, _START, 'Maximum YAML nodes exceeded', hint)
    return roots


def span(node: Node) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


# --- composing

_START: Final = Span(1, 1, 1, 1)
_TOO_DEEP: Final = 'Maximum object depth exceeded'
_NOT_UTF_8: Final = ('The file is not UTF-8 text', 'save it as UTF-8')


def _compose(text: str) -> Node | None:
    try:
        root: Node | None = _Fast(text).get_single_node()
        return root
    except MarkedYAMLError as error:
        if 'duplicate anchor' not in (error.context or ''):
            raise
    return _pure()(text).get_single_node()


def _compose_all(text: str) -> list[Node]:
    loader = _Fast(text)
    roots: list[Node] = []
    while loader.check_node():
        roots.append(loader.get_node())
    return roots


def _too_deep(text: str) -> Span | None:
    """Where nesting grows out of hand, if it can at all. Reads events: they need no recursion."""
    brackets = text.count('[') + text.count('{')
    if brackets < _FEW_BRACKETS and not _DASHES.search(text) and not _MARKS.search(text):
        return None
    depth = 0
    parser = _Fast(text)
    while parser.check_event():
        event = parser.get_event()
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        if depth > 2 * DEEPEST:
            return _place(event.start_mark)
    return None


def _too_many(root: Node) -> bool:
    """Whether a walk meets more than MOST_NODES events; a node that holds itself never ends."""
    seen = 4  # start and end of stream and document
    waiting = [root]
    while waiting and seen <= MOST_NODES:
        node = waiting.pop()
        seen += 1
        if isinstance(node, SequenceNode):
            seen += 1
            waiting.extend(node.value)
        elif isinstance(node, MappingNode):
            seen += 1
            for pair in node.value:
                waiting.extend(pair)
    return seen > MOST_NODES


def _broken(path: str, error: MarkedYAMLError, text: str) -> Diagnostic:
    problem = error.problem or error.context or 'this is not YAML'
    where = _place(error.problem_mark or error.context_mark)
    if problem == 'found undefined alias':
        found = _ALIAS.match(text, error.problem_mark.index if error.problem_mark else 0)
        name = found[1] if found else ''
        hint = f'define it before with &{name}; text that starts with * needs quotes'
        return _mistake(path, where, f"Unknown anchor '{name}'", hint)
    if problem == 'but found another document':
        return _mistake(path, where, 'Only one YAML document is allowed in a file')
    said = f'{error.context}, {problem}' if error.context else problem
    return _mistake(path, where, f'Bad YAML: {said}', _HINTS.get(problem, ''))


def _unprintable(path: str, text: str) -> Diagnostic:
    """The only other reason to give up on a text: a character that no YAML may hold."""
    found = re.search(_UNPRINTABLE, text)
    if found is None:
        return _mistake(path, _START, 'Bad YAML')
    line = text.count('\n', 0, found.start()) + 1
    column = found.start() - text.rfind('\n', 0, found.start())
    where = Span(line, column, line, column + 1)
    if '\udc80' <= found[0] <= '\udcff':  # a byte that whoever decoded the file could not read
        return _mistake(path, where, *_NOT_UTF_8)
    return _mistake(path, where, f'The character U+{ord(found[0]):04X} is not allowed in YAML')


def _mistake(path: str, where: Span, message: str, hint: str = '') -> Diagnostic:
    return Diagnostic(path, where, Severity.ERROR, 'yaml', message, hint)


def _place(mark: Mark | None) -> Span:
    if mark is None:
        return _START
    return Span(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)


# --- scalars

WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(('', 'null', 'Null', 'NULL', '~')),
    **dict.fromkeys(('true', 'True', 'TRUE'), True),
    **dict.fromkeys(('false', 'False', 'FALSE'), False),
    **dict.fromkeys(('.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'), float('inf')),
    **dict.fromkeys(('-.inf', '-.Inf', '-.INF'), float('-inf')),
    **dict.fromkeys(('.nan', '.NaN', '.NAN'), float('nan')),
}
PLAIN: Final = frozenset('+-.0123456789nN~tTfF')  # the first characters of all that is no string

_INTEGER = re.compile(r'[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+')
_FLOAT = re.compile(r'[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?')
_TAG: Final = 'tag:yaml.org,2002:'
_STYLES: Final = {"'": 'SingleQuoted', '"': 'DoubleQuoted', '|': 'Literal', '>': 'Folded'}
_KINDS: Final[dict[str, type]] = {'bool': bool, 'float': float, 'int': float, 'null': type(None)}


def plain(text: str) -> Scalar:
    """The value of a scalar without quotes or tag. Raises ValueError for numbers out of range."""
    if text in WORDS:
        return WORDS[text]
    if text[0] in 'nNtTfF~':
        return text
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INTEGER.fullmatch(text):
        return _integer(text)
    return text


def scalar(node: ScalarNode) -> Scalar:
    """The value of any scalar. Raises ValueError with GitHub's message."""
    tag, text = node.tag, str(node.value)
    if tag == f'{_TAG}str' or (tag == UNTAGGED and node.style):
        return text
    start = node.start_mark
    place = f'on line {start.line + 1} and column {start.column + 1}'
    if tag == UNTAGGED:
        return _checked(text, f'{_TAG}int', place)
    kind = tag.removeprefix(_TAG)
    if kind not in _KINDS:
        raise ValueError(f"Unexpected tag '{tag}'")
    if node.style:
        style = _STYLES.get(node.style, node.style)
        raise ValueError(f"The scalar style '{style}' {place} is not valid with the tag '{tag}'")
    value = _checked(text, tag, place)
    whole = kind != 'int' or _INTEGER.fullmatch(text)
    if not isinstance(value, _KINDS[kind]) or not whole:
        raise ValueError(f"The value '{text}' {place} is invalid for the type '{tag}'")
    return value


def _checked(text: str, tag: str, place: str) -> Scalar:
    try:
        return plain(text)
    except ValueError:
        message = f"The value '{text}' {place} is invalid for the type '{tag}'"
        raise ValueError(message) from None


def _integer(text: str) -> float:
    """Hexadecimal and octal numbers are signed and have 32 bits, as on .NET."""
    number = int(text, 0)
    if number >= 1 << 32:
        raise ValueError(text)
    return float(number - (1 << 32) if number >= 1 << 31 else number)
