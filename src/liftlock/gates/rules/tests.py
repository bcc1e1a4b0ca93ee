"""Results of tests. A report without a test, or of tests that were all skipped, proves nothing.

A flaky test fails and passes on one commit. Under `quarantine` the failure of one that earlier runs
know as flaky does not count; under `report` it does, and a test that passed when it was tried again
is told; under `block` that one fails the gate, too.
"""

from liftlock.gates import evidence, flakes
from liftlock.gates.evidence import Seen
from liftlock.gates.finding import Finding
from liftlock.gates.junit import Case
from liftlock.gates.reports.records import Suites
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.language.figures import count
from liftlock.language.settings import model

HINT = 'have the tests write JUnit XML (pytest --junit-xml=junit.xml), and hand it in'


def judge(settings: model.Tests, seen: Seen) -> Verdict:
    reports = [report for _, report in evidence.of(seen, Suites)]
    if not reports:
        return Verdict('tests', Outcome.UNDECIDED, 'there is no report of tests', HINT)
    cases = flakes.worst(case for report in reports for case in report.cases).values()
    ran = [case for case in cases if case.state != 'skipped']
    if not ran:
        told = f'{count(len(cases), "test")} and all of them skipped: nothing was tried'
        return Verdict('tests', Outcome.UNDECIDED, told, 'why does none of them run?')
    failed = [case for case in ran if case.state == 'failed']
    again = [case for case in ran if case.again]
    spared = [case for case in failed if settings.flaky == 'quarantine' and case.key in seen.flaky]
    bad = [case for case in failed if case not in spared]
    if settings.flaky == 'block':
        bad += again
    outcome = Outcome.FAIL if bad else Outcome.PASS
    parts = [
        count(len(ran), 'test'),
        f'{len(failed)} failed',
        f'{len(spared)} of them flaky, in quarantine' if spared else '',
        f'{len(again)} passed when tried again' if again else '',
    ]
    told = ', '.join(part for part in parts if part)
    return Verdict('tests', outcome, told, findings=tuple(_finding(case) for case in bad))


def _finding(case: Case) -> Finding:
    first = case.message.strip().partition('\n')[0]
    return Finding('junit', case.key, '', first[:300], case.file, case.line)
