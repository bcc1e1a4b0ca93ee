"""Versions of images and of servers, compared by their first numbers."""

import re
from typing import Final

from liftlock.language.image import Image

_OF_POSTGRES: Final = re.compile(r'(?:.*-)?pg(\d+)(?:\D.*)?')


def numbers(version: str) -> tuple[int, ...]:
    """(15, 18) of 15.18."""
    found = re.match(r'\d+(?:\.\d+)*', version)
    return tuple(map(int, found[0].split('.'))) if found else ()


def wanted_numbers(image: Image, parts: int) -> tuple[int, ...]:
    """What the tag says, at most so many: (15,) of `15.3-alpine` and of `0.5.1-pg15`.

    () where it says nothing: `latest`, say.
    """
    named = _OF_POSTGRES.fullmatch(image.tag)
    return numbers(named[1] if named else image.tag.removeprefix('v'))[:parts]
