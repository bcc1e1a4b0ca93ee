"""Environments that liftlock.yml delivers to, and jobs that would do so as well."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.template import Literal
from liftlock.language.workflow import Job

TARGET: Final = Rule(
    'environment-target',
    Severity.ERROR,
    'A job names an environment that has a `target:` in `liftlock.yml`.',
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
    for job in subject.document.jobs.values():
        if not isinstance(job, Job) or job.environment is None:
            continue
        named = job.environment.name
        if isinstance(named, Literal) and str(named.value).lower() in targets:
            name = targets[str(named.value).lower()]
            message = f'Liftlock itself deploys to "{name}": it has a target in liftlock.yml'
            hint = 'remove this job, or the target'
            yield subject.found(TARGET, named.span, message, hint)
