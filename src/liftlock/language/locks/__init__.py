"""What workflows may use, written down: the commits of actions, and the digests of images."""

from collections.abc import Mapping
from typing import Final

from liftlock.errors import UserError

ACTIONS: Final = '.github/workflows/actions.lock'  # in a repository; most have none
IMAGES: Final = '.github/workflows/images.lock'


def look_up(recorded: Mapping[str, str], name: str, file: str) -> str:
    """What stands behind the name in the lock. UserError if nothing does: to go on with whatever
    the name means today is what the lock was written against."""
    try:
        return recorded[name]
    except KeyError:
        hint = 'run `liftlock lock` and review what it writes'
        raise UserError(f'{name} is not in {file}', hint) from None
