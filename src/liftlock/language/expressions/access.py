"""Taking things out of objects and arrays: `a.b`, `a[0]`, `a.*`."""

from typing import Final

from liftlock.language.expressions.values import (
    Filtered,
    Value,
    find,
    primitive,
    to_number,
    to_text,
)

_MISSING: Final[list[Value]] = []  # told from null by identity
_LAST: Final = 2**31 - 1


def index(target: Value, key: Value) -> Value:
    """What stands under a key; null where nothing does. A filtered array asks its items."""
    if isinstance(target, Filtered):
        found = (_entry(item, key) for item in target)
        return Filtered(value for value in found if value is not _MISSING)
    value = _entry(target, key)
    return None if value is _MISSING else value


def _entry(target: Value, key: Value) -> Value:
    if isinstance(target, dict):
        return find(target, to_text(key), _MISSING) if primitive(key) else _MISSING
    if isinstance(target, list):
        place = to_number(key)
        if place >= 0 and place // 1 <= _LAST and place < len(target):
            return target[int(place)]
    return _MISSING


def star(target: Value) -> Filtered:
    """All items or values, as a filtered array."""
    if isinstance(target, Filtered):
        return Filtered(value for item in target for value in _all(item))
    return Filtered(_all(target))


def _all(target: Value) -> list[Value]:
    if isinstance(target, dict):
        return list(target.values())
    return target if isinstance(target, list) else []
