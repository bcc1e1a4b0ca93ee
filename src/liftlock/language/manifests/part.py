"""One mapping of a manifest, which remembers what of it was read: the rest is named in the end."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.nearest import suggestion
from liftlock.language.settings.read import empty
from liftlock.language.yaml import span

MISTAKE: Final = 'manifest-mistake'
UNSUPPORTED: Final = 'manifest-unsupported'
ASSUMED: Final = 'manifest-assumed'
SEVERITIES: Final = {
    MISTAKE: Severity.ERROR,
    UNSUPPORTED: Severity.WARNING,
    ASSUMED: Severity.NOTE,
}
TRUTHS: Final = {'true': True, 'True': True, 'false': False, 'False': False}
KINDS: Final = {ScalarNode: 'a value', SequenceNode: 'a list', MappingNode: 'a mapping'}


class Notes:
    """What is to be told of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: list[Diagnostic] = []

    def tell(self, node: Node, code: str, message: str, hint: str = '') -> None:
        place, severity = span(node), SEVERITIES[code]
        self.found.append(Diagnostic(self.file, place, severity, code, message, hint))


class Part:
    """`path` leads to it from the document: spec.strategy."""

    def __init__(self, node: Node, notes: Notes, path: str = '') -> None:
        self.node = node
        self.notes = notes
        self.path = path
        self.read: set[str] = set()
        self._entries: dict[str, tuple[ScalarNode, Node]] = {}
        if isinstance(node, MappingNode):
            for key, value in node.value:
                self._take(key, value)
        elif not empty(node):
            self._wrong(node, MappingNode)

    def _take(self, key: Node, value: Node) -> None:
        if not isinstance(key, ScalarNode):
            self.notes.tell(key, MISTAKE, f'a key must be a word, not {KINDS[type(key)]}')
        elif key.value in self._entries:
            self.notes.tell(key, MISTAKE, f'"{key.value}" is there twice')
        else:
            self._entries[key.value] = key, value

    # --- reading

    def __contains__(self, key: str) -> bool:
        return key in self._entries and not empty(self._entries[key][1])

    def key(self, key: str) -> Node:
        """Where the key stands; the whole part where it does not."""
        return self._entries[key][0] if key in self._entries else self.node

    def value(self, key: str) -> Node | None:
        self.read.add(key)
        return self._entries[key][1] if key in self else None

    def keys(self) -> Iterator[str]:
        yield from self._entries

    def part(self, key: str) -> 'Part':
        """Empty where it is not there."""
        self.read.add(key)
        path = f'{self.path}.{key}'.lstrip('.')
        if key not in self._entries:
            return Part(
                MappingNode('', [], self.node.start_mark, self.node.end_mark), self.notes, path
            )
        return Part(self._entries[key][1], self.notes, path)

    def parts(self, key: str) -> list['Part']:
        path = f'{self.path}.{key}'.lstrip('.')
        return [
            Part(node, self.notes, f'{path}[{index}]') for index, node in enumerate(self.items(key))
        ]

    def items(self, key: str) -> list[Node]:
        node = self.value(key)
        if node is None:
            return []
        if not isinstance(node, SequenceNode):
            self._wrong(node, SequenceNode)
            return []
        return list(node.value)

    def texts(self, key: str) -> list[str]:
        return [one.value for one in self.items(key) if self._is_scalar(one)]

    def text(self, key: str) -> str:
        node = self.value(key)
        return node.value if node is not None and self._is_scalar(node) else ''

    def whole(self, key: str) -> int | None:
        text = self.text(key)
        if text and not re.fullmatch(r'-?\d{1,9}', text):
            self.notes.tell(
                self._entries[key][1], MISTAKE, f'a whole number is expected, not "{text}"'
            )
            return None
        return int(text) if text else None

    def flag(self, key: str) -> bool | None:
        text = self.text(key)
        if text and text not in TRUTHS:
            self.notes.tell(
                self._entries[key][1], MISTAKE, f'true or false is expected, not "{text}"'
            )
        return TRUTHS.get(text)

    def _is_scalar(self, node: Node) -> bool:
        if isinstance(node, ScalarNode):
            return True
        self._wrong(node, ScalarNode)
        return False

    def _wrong(self, node: Node, kind: type[Node]) -> None:
        message = f'{KINDS[kind]} is expected here, not {KINDS[type(node)]}'
        self.notes.tell(node, MISTAKE, message)

    # --- telling

    def tell(self, key: str, code: str, message: str, hint: str = '') -> None:
        self.notes.tell(self.key(key), code, message, hint)

    def pass_over(self, *keys: str) -> None:
        """What is said for Kubernetes, or for people."""
        self.read.update(keys)

    def unsupported(self, keys: Iterable[str], hint: str = '') -> None:
        """Name those of the keys that are there."""
        for key in keys:
            if key in self:
                where = f'{self.path}.{key}'.lstrip('.')
                self.tell(key, UNSUPPORTED, f'{where} is not supported', hint)
            self.read.add(key)

    def finish(self, known: Iterable[str] = ()) -> None:
        """Name what nobody has read. `known` are words that would have meant something."""
        words = sorted({*known, *self.read})
        for key in self._entries:
            if key not in self.read:
                where = f'{self.path}.{key}'.lstrip('.')
                hint = suggestion(key, words)
                self.tell(key, UNSUPPORTED, f'{where} means nothing to Liftlock', hint)
