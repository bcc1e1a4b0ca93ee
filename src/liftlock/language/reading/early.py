"""What GitHub judges when it reads a file, if it is written out: matrix, container, runner group.

A value with an expression inside is judged when the job is planned, by the same rules.
Source: WorkflowTemplateConverter and MatrixBuilder of GitHub's runner, with early validation.
"""

import re
from typing import Final

from liftlock.language.reading import hints
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.template import Literal, Mapping, Sequence, Token

LONGEST_GROUP: Final = 400
_PREFIXES: Final = ('org', 'organization', 'ent', 'enterprise')
_VERSION: Final = re.compile(r'[0-9]+\.\*')


def fixed(token: Token) -> bool:
    """Whether nothing in it is left to compute."""
    match token:
        case Literal():
            return True
        case Sequence(items):
            return all(map(fixed, items))
        case Mapping(entries):
            return all(isinstance(key, Literal) and fixed(value) for key, value in entries)
    return False


def _named(key: object, name: str) -> bool:
    return isinstance(key, Literal) and key.value == name


def matrix(token: Token | None, mistakes: Mistakes) -> None:
    if not isinstance(token, Mapping):
        return
    vectors: set[str] = set()
    configurations = 0
    for key, value in token.entries:
        if not isinstance(key, Literal):
            vectors.add('')  # not known yet; taken for a vector
        elif key.value == 'include':
            configurations += len(value.items) if isinstance(value, Sequence) else 1
            _included(value, mistakes)
        elif key.value != 'exclude':
            vectors.add(str(key.value))
            if isinstance(value, Sequence) and not value.items:
                message = f"Matrix vector '{key.value}' does not contain any values"
                mistakes.add(value.span, 'matrix', message)
    if not vectors and not configurations:
        mistakes.add(token.span, 'matrix', 'Matrix must define at least one vector')
    if fixed(token):
        _excluded(token, vectors, mistakes)


def _included(token: Token, mistakes: Mistakes) -> None:
    for item in token.items if isinstance(token, Sequence) else ():
        if isinstance(item, Mapping) and not item.entries:
            message = 'Matrix include mapping does not contain any values'
            mistakes.add(item.span, 'matrix', message)


def _excluded(token: Mapping, vectors: set[str], mistakes: Mistakes) -> None:
    filters = [
        item
        for key, value in token.entries
        if _named(key, 'exclude') and isinstance(value, Sequence)
        for item in value.items
        if isinstance(item, Mapping)
    ]
    folded = {name.lower() for name in vectors}
    for item in filters:
        if not item.entries:
            mistakes.add(item.span, 'matrix', 'Matrix exclude filter must not be empty')
        for key, _ in item.entries:
            if isinstance(key, Literal) and str(key.value).lower() not in folded:
                message = (
                    f"Matrix exclude key '{key.value}' does not match any key within the matrix"
                )
                mistakes.add(key.span, 'matrix', message, hints.nearest(str(key.value), vectors))


def container(token: Token | None, mistakes: Mistakes, *, service: bool = False) -> None:
    """`container: ''` means none; an image of `docker://`, or a service's '', is wrong."""
    if token is None or not fixed(token):
        return
    images = [token]
    if isinstance(token, Mapping):
        images = [value for key, value in token.entries if _named(key, 'image')]
    written = str(images[0].value) if images and isinstance(images[0], Literal) else ''
    if written == 'docker://' or (service and not written):
        mistakes.add(token.span, 'container', 'Container image cannot be empty')


def services(token: Token | None, mistakes: Mistakes) -> None:
    if isinstance(token, Mapping) and fixed(token):
        for _, value in token.entries:
            container(value, mistakes, service=True)


def runs_on(token: Token, mistakes: Mistakes) -> None:
    """The group's name: plain, or `organization/…`, or `enterprise/…`."""
    for key, value in token.entries if isinstance(token, Mapping) else ():
        if _named(key, 'group') and isinstance(value, Literal):
            _group(value, mistakes)


def _group(group: Literal, mistakes: Mistakes) -> None:
    parts = str(group.value).split('/')
    message = f"Invalid runs-on group name '{group.value}'."
    if len(parts) == 2 and not parts[1]:
        mistakes.add(group.span, 'runs-on', message)
    elif len(parts) > 2 or (len(parts) == 2 and parts[0] not in _PREFIXES):
        mistakes.add(
            group.span,
            'runs-on',
            f"{message} Please use 'organization/' or 'enterprise/' prefix to target a single "
            'runner group.',
        )


def concurrency(group: Token, mistakes: Mistakes) -> None:
    if isinstance(group, Literal) and len(str(group.value)) > LONGEST_GROUP:
        message = f'Concurrency group name must be less than {LONGEST_GROUP} characters'
        mistakes.add(group.span, 'concurrency', message)


def image_version(version: Literal, mistakes: Mistakes) -> None:
    if not _VERSION.fullmatch(str(version.value)):
        mistakes.add(
            version.span,
            'schema',
            f"Expected format '{{major-version}}.*' Actual '{version.value}'",
        )
