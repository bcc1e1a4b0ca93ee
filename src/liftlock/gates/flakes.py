"""Which tests cannot be trusted: what one commit has both passed and failed is flaky.

That is the one rule that needs no statistics: the code was the same, the outcome was not. A test
that failed on one commit and passes on the next was broken and has been mended.
"""

from collections.abc import Iterable, Mapping

from liftlock.gates.junit import Case
from liftlock.language.records import NamedTuple


class Outcome(NamedTuple):
    """How a test went in one attempt of one run."""

    run: int
    attempt: int
    commit: str
    state: str
    message: str = ''
    seconds: float = 0.0


class Test(NamedTuple):
    """One test over time, oldest first."""

    key: str
    outcomes: tuple[Outcome, ...]
    flaky: bool

    @property
    def failures(self) -> int:
        return sum(one.state == 'failed' for one in self.outcomes)

    @property
    def ran(self) -> int:
        return sum(one.state in ('passed', 'failed') for one in self.outcomes)


class Told(NamedTuple):
    """What one attempt of one run reported."""

    run: int
    attempt: int
    commit: str
    cases: tuple[Case, ...]


def fold(reports: Iterable[Told]) -> Mapping[str, Test]:
    """By key. `reports` are those of one workflow, oldest first."""
    outcomes: dict[str, list[Outcome]] = {}
    again: set[str] = set()
    for told in reports:
        for key, case in worst(told.cases).items():
            outcome = Outcome(
                told.run, told.attempt, told.commit, case.state, case.message, case.seconds
            )
            outcomes.setdefault(key, []).append(outcome)
            if case.again:
                again.add(key)
    return {
        key: Test(key, tuple(found), key in again or _flaky(found))
        for key, found in outcomes.items()
    }


def worst(cases: Iterable[Case]) -> dict[str, Case]:
    """One of each key: a matrix runs the same tests in several jobs."""
    order = {'failed': 0, 'passed': 1, 'skipped': 2}
    found: dict[str, Case] = {}
    for case in cases:
        known = found.get(case.key)
        if known is None or order[case.state] < order[known.state]:
            found[case.key] = case
    return found


def _flaky(outcomes: Iterable[Outcome]) -> bool:
    seen: dict[str, set[str]] = {}
    for one in outcomes:
        if one.commit:
            seen.setdefault(one.commit, set()).add(one.state)
    return any({'passed', 'failed'} <= states for states in seen.values())
