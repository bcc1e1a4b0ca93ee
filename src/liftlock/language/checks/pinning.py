"""Which code the name of an action stands for tomorrow: a commit's, or whatever it is moved to."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.template import Literal
from liftlock.language.workflow import Call, Uses

UNPINNED: Final = Rule(
    'unpinned-action',
    Severity.NOTE,
    'An action or reusable workflow of another repository is named by a tag (a note) or, with a'
    ' third party, by a branch (a warning), not by a full commit id. A file has one such note.',
    'Whoever can push there decides what your job runs tomorrow, with your token and secrets. Tags'
    ' of popular actions have been moved by attackers more than once.',
    'Run `liftlock lock`, which records the commits, or write the commit id with the tag behind it:'
    ' `uses: owner/action@8f4b… # v2.1.0`.',
)
RULES: Final = (UNPINNED,)
COMMIT: Final = re.compile(r'[0-9a-f]{40}|[0-9a-f]{64}')
BRANCH: Final = re.compile(r'main|master|develop|dev|trunk|HEAD|releases?/.*')
OWN: Final = ('actions/', 'github/')
SHOWN: Final = 4


def check(subject: Subject) -> Iterator[Diagnostic]:
    names: dict[str, Literal] = {}
    for reference in references(subject):
        names.setdefault(str(reference.value), reference)
    movable = {name: first for name, first in names.items() if _movable(name)}
    branches = [name for name in movable if _is_branch(name)]
    for name in branches:
        message = f'{name} is a branch: its code changes with every push'
        hint = 'write a full commit id'
        yield subject.found(UNPINNED, movable[name].span, message, hint, Severity.WARNING)
    tags = [name for name in movable if name not in branches]
    if tags:
        more = f' and {len(tags) - SHOWN} more' if len(tags) > SHOWN else ''
        message = f'not pinned to a commit: {", ".join(tags[:SHOWN])}{more}'
        hint = 'write full commit ids, or run `liftlock lock`'
        yield subject.found(UNPINNED, movable[tags[0]].span, message, hint)


def _movable(name: str) -> bool:
    ref = name.partition('@')[2]
    local = name.startswith(('./', '$/', 'docker://'))
    return bool(ref) and not local and not COMMIT.fullmatch(ref)


def _is_branch(name: str) -> bool:
    action, _, ref = name.partition('@')
    return bool(BRANCH.fullmatch(ref)) and not action.startswith(OWN)


def references(subject: Subject) -> Iterator[Literal]:
    """Every `uses:`, of steps and of jobs."""
    document = subject.document
    if not isinstance(document, Action):
        for job in document.jobs.values():
            if isinstance(job, Call):
                yield job.uses
    for place in subject.places:
        if isinstance(place.step.does, Uses):
            yield place.step.does.reference
