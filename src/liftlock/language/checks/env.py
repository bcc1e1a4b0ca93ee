"""Environment variables that the runner sets itself."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.template import Computed, Literal, Mapping, Token
from liftlock.language.workflow import Job

RESERVED: Final = Rule(
    'env-reserved',
    Severity.WARNING,
    '`env:` sets a variable whose value the runner itself gives to every step: `GITHUB_SHA`,'
    ' `RUNNER_TEMP` and the like. `GITHUB_TOKEN` is not among them.',
    "The runner's value wins, and nothing says so.",
    'Give the variable another name.',
)
NAME: Final = Rule(
    'env-name',
    Severity.WARNING,
    'The name of an environment variable holds `=` or a space.',
    'What comes before `=` becomes the name. A name with a space cannot be read by a shell.',
    'Use letters, digits and `_`.',
)
RULES: Final = (RESERVED, NAME)
# GitHubContext and RunnerContext of GitHub's runner: what they export
NAMES: Final = frozenset({
    'GITHUB_ACTION', 'GITHUB_ACTION_PATH', 'GITHUB_ACTION_REF', 'GITHUB_ACTION_REPOSITORY',
    'GITHUB_ACTOR', 'GITHUB_ACTOR_ID', 'GITHUB_API_URL', 'GITHUB_ARTIFACTS',
    'GITHUB_ARTIFACTS_LIST', 'GITHUB_BASE_REF', 'GITHUB_ENV', 'GITHUB_EVENT_NAME',
    'GITHUB_EVENT_PATH', 'GITHUB_GRAPHQL_URL', 'GITHUB_HEAD_REF', 'GITHUB_JOB', 'GITHUB_OUTPUT',
    'GITHUB_PATH', 'GITHUB_REF', 'GITHUB_REF_NAME', 'GITHUB_REF_PROTECTED', 'GITHUB_REF_TYPE',
    'GITHUB_REPOSITORY', 'GITHUB_REPOSITORY_ID', 'GITHUB_REPOSITORY_OWNER',
    'GITHUB_REPOSITORY_OWNER_ID', 'GITHUB_RETENTION_DAYS', 'GITHUB_RUN_ATTEMPT', 'GITHUB_RUN_ID',
    'GITHUB_RUN_NUMBER', 'GITHUB_SERVER_URL', 'GITHUB_SHA', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY',
    'GITHUB_TRIGGERING_ACTOR', 'GITHUB_WORKFLOW', 'GITHUB_WORKFLOW_REF', 'GITHUB_WORKFLOW_SHA',
    'GITHUB_WORKSPACE',
    'GITHUB_ACTIONS',
    'RUNNER_OS', 'RUNNER_ARCH', 'RUNNER_NAME', 'RUNNER_ENVIRONMENT', 'RUNNER_TEMP',
    'RUNNER_TOOL_CACHE', 'RUNNER_WORKSPACE', 'RUNNER_DEBUG',
})  # fmt: skip


def check(subject: Subject) -> Iterator[Diagnostic]:
    document = subject.document
    if not isinstance(document, Action):
        yield from _reserved(subject, document.env)
        for job in document.jobs.values():
            if isinstance(job, Job):
                yield from _reserved(subject, job.env)
    for place in subject.places:
        yield from _reserved(subject, place.step.env)


def _reserved(subject: Subject, env: Token | None) -> Iterator[Diagnostic]:
    if not isinstance(env, Mapping):
        return
    for key, value in env.entries:
        if isinstance(key, Literal) and str(key.value) in NAMES and not _same(key, value):
            message = f'the runner sets {key.value} itself, so this value is lost'
            yield subject.found(RESERVED, key.span, message)
        if isinstance(key, Literal) and re.search(r'[\s=]', str(key.value)):
            message = f'"{key.value}" cannot be the name of an environment variable'
            yield subject.found(NAME, key.span, message)


def _same(key: Literal, value: Token) -> bool:
    """`GITHUB_SHA: ${{ github.sha }}` sets what is there anyway."""
    if not isinstance(value, Computed):
        return False
    return value.expression.source.strip().lower().replace('.', '_', 1) == str(key.value).lower()
