"""Environments that liftlock.yml delivers to, and jobs that would do so as well."""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Literal
from liftlock.language.workflow import Job

TARGET: Final = Rule(
    'environment-target',
    Severity.ERROR,
    'A job names an environment that has a `target:` in `liftlock.yml`, or is bound to one there.',
    'Liftlock itself deploys there when the runs of a commit are green. Two who deploy to one place'
    ' undo what the other one did, and neither can take it back. On GitHub the job would run.',
    'Remove the job, or remove `target:` from the environment, which then keeps its protection,'
    ' secrets and health checks for the job.',
)
RULES: Final = (TARGET,)


def check(subject: Subject) -> Iterator[Diagnostic]:
    if isinstance(subject.document, Action) or subject.settings is None:
        return
    targets = {
        name.lower(): name
        for name, environment in subject.settings.environments.items()
        if environment.target is not None
    }
    bound = {job.lower(): word.text for job, word in subject.settings.deploys.items()}
    for job in subject.document.jobs.values():
        if not isinstance(job, Job):
            continue
        named, span = _named(job, bound)
        if named.lower() in targets:
            name = targets[named.lower()]
            message = f'Liftlock itself deploys to "{name}": it has a target in liftlock.yml'
            by = 'this job' if job.environment else 'this job, its line under deploys:'
            yield subject.found(TARGET, span, message, f'remove {by}, or the target')


def _named(job: Job, bound: Mapping[str, str]) -> tuple[str, Span]:
    """Its environment, and where that is written; '' where that is computed or there is none."""
    if job.environment is None:
        return bound.get(str(job.id.value).lower(), ''), job.id.span
    name = job.environment.name
    return str(name.value) if isinstance(name, Literal) else '', name.span
