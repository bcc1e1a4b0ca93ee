"""What the token of a job may do."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import Span

WRITE_ALL: Final = Rule(
    'permissions-write-all',
    Severity.WARNING,
    '`permissions: write-all` is given.',
    'Every action that the job uses, and everything they download, may push code, publish packages'
    ' and change releases.',
    'List what is needed: `permissions: {contents: read, packages: write}`.',
)
ABSENT: Final = Rule(
    'permissions-absent',
    Severity.NOTE,
    'Neither the workflow nor its jobs say what their token may do.',
    "The repository's default decides, and in older repositories that is to write everything.",
    'Begin with `permissions: {contents: read}` for the whole workflow, and give a job more where'
    ' it needs more.',
)
RULES: Final = (WRITE_ALL, ABSENT)


def check(subject: Subject) -> Iterator[Diagnostic]:
    workflow = subject.document
    if isinstance(workflow, Action):
        return
    whole = Span(1, 1, len(subject.lines), len(subject.lines[-1]) + 1 if subject.lines else 1)
    owners = [(workflow.permissions, whole)]
    owners += [(job.permissions, job.span) for job in workflow.jobs.values()]
    for permissions, span in owners:
        if permissions and permissions.everything == 'write':
            message = 'the token may write everything'
            yield subject.found(WRITE_ALL, subject.spot(span, r'\bwrite-all\b'), message)
    # a called workflow's token is decided by its caller
    called = set(workflow.on) <= {'workflow_call'} and (workflow.on or subject.doubtful('on'))
    if not any(permissions for permissions, _ in owners) and not called:
        for first in list(workflow.jobs.values())[:1]:
            message = 'nothing says what the token of these jobs may do'
            hint = 'add, above jobs: permissions: {contents: read}'
            yield subject.found(
                ABSENT, subject.spot(whole, '^jobs(?=:)') or first.span, message, hint
            )
