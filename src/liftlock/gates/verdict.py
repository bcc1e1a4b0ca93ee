"""What a gate has found. Three-valued: a gate that could not be evaluated lets nothing through."""

from enum import Enum

from liftlock.language.records import NamedTuple


class Outcome(Enum):
    PASS = 'pass'  # noqa: S105 - no password
    FAIL = 'fail'
    UNDECIDED = 'could not be evaluated'


class Verdict(NamedTuple):
    """`gate` is its name in `liftlock.yml`; `message` says what was found, or what was missing."""

    gate: str
    outcome: Outcome
    message: str = ''
