"""Where a list goes on: the key of the last that was told, written so that nobody counts on it.

A key, not a number of rows to leave out: what comes in meanwhile moves nothing to another page.
"""

import base64
import json
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from liftlock.server.rest.refusals import Malformed
from liftlock.server.rest.shapes.base import LARGEST

Key = tuple[int | float, ...]
After = Annotated[int, Query(ge=0, le=LARGEST, description='What comes after this `seq`.')]


def write(key: Key) -> str:
    text = json.dumps(key, separators=(',', ':'))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')


def read(cursor: str, *kinds: type) -> Key:
    """The key, or () for ''. Malformed for what `write` has not written."""
    if not cursor:
        return ()
    try:
        text = base64.b64decode(cursor + '=' * (-len(cursor) % 4), b'-_', validate=True)
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(found, list) or len(found) != len(kinds):
        raise _malformed()
    if any(type(one) is not kind for one, kind in zip(found, kinds, strict=True)):
        raise _malformed()
    if any(not -(2**63) < one < 2**63 for one in found):  # nor NaN
        raise _malformed()
    return tuple(found)


def link(path: str, given: list[tuple[str, str]], cursor: str | None) -> dict[str, str]:
    """The header that leads to the next page, if there is one."""
    if cursor is None:
        return {}
    kept = [(name, value) for name, value in given if name != 'cursor']
    return {'link': f'<{path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'}


def _malformed() -> Malformed:
    return Malformed('this is no cursor', 'take `next` of the page before as it is')
