"""A task definition's file: JSON or YAML, as register-task-definition takes it. Pure."""

import json
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.rollout.trouble import Trouble


def parse(path: str, text: str) -> dict[str, Any]:
    """Raises Trouble. What `aws ecs describe-task-definition` prints may be given as it is."""
    content = _parse_json(path, text) if text.lstrip().startswith('{') else _parse_yaml(path, text)
    if isinstance(content, dict) and isinstance(content.get('taskDefinition'), dict):
        content = content['taskDefinition']
    if not isinstance(content, dict) or not content.get('containerDefinitions'):
        raise Trouble(
            f'{path} is no task definition: it has no containerDefinitions',
            'It has the form that `aws ecs register-task-definition --generate-cli-skeleton` shows',
        )
    return content


def _parse_json(path: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Trouble(f'{path} is no JSON: {error}') from None


def _parse_yaml(path: str, text: str) -> Any:
    root = yaml.compose(path, text)
    if isinstance(root, Diagnostic):
        raise Trouble(f'{path} is no YAML: line {root.span.line}: {root.message}')
    return _plain(root)


def _plain(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [_plain(item) for item in node.value]
    assert isinstance(node, ScalarNode)
    value = yaml.scalar(node)
    return int(value) if isinstance(value, float) and value.is_integer() else value
