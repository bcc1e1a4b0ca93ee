"""Environments as they are to be written: plain trees, and the text of `liftlock.yml`."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from liftlock.language import yaml

Tree: TypeAlias = dict[str, Any]

ORDER: Final = (
    'on', 'url', 'target', 'strategy', 'minReadySeconds', 'progressDeadlineSeconds', 'analysis',
    'rollback', 'sync',
)  # fmt: skip
WIDTH: Final = 96
DEEPEST: Final = 2  # of what stands in one line
# truth values and dates of YAML 1.1
OLD: Final = re.compile(r'yes|no|on|off|y|n|\d{4}-\d\d?-\d\d?.*', re.IGNORECASE)
WORD: Final = re.compile(r'[A-Za-z0-9_/.$][^\x00-\x1f:#,\[\]{}&*!|>\'"%@`]*(?<! )')


def merge(first: Tree, second: Tree) -> Tree:
    """Both; where both say something of the same, the second counts."""
    made = dict(first)
    for key, value in second.items():
        here = made.get(key)
        both = isinstance(here, dict) and isinstance(value, dict)
        made[key] = merge(here, value) if both else value  # type: ignore[arg-type]
    return made


def without_nothing(tree: Any) -> Any:
    """Without what is None, and without mappings that hold nothing but that."""
    if not isinstance(tree, dict):
        return tree
    made = {key: without_nothing(value) for key, value in tree.items() if value is not None}
    return {key: value for key, value in made.items() if value != {} or tree[key] == {}}


def render(environments: Mapping[str, Tree]) -> str:
    """The text of `environments:` and all below it."""
    ordered = {
        name: {key: tree[key] for key in sorted(tree, key=_place)}
        for name, tree in environments.items()
    }
    return '\n'.join(_block({'environments': ordered}, '')) + '\n'


def _place(key: str) -> int:
    return ORDER.index(key) if key in ORDER else len(ORDER)


def _block(value: Any, indent: str) -> Iterator[str]:
    """Lines; what is short and not deep stands in one of them."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _entry(f'{indent}{_key(key)}:', below, f'{indent}  ')
    else:
        for below in value:
            short = _flow(below)
            if _fits(f'{indent}- {short}', below):
                yield f'{indent}- {short}'
                continue
            first, *rest = _block(below, f'{indent}  ')
            yield f'{indent}- {first.lstrip()}'
            yield from rest


def _entry(head: str, below: Any, indent: str) -> Iterator[str]:
    short = f'{head} {_flow(below)}'
    if _fits(short, below):
        yield short
    else:
        yield head
        yield from _block(below, indent)


def _fits(line: str, value: Any) -> bool:
    return not isinstance(value, dict | list) or (len(line) <= WIDTH and _depth(value) <= DEEPEST)


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    inside = value.values() if isinstance(value, dict) else value
    return 1 + max(map(_depth, inside), default=0)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return f'{{{", ".join(f"{_key(key)}: {_flow(below)}" for key, below in value.items())}}}'
    if isinstance(value, list):
        return f'[{", ".join(map(_flow, value))}]'
    return _scalar(value)


def _key(key: str) -> str:
    return key if key == 'on' else _scalar(key)


def _scalar(value: Any) -> str:
    """A word as it is; a text that could be read as something else in quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f'{value:g}' if isinstance(value, float) else str(value)
    text = str(value)
    if re.search(r'[\x00-\x1f\x7f-\x9f]', text):
        return json.dumps(text, ensure_ascii=False)
    typed = OLD.fullmatch(text) or not isinstance(yaml.plain(text), str)
    return text if WORD.fullmatch(text) and not typed else "'" + text.replace("'", "''") + "'"
