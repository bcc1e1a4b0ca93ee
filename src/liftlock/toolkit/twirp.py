"""Twirp over JSON: fields of a request, read as protobuf's JSON has them.

A field may be called `run_id` or `runId`; whole numbers beyond 32 bits are texts; a wrapper
(`StringValue`) is its bare value. What is not known is ignored.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final

from liftlock.toolkit.grants import Grant, Grants
from liftlock.toolkit.refusal import Refused

LONGEST: Final = 64 * 1024  # bytes of a request
_TIME: Final = re.compile(r'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)')

Answer = dict[str, Any]
Method = Callable[['Call'], Awaitable[Answer]]


class Call:
    """One request: who asks, with which client, and the fields of what he asks."""

    def __init__(
        self, grants: Grants, grant: Grant, fields: Mapping[str, Any], client: str = ''
    ) -> None:
        self.grants = grants
        self.grant = grant
        self.client = client
        self._fields = fields

    def text(self, name: str, default: str | None = None) -> str:
        """Raises Refused where it is missing or no text."""
        value = self._value(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise Refused('invalid_argument', f'{name} must be a text')
        return value

    def texts(self, name: str) -> list[str]:
        value = self._value(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Refused('invalid_argument', f'{name} must be a list of texts')
        return value

    def number(self, name: str) -> int | None:
        """None where it is not given."""
        value = self._value(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and re.fullmatch(r'-?[0-9]{1,19}', value):
            return int(value)
        raise Refused('invalid_argument', f'{name} must be a whole number')

    def moment(self, name: str) -> float | None:
        """Seconds since 1970; None where it is not given."""
        value = self._value(name)
        if value is None:
            return None
        found = _TIME.fullmatch(value) if isinstance(value, str) else None
        try:
            if found is None:
                raise ValueError
            return datetime.fromisoformat(found[1] + found[2]).timestamp()
        except (ValueError, OverflowError):
            raise Refused('invalid_argument', f'{name} must be a time (RFC 3339)') from None

    def _value(self, name: str) -> Any:
        first, *rest = name.split('_')
        camel = first + ''.join(map(str.capitalize, rest))
        value = self._fields.get(name, self._fields.get(camel))
        wrapped = isinstance(value, dict) and set(value) == {'value'}
        return value['value'] if wrapped else value


def parse(body: bytes) -> Mapping[str, Any]:
    """Raises Refused."""
    try:
        fields = json.loads(body or b'{}')
    except (ValueError, RecursionError):
        raise Refused('malformed', 'the request is no JSON') from None
    if not isinstance(fields, dict):
        raise Refused('malformed', 'the request must be a JSON object')
    return fields
