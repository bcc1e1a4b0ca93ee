"""JSON from strangers. What a decision rests on is demanded; details may be missing or odd.

A key that is missing is never an empty list: `npm audit` without its registry writes none, and a
reader that took that for "nothing found" would let everything through.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from liftlock.gates.finding import LONGEST
from liftlock.gates.reports.records import Unreadable

Tree: TypeAlias = Any
MOST: Final = 200_000  # items of one list
LARGEST: Final = 10**12
KINDS: Final = {dict: 'an object', list: 'a list', str: 'a text', bool: 'true or false'}


def parse(text: str) -> Tree:
    """Unreadable for what is no JSON: cut off, nested too deeply, with numbers beyond measure."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise Unreadable('it is nested too deeply') from None
    except json.JSONDecodeError as error:
        where = f'line {error.lineno}, column {error.colno}'
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith('Unterminated')
        end = ' (it ends too early)' if cut else ''
        raise Unreadable(f'it is no JSON: {error.msg}, {where}{end}') from None
    except ValueError as error:  # a number with thousands of digits
        raise Unreadable(f'it is no JSON: {error}') from None


def _refuse(constant: str) -> None:
    raise Unreadable(f'it has a {constant} for a number')


# --- demanded


def demanded(tree: Tree, key: str, kind: type) -> Any:
    value = tree.get(key) if isinstance(tree, dict) else None
    if not isinstance(value, kind):
        raise Unreadable(f'"{key}" is missing, or not {KINDS[kind]}')
    return value


def entries(tree: Tree, key: str) -> list[Mapping[str, Tree]]:
    """A list of objects."""
    return objects(demanded(tree, key, list), f'"{key}"')


def objects(value: list[Tree], name: str = 'the list') -> list[Mapping[str, Tree]]:
    if len(value) > MOST:
        raise Unreadable(f'{name} has more than {MOST:,} items')
    if not all(isinstance(one, dict) for one in value):
        raise Unreadable(f'{name} holds something that is no object')
    return value


def counted(tree: Tree, key: str) -> int:
    """A number of things."""
    value = tree.get(key) if isinstance(tree, dict) else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise Unreadable(f'"{key}" is missing, or no number of things')
    return value


def measured(tree: Tree, key: str) -> float:
    value = tree.get(key) if isinstance(tree, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LARGEST:
        raise Unreadable(f'"{key}" is missing, or no number from 0 to {LARGEST:,}')
    return float(value)


# --- details


def inside(tree: Tree, *keys: str | int) -> Tree:
    """What stands there, None if nothing does."""
    for key in keys:
        if isinstance(key, int):
            tree = tree[key] if isinstance(tree, list) and len(tree) > key else None
        else:
            tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def words(tree: Tree, *keys: str | int) -> str:
    """A text in one line, '' if there is none."""
    found = inside(tree, *keys)
    return ' '.join(found[: LONGEST * 4].split())[:LONGEST] if isinstance(found, str) else ''


def line(tree: Tree, *keys: str | int) -> int:
    found = inside(tree, *keys)
    fits = isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**8
    return found if fits else 0


def many(tree: Tree, *keys: str | int) -> list[Tree]:
    found = inside(tree, *keys)
    return found[:MOST] if isinstance(found, list) else []
