"""What the doctor found, in words and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from liftlock.cli.colour import Paint
from liftlock.cli.doctor import verdicts
from liftlock.cli.doctor.deliveries import Lack
from liftlock.cli.doctor.machine import Thing
from liftlock.cli.doctor.needs import Need
from liftlock.cli.doctor.verdicts import Verdict
from liftlock.language.records import NamedTuple

WIDTH = 9


class Finding(NamedTuple):
    need: Need
    verdict: Verdict

    @property
    def missing(self) -> bool:
        return self.verdict.level == verdicts.MISSING


Given = Mapping[str, Mapping[str, Sequence[str]]]  # secrets or vars → NAME → files


def lines(
    things: Iterable[Thing], findings: Sequence[Finding], given: Given, paint: Paint
) -> Iterator[str]:
    for thing in things:
        if thing.found:
            yield f'{paint.green("ok")}       {thing.name:<8} {thing.found}'
            continue
        word = paint.red('missing') if thing.needed else paint.yellow('missing')
        yield f'{word}  {thing.name:<8} for {thing.why}: {thing.install}'
    if findings:
        yield ''
        yield paint.bold('What the workflows here ask for')
    for file, of_file in groupby(findings, key=lambda finding: finding.need.file):
        yield ''
        yield file
        for (job, verdict), alike in groupby(of_file, key=lambda one: (one.need.job, one.verdict)):
            yield from _finding(job, verdict, [one.need for one in alike], paint)
    yield from _given(given)


def _finding(job: str, verdict: Verdict, needs: Sequence[Need], paint: Paint) -> Iterator[str]:
    """Needs of one job that have the same answer are told once."""
    missing = verdict.level == verdicts.MISSING
    word = paint.red('missing') if missing else paint.yellow('note   ')
    yield f'  {word}  job {job}: {verdict.problem}'
    places = dict.fromkeys(f'line {need.line}, {need.why}' for need in needs)
    yield from (f'           {paint.dim(place)}' for place in places)
    if verdict.remedy:
        yield f'           {verdict.remedy}'


def _given(given: Given) -> Iterator[str]:
    for context, option, command in (
        ('secrets', '-s NAME', 'secret'),
        ('vars', '--var NAME=VALUE', 'variable'),
    ):
        names = given.get(context)
        if names:
            ways = f'{option}) or to be stored (liftlock {command} set NAME'
            yield ''
            yield f'{context.capitalize()} to be given to a run ({ways}): {", ".join(names)}'


def lacks(found: Sequence[Lack], paint: Paint) -> Iterator[str]:
    if found:
        yield ''
        yield paint.bold('What delivering to the environments of liftlock.yml lacks')
    for name, of_one in groupby(found, key=lambda lack: lack.environment):
        yield ''
        yield name
        for _, problem, remedy in of_one:
            yield f'  {paint.red("missing")}  {problem}'
            if remedy:
                yield f'           {remedy}'


def record(
    things: Iterable[Thing],
    findings: Iterable[Finding],
    given: Given,
    environments: Iterable[Lack] = (),
) -> dict[str, Any]:
    return {
        'tools': [thing._asdict() for thing in things],
        'needs': [
            {
                'level': one.verdict.level,
                'kind': one.need.kind,
                'what': one.need.what,
                'file': one.need.file,
                'line': one.need.line,
                'job': one.need.job,
                'for': one.need.why,
                'problem': one.verdict.problem,
                'remedy': one.verdict.remedy,
            }
            for one in findings
        ],
        **{context: dict(names) for context, names in given.items()},
        'environments': [lack._asdict() for lack in environments],
    }
