"""A path into JSON, as in `$.data.ok`, `$.items[0].value` or `$['a b'].c`."""

import re
from typing import Any, Final

_PART: Final = re.compile(
    r"""\.([A-Za-z_][\w-]*) | \[(-?\d+)\] | \['((?:[^'\\]|\\.)*)'\] | \["((?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)
Parts = tuple[str | int, ...]


def parse(path: str) -> Parts:
    """Raises ValueError. Argo's braces are no part of it: `{$.data.ok}`."""
    text = path.strip()
    if text.startswith('{') and text.endswith('}'):
        text = text[1:-1].strip()
    if not text.startswith('$'):
        raise ValueError(f'"{path}" does not begin with $')
    at, parts = 1, list[str | int]()
    while at < len(text):
        found = _PART.match(text, at)
        if not found:
            raise ValueError(f'"{path}" cannot be read from "{text[at:]}" on')
        name, index, *quoted = found.groups()
        key = name or next((re.sub(r'\\(.)', r'\1', one) for one in quoted if one is not None), '')
        parts.append(int(index) if index is not None else key)
        at = found.end()
    return tuple(parts)


def find(document: Any, parts: Parts) -> Any:
    """Raises LookupError, which says how far there was something."""
    here = document
    for depth, part in enumerate(parts):
        try:
            if not isinstance(here, list if isinstance(part, int) else dict):
                raise KeyError
            here = here[part]  # type: ignore[index]
        except LookupError:
            raise LookupError(f'there is nothing at {written(parts[: depth + 1])}') from None
    return here


def written(parts: Parts) -> str:
    return '$' + ''.join(f'[{one}]' if isinstance(one, int) else f'.{one}' for one in parts)
