"""`runs-on:` labels that look like GitHub's own, and the limits of its machines.

Any other label is somebody's own runner and is left alone.
Source: GitHub's list of hosted runners, August 2026.
"""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.checks.walk import keys
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.nearest import nearest
from liftlock.language.rule import Rule
from liftlock.language.template import Computed, Literal, Mapping, Sequence, Token
from liftlock.language.workflow import Job

UNKNOWN: Final = Rule(
    'runner-label',
    Severity.NOTE,
    "A label looks like one of GitHub's, but is none of them: it was retired, or is misspelt.",
    'No hosted runner takes the job. On GitHub it waits for a day and is then cancelled.',
    'Take a label that exists: `ubuntu-latest`, `ubuntu-24.04`, `windows-latest`, `macos-latest`.',
)
TIMEOUT: Final = Rule(
    'timeout-hosted',
    Severity.NOTE,
    "`timeout-minutes` of a job on one of GitHub's own machines is more than 360.",
    'GitHub ends such jobs after six hours whatever is written here.',
    'Split the job, or run it on a machine of your own.',
)
CONFLICT: Final = Rule(
    'runner-conflict',
    Severity.WARNING,
    "A job asks for several of GitHub's own machines at once.",
    'Labels in a list are what one machine must have all together. No machine has these, so the job'
    ' waits for a day and is then cancelled.',
    'To run on each of them, make a matrix: `matrix: {os: [ubuntu-latest, windows-latest]}` and'
    ' `runs-on: ${{ matrix.os }}`.',
)
RULES: Final = (UNKNOWN, CONFLICT, TIMEOUT)

MACOS: Final = ('latest', '14', '15', '26')
HOSTED: Final = frozenset(
    (
        *('ubuntu-latest', 'ubuntu-slim', 'ubuntu-22.04', 'ubuntu-24.04', 'ubuntu-26.04'),
        *('ubuntu-22.04-arm', 'ubuntu-24.04-arm', 'ubuntu-26.04-arm'),
        *('windows-latest', 'windows-2022', 'windows-2025', 'windows-11-arm'),
        *('windows-2025-vs2026', 'macos-15-intel', 'macos-26-intel'),
        *(f'macos-{version}' for version in MACOS),
        *(f'macos-{version}-{size}' for version in MACOS for size in ('large', 'xlarge')),
    )
)
# Larger runners get names of their owner's choice, which often begin like the small ones'
CUSTOM: Final = re.compile(r'core|gpu|cpu|ram|gb|\d+x|large|runner|private|custom|-m$|-l$|-xl$')
SYSTEMS: Final = {'ubuntu': 'Linux', 'windows': 'Windows', 'macos': 'macOS', 'linux': 'Linux'}
MOST_MINUTES: Final = 360


def check(subject: Subject) -> Iterator[Diagnostic]:
    if isinstance(subject.document, Action):
        return
    for job in subject.document.jobs.values():
        if isinstance(job, Job):
            yield from _labels(subject, job)
            yield from _timeout(subject, job)


def _labels(subject: Subject, job: Job) -> Iterator[Diagnostic]:
    written = list(labels(job))
    if any(str(label.value).lower() == 'self-hosted' for label in written):
        return
    if isinstance(job.runs_on, Sequence):
        yield from _conflict(subject, written)
    for label in written:
        name = str(label.value).lower()
        if name in HOSTED or CUSTOM.search(name):
            continue
        system = name.partition('-')[0]
        near = nearest(name, sorted(HOSTED), cutoff=0.85)
        known = system in ('ubuntu', 'windows', 'macos')
        if near or name.endswith('-latest') or (known and '-' in name):
            latest = f'{system if known else "ubuntu"}-latest'
            hint = f'did you mean "{near or latest}"?'
            message = f'GitHub has no runner "{label.value}" (any more)'
            yield subject.found(UNKNOWN, label.span, message, hint)


def _conflict(subject: Subject, written: list[Literal]) -> Iterator[Diagnostic]:
    hosted = [label for label in written if str(label.value).lower() in HOSTED]
    for label in hosted[1:]:
        message = f'no machine is both "{hosted[0].value}" and "{label.value}"'
        yield subject.found(CONFLICT, label.span, message, 'to run on each, make a matrix')


def _timeout(subject: Subject, job: Job) -> Iterator[Diagnostic]:
    minutes = job.timeout_minutes
    hosted = [str(label.value).lower() in HOSTED for label in labels(job)]
    if (
        isinstance(minutes, Literal)
        and isinstance(minutes.value, float)
        and minutes.value > MOST_MINUTES
        and hosted
        and all(hosted)
    ):
        message = f'GitHub ends this job after {MOST_MINUTES} minutes'
        yield subject.found(TIMEOUT, minutes.span, message)


def labels(job: Job) -> Iterator[Literal]:
    """The labels that a job's `runs-on` can be, as far as they are written out in the file."""
    token: Token | None = job.runs_on
    if isinstance(token, Mapping):
        given = keys(token)
        if 'group' in given:
            return  # groups hold machines of any name
        token = given.get('labels')
    match token:
        case Literal():
            yield token
        case Sequence(items):
            yield from (item for item in items if isinstance(item, Literal))
        case Computed():
            yield from _of_matrix(job, token)


def _of_matrix(job: Job, token: Computed) -> Iterator[Literal]:
    """`runs-on: ${{ matrix.os }}` takes its labels from the row `os` and from what is included."""
    references = [path for path, _ in token.expression.references]
    if len(references) != 1 or references[0][0] != 'matrix' or len(references[0]) != 2:
        return
    if token.expression.source.strip().lower() != f'matrix.{references[0][1]}':
        return
    key = str(references[0][1])
    rows = {name.lower(): value for name, value in keys(job.strategy.matrix).items()}
    row, include = rows.get(key), rows.get('include')
    values: list[Token | None] = [*row.items] if isinstance(row, Sequence) else []
    if isinstance(include, Sequence):
        for item in include.items:
            values += [value for name, value in keys(item).items() if name.lower() == key]
    yield from (value for value in values if isinstance(value, Literal))


def systems(job: Job | None) -> frozenset[str]:
    """The operating systems that a job may run on, if all of its labels say so; else none."""
    if job is None:
        return frozenset()
    names = [str(label.value).lower().partition('-')[0] for label in labels(job)]
    if not all(name in SYSTEMS for name in names):
        return frozenset()
    return frozenset(SYSTEMS[name] for name in names)
