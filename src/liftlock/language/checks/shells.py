"""The `shell:` of scripts. Rules: ScriptHandler of GitHub's runner."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.labels import systems
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.nearest import suggestion
from liftlock.language.rule import Rule
from liftlock.language.template import Literal, Token
from liftlock.language.workflow import Job, Run

SHELL: Final = Rule(
    'shell-unknown',
    Severity.WARNING,
    'A `shell:` is none of those that the runner knows (`bash`, `sh`, `pwsh`, `powershell`, `cmd`,'
    ' `python`) and has no `{0}` for the script, or it does not exist on the system of the job.',
    'The step fails when it is reached.',
    'Write one of the names, or a whole command line such as `perl {0}`.',
)
RULES: Final = (SHELL,)
BUILT_IN: Final = ('bash', 'sh', 'pwsh', 'powershell', 'cmd', 'python')
WINDOWS_ONLY: Final = ('powershell', 'cmd')


def check(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    for place in subject.places:
        if isinstance(place.step.does, Run):
            yield from _judge(subject, place.step.does.shell, place.job)
    if isinstance(document, Action):
        return
    if document.defaults:
        yield from _judge(subject, document.defaults.shell, None)
    for job in document.jobs.values():
        if isinstance(job, Job) and job.defaults:
            yield from _judge(subject, job.defaults.shell, job)


def _judge(subject: Subject, shell: Token | None, job: Job | None) -> Iterator[Diagnostic]:
    if not isinstance(shell, Literal) or not shell.value:
        return
    written = str(shell.value)
    if '{0}' in written:
        return
    name = written.lower()
    if name not in BUILT_IN:
        yield subject.found(SHELL, shell.span, *_unknown(written))
    elif name in WINDOWS_ONLY and systems(job) <= {'Linux', 'macOS'} and systems(job):
        on = ' and '.join(sorted(systems(job)))
        yield subject.found(
            SHELL, shell.span, f'there is no {name} on {on}', 'pwsh runs everywhere'
        )


def _unknown(written: str) -> tuple[str, str]:
    first = written.split(' ')[0].lower()
    if first in BUILT_IN and ' ' in written:
        message = f'"{written}" has arguments, but no {{0}} where the script would stand'
        return message, f'write: {written} {{0}}'
    hint = suggestion(first, BUILT_IN, f'write a command line: {written} {{0}}')
    return f'the runner knows no shell "{written}"', hint
