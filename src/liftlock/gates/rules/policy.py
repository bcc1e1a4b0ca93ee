"""Policies in Rego. What they decide is read from a report of `opa` or `conftest`: nothing here
evaluates them, and a policy that nobody asked has allowed nothing."""

from collections.abc import Sequence
from typing import Final

from liftlock.gates import evidence
from liftlock.gates.evidence import Seen
from liftlock.gates.reports.records import Policy
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.figures import count

HINT: Final = (
    'install opa and hand in what `opa eval --format json --data {policies} --input FILE'
    ' data.PACKAGE.deny` writes, or what `conftest test --output json` does'
)


def judge(policies: Sequence[str], seen: Seen) -> Verdict:
    reports = [report for _, report in evidence.of(seen, Policy)]
    if not reports:
        told = f'nobody has asked {", ".join(policies)}'
        hint = HINT.replace('{policies}', policies[0] if policies else 'policies')
        return Verdict('policy', Outcome.UNDECIDED, told, hint)
    denials = tuple(one for report in reports for one in report.denials)
    doubts = [f'{report.tool}: {doubt}' for report in reports for doubt in report.doubts]
    rules = dict.fromkeys(rule for report in reports for rule in report.rules if rule)
    told = f'{count(len(denials), "denial")} of {", ".join(rules) or reports[0].tool}'
    if doubts:
        told = f'{told}; {doubts[0]}'
    outcome = Outcome.FAIL if denials else Outcome.UNDECIDED if doubts else Outcome.PASS
    return Verdict('policy', outcome, told, findings=denials)
