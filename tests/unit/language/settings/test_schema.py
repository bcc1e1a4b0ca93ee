"""The published JSON Schema and the reader come from one table, and so must judge alike.

The validator here knows the few keywords of JSON Schema 2020-12 that the schema uses.
"""

import re
from typing import Any

import pytest

from liftlock.language.settings.parse import parse
from liftlock.language.settings.schema import schema
from liftlock.language.settings.table import SETTINGS

SCHEMA = schema(SETTINGS)
TYPES = {
    'object': dict, 'array': list, 'string': str, 'boolean': bool, 'null': type(None),
}  # fmt: skip


def is_type(value: Any, name: str) -> bool:
    if name in ('number', 'integer'):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (name == 'number' or value == int(value))
    return isinstance(value, TYPES[name])


def valid(value: Any, rule: dict[str, Any]) -> bool:
    names = rule.get('type', [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, name) for name in names):
        return False
    if 'enum' in rule and value not in rule['enum']:
        return False
    if 'anyOf' in rule and not any(valid(value, one) for one in rule['anyOf']):
        return False
    if 'oneOf' in rule and sum(valid(value, one) for one in rule['oneOf']) != 1:
        return False
    if isinstance(value, str) and not re.search(rule.get('pattern', ''), value):
        return False
    if isinstance(value, list):
        return all(valid(item, rule.get('items', {})) for item in value)
    if is_type(value, 'number'):
        return bool(rule.get('minimum', value) <= value <= rule.get('maximum', value))
    return valid_object(value, rule) if isinstance(value, dict) else True


def valid_object(value: dict[str, Any], rule: dict[str, Any]) -> bool:
    size = rule.get('minProperties', 0) <= len(value) <= rule.get('maxProperties', 1000)
    if not size or not set(rule.get('required', ())) <= value.keys():
        return False
    for key, item in value.items():
        rules = [one for name, one in rule.get('properties', {}).items() if name == key]
        patterns = rule.get('patternProperties', {}).items()
        rules += [one for pattern, one in patterns if re.search(pattern, key)]
        if not rules and rule.get('additionalProperties') is False:
            return False
        if not all(valid(item, one) for one in rules):
            return False
    return True


def written(value: Any) -> str:
    """JSON is YAML; it is what a schema judges."""
    import json

    return json.dumps(value)


STEPS = [{'setWeight': 10}, {'pause': {}}, {'pause': {'duration': '1m'}}]


@pytest.mark.parametrize(
    'document',
    [
        {},
        {'app': 'chat', 'gates': {'coverage': {'minimum': 75.5, 'suites': {'unit': 90}}}},
        {'gates': {'secrets': 'block', 'policy': 'a.rego', 'performance': {'cpu': '< 80%'}}},
        {'environments': {'production': None, 'staging': {'on': 'manual'}}},
        {'environments': {'production': {'on': {'tags': ['v*']}, 'strategy': 'direct'}}},
        {'environments': {'e': {'strategy': {'canary': {'steps': STEPS}}}}},
        {'environments': {'e': {'strategy': {'rolling': {'maxSurge': '25%'}}}}},
        {'environments': {'e': {'target': {'process': {'command': 'a\nb', 'instances': 3}}}}},
        {'environments': {'e': {'rollback': {'on': ['unhealthy', 'error_rate > 5%']},
                                'health_checks': [{'endpoint': '/health', 'interval': '30s'}]}}},
        {'alerts': [{'name': 'a', 'condition': 'p95(response_time) > 2s'}]},
        {'notify': {'slack': {'webhook': 'secret:HOOK'}}},
        {'retention': {'logs': '90d'}, 'retry': {'deploy': {'on': ['failure'], 'times': 2}}},
    ],
)  # fmt: skip
def test_what_the_reader_accepts_the_schema_accepts(document: Any) -> None:
    assert parse('liftlock.yml', written(document)).settings is not None
    assert valid(document, SCHEMA)


@pytest.mark.parametrize(
    'document',
    [
        [],
        {'ap': 'chat'},
        {'gates': {'coverage': {'minimum': 110}}},
        {'gates': {'secrets': 'maybe'}},
        {'gates': {'performance': {'cpu': '80%'}}},
        {'environments': {'e': {'on': 'push'}}},
        {'environments': {'e': {'strategy': {}}}},
        {'environments': {'e': {'strategy': {'direct': {}, 'rolling': {}}}}},
        {'environments': {'e': {'target': {'process': {}}}}},
        {'environments': {'e': {'health_checks': [{'interval': '30s'}]}}},
        {'environments': {'e': {'health_checks': [{'endpoint': '/', 'tcp': 80}]}}},
        {'environments': {'e': {'protection': {'wait': 10}}}},
        {'environments': {'e': {'strategy': {'canary': {'steps': [{'setWeight': 101}]}}}}},
        {'alerts': [{'name': 'a'}]},
        {'notify': {'slack': {'webhook': 'https://hooks.example.com/x'}}},
        {'retry': {'deploy': {'times': 0}}},
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(document: Any) -> None:
    assert parse('liftlock.yml', written(document)).settings is None
    assert not valid(document, SCHEMA)
