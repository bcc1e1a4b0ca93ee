"""What a workflow uses although a lock names it and has no such entry: a run refuses it."""

from collections.abc import Iterator
from typing import Final

from liftlock.language import used
from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.checks.walk import Document
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.image import SCHEME
from liftlock.language.image import parse as parse_image
from liftlock.language.locks import actions, images
from liftlock.language.reference import parse as parse_reference
from liftlock.language.rule import Rule
from liftlock.language.source import Span

LOCK: Final = Rule(
    'lock',
    Severity.ERROR,
    'A lock names the workflow, and something that the workflow uses is not in it; or a lock file'
    ' cannot be read.',
    'A lock is there so that nothing runs which nobody has looked at. What is not in it is refused'
    ' before the first step.',
    'Run `liftlock lock`, and review what it writes.',
)
RULES: Final = (LOCK,)
HINT: Final = 'run `liftlock lock`, and review what it writes'


def check(subject: Subject) -> Iterator[Diagnostic]:
    if isinstance(subject.document, Action):
        return  # which workflow uses it is not known here
    pins = actions.pins_of(subject.locks.actions, subject.home)
    digests = images.images_of(subject.locks.images, subject.home)
    for name, span, by in _used(subject):
        if name.startswith(SCHEME):
            image = name.removeprefix(SCHEME)
            missing = digests is not None and image not in digests and not _has_digest(image)
            shown, file = image, 'images.lock'
        else:
            reference = parse_reference(name)
            missing = pins is not None and reference is not None and reference.pin not in pins
            shown, file = name, 'actions.lock'
        if missing:
            what = f'{by} uses {shown}, which' if by else shown
            yield subject.found(LOCK, span, f'{what} is not in {file}: a run refuses it', HINT)


def _used(subject: Subject) -> Iterator[tuple[str, Span, str]]:
    """What is used, where, and by which file of the repository if not by this one."""
    for name, span in _of(subject.document):
        yield name, span, ''
        neighbour = subject.neighbours.get(name)
        for inner, _ in _of(neighbour) if neighbour is not None else ():
            yield inner, span, name


def _of(document: Document) -> Iterator[tuple[str, Span]]:
    for reference in used.names(document):
        if not str(reference.value).startswith(SCHEME):
            yield str(reference.value), reference.span
    yield from used.images(document)


def _has_digest(image: str) -> bool:
    found = parse_image(image)
    return found is not None and bool(found.digest)
