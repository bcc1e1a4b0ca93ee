"""Label and field selectors, as they stand in a URL."""

import re
from collections.abc import Callable
from typing import Any


def labels(text: str) -> Callable[[dict[str, str]], bool]:
    tests = [_requirement(one.strip()) for one in re.split(r',(?![^(]*\))', text) if one.strip()]
    return lambda found: all(test(found) for test in tests)


def _requirement(text: str) -> Callable[[dict[str, str]], bool]:
    if found := re.fullmatch(r'(\S+)\s+(in|notin)\s+\((.*)\)', text):
        key, wanted = found[1], [one.strip() for one in found[3].split(',')]
        inside = found[2] == 'in'
        return lambda have: (have.get(key) in wanted) == inside
    if '!=' in text:
        key, value = text.split('!=')
        return lambda have: have.get(key) != value
    if '=' in text:
        key, value = re.split('==?', text)
        return lambda have: have.get(key) == value
    if text.startswith('!'):
        return lambda have: text[1:] not in have
    return lambda have: text in have


def fields(text: str) -> Callable[[dict[str, Any]], bool]:
    wanted = [re.split('==?', one) for one in text.split(',') if one]
    return lambda doc: all(_at(doc, path) == value for path, value in wanted)


def _at(doc: Any, path: str) -> Any:
    for part in path.split('.'):
        doc = (doc or {}).get(part)
    return doc


def matches(selector: dict[str, str] | None, have: dict[str, str]) -> bool:
    """A selector of a Service or of `matchLabels`; none selects nothing."""
    return bool(selector) and all(have.get(key) == value for key, value in selector.items())
