"""Both lock files of a repository."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from liftlock.language.locks import ACTIONS, IMAGES, actions, images
from liftlock.language.locks.actions import Lock as ActionsLock
from liftlock.language.locks.images import Lock as ImagesLock
from liftlock.language.locks.writing import BadLock
from liftlock.language.records import NamedTuple

_Lock = TypeVar('_Lock')


class Locks(NamedTuple):
    """A file that isn't there names no workflow, and so does an empty lock."""

    actions: ActionsLock = ActionsLock()
    images: ImagesLock = ImagesLock()


def parse(files: Mapping[str, str]) -> Locks:
    """The locks among these files, by path. Raises BadLock, which names the file."""
    return Locks(
        _parse(files, ACTIONS, actions.parse, ActionsLock()),
        _parse(files, IMAGES, images.parse, ImagesLock()),
    )


def _parse(
    files: Mapping[str, str], path: str, parse_one: Callable[[str], _Lock], empty: _Lock
) -> _Lock:
    try:
        return parse_one(files[path]) if path in files else empty
    except BadLock as error:
        raise BadLock(f'{path}: {error}') from error
