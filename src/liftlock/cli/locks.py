"""What the lock files of a repository record for one workflow."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from liftlock.errors import UserError
from liftlock.language.locks import ACTIONS, IMAGES
from liftlock.language.records import NamedTuple

Lock = TypeVar('Lock')


class Held(NamedTuple):
    """None where the lock doesn't name the workflow: then anything may be used.

    `pins` are `owner/repo@ref` → commit, `images` image → digest.
    """

    pins: Mapping[str, str] | None = None
    images: Mapping[str, str] | None = None


def held(files: Mapping[str, str], workflow: str) -> Held:
    """`files` are the repository's, by path. UserError if a lock cannot be read: to run without
    its protection would be wrong."""
    if ACTIONS not in files and IMAGES not in files:
        return Held()
    from liftlock.language.locks import actions, images

    return Held(
        actions.pins_of(read(files, ACTIONS, actions.parse, actions.Lock()), workflow),
        images.images_of(read(files, IMAGES, images.parse, images.Lock()), workflow),
    )


def read(files: Mapping[str, str], path: str, parse: Callable[[str], Lock], empty: Lock) -> Lock:
    """The lock in one of these files; the empty one if it isn't there. UserError."""
    from liftlock.language.locks.writing import BadLock

    if path not in files:
        return empty
    try:
        return parse(files[path])
    except BadLock as error:
        raise UserError(
            f'{path}: {error}', 'delete it and run `liftlock lock`, or take it from git'
        ) from error
