"""Versions of well-known actions that no longer run as they were written.

Source: the `using:` of each action's action.yml by major version, and GitHub's changelog.
"""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language import used
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule

OLD: Final = Rule(
    'deprecated-action',
    Severity.NOTE,
    'A well-known action is used in a version that was written for Node 12 or 16 (a note), or whose'
    ' service GitHub has switched off (a warning). Each is told once a file.',
    'Those versions of Node are gone. GitHub runs such actions on a newer one, for which nobody has'
    ' tested them; and artifact and cache actions of before v4 fail on GitHub.',
    'Take the newest major version.',
)
RULES: Final = (OLD,)

# the last major version that was written for Node 16 or older
LAST_OLD: Final = {
    'actions/cache': 3,
    'actions/checkout': 3,
    'actions/create-release': 1,
    'actions/dependency-review-action': 3,
    'actions/download-artifact': 3,
    'actions/first-interaction': 1,
    'actions/github-script': 6,
    'actions/labeler': 4,
    'actions/setup-dotnet': 3,
    'actions/setup-go': 4,
    'actions/setup-java': 3,
    'actions/setup-node': 3,
    'actions/setup-python': 4,
    'actions/stale': 8,
    'actions/upload-artifact': 3,
    'actions/upload-release-asset': 1,
    'aws-actions/amazon-ecr-login': 1,
    'aws-actions/configure-aws-credentials': 3,
    'codecov/codecov-action': 3,
    'docker/build-push-action': 4,
    'docker/login-action': 2,
    'docker/metadata-action': 4,
    'docker/setup-buildx-action': 2,
    'docker/setup-qemu-action': 2,
    'github/codeql-action/analyze': 2,
    'github/codeql-action/autobuild': 2,
    'github/codeql-action/init': 2,
    'github/codeql-action/upload-sarif': 2,
    'softprops/action-gh-release': 1,
}
# majors whose service is gone: the step fails on GitHub
SWITCHED_OFF: Final = {
    'actions/upload-artifact': 3,
    'actions/download-artifact': 3,
    'actions/cache': 2,
}
ABANDONED: Final = ('actions/create-release', 'actions/upload-release-asset')
MAJOR: Final = re.compile(r'v?(\d+)(?:\.\d+)*')


def check(subject: Subject) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for reference in used.names(subject.document):
        name = str(reference.value)
        action, _, ref = name.partition('@')
        action = action.lower()
        found = MAJOR.fullmatch(ref)
        if name in told or found is None or int(found[1]) > LAST_OLD.get(action, -1):
            continue
        told.add(name)
        newer = LAST_OLD[action] + 1
        hint = 'it is no longer kept' if action in ABANDONED else f'newer: v{newer} and later'
        if int(found[1]) <= SWITCHED_OFF.get(action, 0):
            message = f'{name} fails on GitHub: the service that it speaks to was switched off'
            yield subject.found(OLD, reference.span, message, hint, Severity.WARNING)
        else:
            message = f'{name} was written for a version of Node that is gone'
            yield subject.found(OLD, reference.span, message, hint)
