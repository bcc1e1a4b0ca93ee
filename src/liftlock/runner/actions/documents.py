"""JSON and YAML that actions take as inputs, as plain values."""

from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic


class BadDocument(Exception):
    """The text is no YAML; the message says where and why."""


def parse_yaml(text: str) -> Any:
    """A document, read by YAML 1.2's core schema; whole numbers are ints. Raises BadDocument."""
    root = yaml.compose('', text)
    if isinstance(root, Diagnostic):
        raise BadDocument(f'line {root.span.line}: {root.message}')
    return _plain(root)


def _plain(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {_key(key): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    assert isinstance(node, ScalarNode)
    value = yaml.scalar(node)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _key(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise BadDocument(f'line {node.start_mark.line + 1}: a key must be a text')
    return str(node.value)
