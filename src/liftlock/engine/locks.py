"""What the lock files of a repository record for one workflow."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError
from liftlock.language.locks import ACTIONS, IMAGES
from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from liftlock.language.locks.files import Locks

HINT: Final = 'delete it and run `liftlock lock`, or take it from git'


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

    found = parse(files)
    return Held(actions.pins_of(found.actions, workflow), images.images_of(found.images, workflow))


def parse(files: Mapping[str, str]) -> 'Locks':
    from liftlock.language.locks import files as locks
    from liftlock.language.locks.writing import BadLock

    try:
        return locks.parse(files)
    except BadLock as error:
        raise UserError(str(error), HINT) from error
