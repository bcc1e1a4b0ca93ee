"""JUnit XML, of tests, and of linters that write it: mypy and ruff."""

from typing import Final

from liftlock.gates import junit
from liftlock.gates.finding import Finding
from liftlock.gates.junit import Case, NotJUnit
from liftlock.gates.reports import linters
from liftlock.gates.reports.records import Findings, Suites, Unreadable

RUFF: Final = 'org.ruff.'


def read(content: bytes) -> Suites | Findings:
    try:
        cases = junit.parse(content)
    except NotJUnit as error:
        raise Unreadable(str(error)) from None
    if not cases:
        raise Unreadable('it has no test case: nothing was tried')
    if all(case.suite == 'mypy' for case in cases):
        failed = [case for case in cases if case.state == 'failed']
        found = tuple(one for case in failed for one in _mypy(case))
        return Findings('mypy', linters.LINT, found)
    if b'org.ruff' in content[:4096]:
        return Findings(
            'ruff', linters.LINT, tuple(_ruff(one) for one in cases if one.state == 'failed')
        )
    return Suites(cases)


def _mypy(case: Case) -> tuple[Finding, ...]:
    """Whatever it printed, a case that failed is a finding."""
    found = linters.told_by_mypy(case.message)
    first = case.message.splitlines()[0] if case.message else 'it failed'
    return found or (Finding('mypy', 'mypy', '', first[:300]),)


def _ruff(case: Case) -> Finding:
    rule = case.name.removeprefix(RUFF)
    told = case.message.splitlines()[0] if case.message else ''
    return Finding('ruff', rule, '', told[:300], case.suite, case.line)
