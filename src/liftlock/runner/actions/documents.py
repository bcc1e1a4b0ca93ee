"""Files that actions are pointed to: texts, and YAML as plain values."""

from pathlib import Path
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.runner.workbench import Workbench


def read_text(bench: Workbench, path: str | Path) -> str:
    """A file of the job's, by its path in the workspace. Raises OSError, ValueError, StepFailed."""
    with bench.open(bench.workspace / path) as stream:
        return stream.read().decode('utf-8')


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
