"""What a gate has found. Three-valued: a gate that could not be evaluated lets nothing through."""

from collections.abc import Iterable
from enum import Enum

from liftlock.gates.finding import Finding
from liftlock.language.records import NamedTuple


class Outcome(Enum):
    PASS = 'pass'  # noqa: S105 - no password
    FAIL = 'fail'
    UNDECIDED = 'could not be evaluated'


class Verdict(NamedTuple):
    """`gate` is its name in `liftlock.yml`; `message` says what was found, against what, or what
    was missing; `hint` what to do then. `approval`: it passes if somebody approves of what it has
    found. `findings` are the worst first."""

    gate: str
    outcome: Outcome
    message: str = ''
    hint: str = ''
    approval: bool = False
    findings: tuple[Finding, ...] = ()


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """A failure outweighs a doubt, and a doubt outweighs everything that passed."""
    found = set(outcomes)
    for outcome in (Outcome.FAIL, Outcome.UNDECIDED):
        if outcome in found:
            return outcome
    return Outcome.PASS
