"""What the server answers instead of doing it."""

from typing import Any


class Refused(Exception):
    """`details` is as the API has it: kubectl makes its message of an invalid object out of it."""

    def __init__(
        self, code: int, reason: str, message: str, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details or {}


def invalid(kind: str, name: str, field: str, why: str) -> Refused:
    details = {
        'name': name,
        'kind': kind,
        'causes': [{'reason': 'FieldValueInvalid', 'message': why, 'field': field}],
    }
    return Refused(422, 'Invalid', f'{kind} "{name}" is invalid: {field}: {why}', details)
