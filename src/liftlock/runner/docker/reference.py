"""Names of images: `[registry/]path[:tag][@digest]`."""

import re
from typing import Final

HUB: Final = 'docker.io'
_ODD: Final = re.compile(r'[^A-Za-z0-9_]')


def registry(image: str) -> str:
    """The registry that the name begins with; '' for Docker Hub."""
    first, slash, _ = image.partition('/')
    named = slash and ('.' in first or ':' in first or first == 'localhost')
    return first if named and first != HUB else ''


def qualify(image: str) -> str:
    """The name in full, for engines that don't take Docker Hub for granted."""
    if registry(image) or image.startswith(f'{HUB}/'):
        return image
    return f'{HUB}/{image}' if '/' in image else f'{HUB}/library/{image}'


def plain(text: str) -> str:
    """Only what the name of a container may hold."""
    return _ODD.sub('', text)
