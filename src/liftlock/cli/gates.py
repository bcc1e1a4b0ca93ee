"""`liftlock gates`: the gates of `liftlock.yml`, held against reports."""

import json as jsons
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import click

from liftlock.cli import wiring
from liftlock.cli.check import repository
from liftlock.cli.colour import Paint, paint
from liftlock.cli.figures import count
from liftlock.cli.loglines import harmless
from liftlock.engine import declared, evidence
from liftlock.errors import FAILED, UNDECIDED, UserError
from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.finding import Finding
from liftlock.gates.rules.judge import judge
from liftlock.gates.verdict import Outcome, Verdict, worst
from liftlock.language.settings.model import Gates
from liftlock.store import runs

SHOWN: Final = 5  # findings of one gate
LONGEST: Final = 160  # characters of one
STATUS: Final = {Outcome.PASS: 0, Outcome.FAIL: FAILED, Outcome.UNDECIDED: UNDECIDED}
WORDS: Final = {Outcome.PASS: 'pass', Outcome.FAIL: 'fail', Outcome.UNDECIDED: 'undecided'}


@click.command()
@click.argument('reports', nargs=-1, metavar='[REPORT]...')
@click.option('--run', metavar='RUN', help='What this run has handed in. [default: the last]')
@click.option('--json', is_flag=True, help='One object.')
@click.pass_obj
def command(state: str | None, /, reports: tuple[str, ...], run: str | None, json: bool) -> int:
    """Evaluate the gates of the liftlock.yml here.

    On REPORTs, which are files or directories of files, or on what a run has handed in, and other
    workflows of its commit: uploads of coverage, test results and SARIF, and artifacts that hold
    reports.

    The exit code is 1 if a gate has failed, and 3 if one could not be evaluated.
    """
    if reports and run:
        raise click.UsageError('give either REPORTs or --run')
    gates = settings()
    if reports:
        seen = Seen(tuple(evidence.of_files(map(Path, reports))), time.time())
    else:
        store = wiring.opened(wiring.place(state))
        seen = evidence.seen(store, gates, runs.find(store, run or 'last'), time.time())
    verdicts = judge(gates, seen)
    outcome = worst(one.outcome for one in verdicts)
    if json:
        told = whole(outcome, verdicts, seen.evidence)
        print(jsons.dumps(told, ensure_ascii=False, indent=2))
    else:
        for line in lines(verdicts, seen.evidence, paint(sys.stdout)):
            print(line)
    return STATUS[outcome]


def settings() -> Gates:
    """Those of the file at the root of the repository. UserError."""
    path = repository(Path.cwd()) / declared.FILE
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f'there is no {declared.FILE} here', 'write one with gates:, see docs/gates.md'
        ) from None
    gates = declared.parsed(text).gates
    if gates is None:
        raise UserError(f'{declared.FILE} has no gates', 'add gates:, see docs/gates.md')
    return gates


# --- for people


def lines(verdicts: Sequence[Verdict], found: Sequence[Evidence], paint: Paint) -> Iterator[str]:
    width = max((len(one.gate) for one in verdicts), default=0)
    for one in verdicts:
        message = harmless(one.message)
        yield f'{mark(one, paint)} {paint.bold(one.gate.ljust(width))}  {message}'
        yield from (f'    {paint.dim(line)}' for line in _below(one))
    read = sum(bool(one.read.reports) for one in found)
    numbers = {outcome: sum(one.outcome is outcome for one in verdicts) for outcome in Outcome}
    yield ''
    yield (
        f'{numbers[Outcome.PASS]} passed, {numbers[Outcome.FAIL]} failed, '
        f'{numbers[Outcome.UNDECIDED]} could not be evaluated; {count(read, "report")}'
    )


def mark(one: Verdict, paint: Paint) -> str:
    match one.outcome:
        case Outcome.PASS:
            return paint.yellow('!') if one.approval else paint.green('✓')
        case Outcome.FAIL:
            return paint.red('✗')
    return paint.yellow('?')


def _below(one: Verdict) -> Iterator[str]:
    """Findings where they decide something, or what to do."""
    if one.outcome is Outcome.FAIL or one.approval:
        yield from (harmless(_told(finding)) for finding in one.findings[:SHOWN])
        if len(one.findings) > SHOWN:
            yield f'and {len(one.findings) - SHOWN} more'
    if one.hint:
        yield harmless(one.hint)


def _told(finding: Finding) -> str:
    path = finding.path.removeprefix(f'{Path.cwd()}/')  # ruff's SARIF names files in full
    place = f'{path}:{finding.line}' if finding.line else path
    parts = (finding.severity, place, finding.subject, finding.rule, finding.message)
    told = '  '.join(part for part in parts if part)
    return told if len(told) <= LONGEST else f'{told[: LONGEST - 1]}…'


# --- for programs


def whole(
    outcome: Outcome, verdicts: Sequence[Verdict], found: Sequence[Evidence]
) -> dict[str, Any]:
    return {
        'outcome': WORDS[outcome],
        'gates': [_record(one) for one in verdicts],
        'reports': [
            {
                'name': one.read.name,
                'kinds': [type(report).__name__.lower() for report in one.read.reports],
                'trouble': one.read.trouble or None,
            }
            for one in found
            if one.read.reports or one.read.trouble
        ],
    }


def _record(one: Verdict) -> dict[str, Any]:
    findings = [finding._asdict() for finding in one.findings]
    return {**one._asdict(), 'outcome': WORDS[one.outcome], 'findings': findings}
