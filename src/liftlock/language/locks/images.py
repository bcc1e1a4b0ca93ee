"""`.github/workflows/images.lock`: which digest every image of every workflow stands for.

GitHub's lock of actions has no place for images and refuses keys that it doesn't know, so they
have a file of their own beside it. An image is named as the workflow or action names it, without
`docker://`. A workflow that isn't named has not been taken on; one that is named may run nothing
else. An image that is written with its digest needs no entry.

    version: 'v0.0.1'
    workflows:
        '.github/workflows/ci.yml':
            - 'postgres:16'
    images:
        'postgres:16': 'sha256:…'
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.language.image import DIGEST
from liftlock.language.locks import writing
from liftlock.language.locks.writing import BadLock, quote
from liftlock.language.records import NamedTuple

VERSION: Final = 'v0.0.1'
_KEYS: Final = frozenset({'workflows', 'images'})


class Lock(NamedTuple):
    """Images by the name in use; their digests are `sha256:…`, of the list of platforms where an
    image has several."""

    workflows: Mapping[str, tuple[str, ...]] = {}
    images: Mapping[str, str] = {}


def parse(text: str) -> Lock:
    """Raises BadLock, which says what is wrong."""
    content = writing.read(text, VERSION, _KEYS)
    images = {
        str(name): _digest(name, value)
        for name, value in writing.mapping(content, 'images').items()
    }
    workflows = {
        str(path): tuple(map(str, writing.sequence(names, str(path), 'images')))
        for path, names in writing.mapping(content, 'workflows').items()
    }
    return Lock(workflows, images)


def render(lock: Lock) -> str:
    """The same lock gives the same bytes."""
    lines = [writing.HEADER, f"version: '{VERSION}'\n", writing.workflows(lock.workflows)]
    if lock.images:
        lines.append('images:\n')
    lines += [
        f'    {quote(name)}: {quote(digest)}\n' for name, digest in sorted(lock.images.items())
    ]
    return ''.join(lines)


def images_of(lock: Lock, workflow: str) -> Mapping[str, str] | None:
    """Image → digest for one workflow; None if it has not been taken on."""
    if workflow not in lock.workflows:
        return None
    return {name: lock.images[name] for name in lock.workflows[workflow] if name in lock.images}


def compare(old: Lock, new: Lock) -> Sequence[str]:
    """What a new lock changes, a sentence each."""
    before, after = old.images, new.images
    return (
        *(f'{name}: new, {after[name]}' for name in sorted(set(after) - set(before))),
        *(f'{name}: no longer used' for name in sorted(set(before) - set(after))),
        *(
            f'{name}: {before[name]} becomes {digest}'
            for name, digest in sorted(after.items())
            if before.get(name, digest) != digest
        ),
        *(
            f'{path}: its images changed'
            for path in sorted({*old.workflows, *new.workflows})
            if sorted(old.workflows.get(path, ())) != sorted(new.workflows.get(path, ()))
        ),
    )


def _digest(name: object, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(DIGEST, value):
        raise BadLock(f'{name}: digest "{value}" is not sha256:…')
    return value
