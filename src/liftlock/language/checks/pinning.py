"""Which code a name stands for tomorrow: a commit's or digest's, or whatever it is moved to."""

import re
from collections.abc import Iterator
from typing import Final

from liftlock.language import used
from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.image import SCHEME
from liftlock.language.image import parse as parse_image
from liftlock.language.locks import actions, images
from liftlock.language.reference import parse as parse_reference
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Literal

UNPINNED: Final = Rule(
    'unpinned-action',
    Severity.NOTE,
    'An action or reusable workflow of another repository is named by a tag (a note) or, with a'
    ' third party, by a branch (a warning), not by a full commit id, and no lock records one. A'
    ' file has one such note.',
    'Whoever can push there decides what your job runs tomorrow, with your token and secrets. Tags'
    ' of popular actions have been moved by attackers more than once.',
    'Run `liftlock lock`, which records the commits, or write the commit id with the tag behind it:'
    ' `uses: owner/action@8f4b… # v2.1.0`.',
)
UNPINNED_IMAGE: Final = Rule(
    'unpinned-image',
    Severity.NOTE,
    'An image is named by a tag, not by its digest, and no lock records one. A file has one such'
    ' note.',
    'Whoever can push to that repository of the registry decides what runs tomorrow beside your'
    ' code, or as the place where it runs; and a job that worked yesterday fails for no reason that'
    ' can be seen.',
    'Run `liftlock lock`, which records the digests, or write the digest behind the tag:'
    ' `postgres:16@sha256:…`.',
)
RULES: Final = (UNPINNED, UNPINNED_IMAGE)
COMMIT: Final = re.compile(r'[0-9a-f]{40}|[0-9a-f]{64}')
BRANCH: Final = re.compile(r'main|master|develop|dev|trunk|HEAD|releases?/.*')
OWN: Final = ('actions/', 'github/')
SHOWN: Final = 4


def check(subject: Subject) -> Iterator[Diagnostic]:
    yield from _actions(subject)
    yield from _images(subject)


def _actions(subject: Subject) -> Iterator[Diagnostic]:
    if actions.pins_of(subject.locks.actions, subject.home) is not None:
        return  # the lock decides, and `locking` says what it lacks
    names: dict[str, Literal] = {}
    for reference in used.names(subject.document):
        names.setdefault(str(reference.value), reference)
    movable = {name: first for name, first in names.items() if _movable(subject, name)}
    branches = [name for name in movable if _is_branch(name)]
    for name in branches:
        message = f'{name} is a branch: its code changes with every push'
        hint = 'write a full commit id'
        yield subject.found(UNPINNED, movable[name].span, message, hint, Severity.WARNING)
    tags = [name for name in movable if name not in branches]
    if tags:
        message = f'not pinned to a commit: {_listed(tags)}'
        hint = 'write full commit ids, or run `liftlock lock`'
        yield subject.found(UNPINNED, movable[tags[0]].span, message, hint)


def _movable(subject: Subject, name: str) -> bool:
    ref = name.partition('@')[2]
    if not ref or name.startswith(('./', '$/', SCHEME)) or COMMIT.fullmatch(ref):
        return False
    reference = parse_reference(name)
    return not (
        isinstance(subject.document, Action)
        and reference is not None
        and reference.pin in subject.locks.actions.dependencies
    )


def _is_branch(name: str) -> bool:
    action, _, ref = name.partition('@')
    return bool(BRANCH.fullmatch(ref)) and not action.startswith(OWN)


def _images(subject: Subject) -> Iterator[Diagnostic]:
    if images.images_of(subject.locks.images, subject.home) is not None:
        return
    found: dict[str, Span] = {}
    for name, span in used.images(subject.document):
        image = name.removeprefix(SCHEME)
        named = parse_image(image)
        recorded = isinstance(subject.document, Action) and image in subject.locks.images.images
        if named is not None and not named.digest and not recorded:
            found.setdefault(image, span)
    if found:
        message = f'not pinned to a digest: {_listed([*found])}'
        hint = 'write digests behind the tags, or run `liftlock lock`'
        yield subject.found(UNPINNED_IMAGE, next(iter(found.values())), message, hint)


def _listed(names: list[str]) -> str:
    more = f' and {len(names) - SHOWN} more' if len(names) > SHOWN else ''
    return f'{", ".join(names[:SHOWN])}{more}'
