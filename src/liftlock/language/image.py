"""What the name of a container image means: which registry has it, and under which name.

`postgres:16` is `docker.io/library/postgres:16`. Rules: Docker's (distribution/reference).
"""

import re
from typing import Final

from liftlock.language.records import NamedTuple

SCHEME: Final = 'docker://'
HUB: Final = 'docker.io'
DIGEST: Final = r'sha256:[0-9a-f]{64}'
_HOST: Final = r'localhost|[^/]*[.:][^/]*|\[[0-9a-fA-F:]+\](?::[0-9]+)?'
_REPOSITORY: Final = r'[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
_TAG: Final = r'[\w][\w.-]{0,127}'


class Image(NamedTuple):
    """`tag` and `digest` are '' where they are not written; without both, `latest` is meant."""

    registry: str  # host[:port]
    repository: str
    tag: str = ''
    digest: str = ''

    @property
    def name(self) -> str:
        return f'{self.registry}/{self.repository}'


def parse(written: str) -> Image | None:
    """None for what names no image. `docker://` in front is left out."""
    rest, _, digest = written.removeprefix(SCHEME).partition('@')
    host, slash, path = rest.partition('/')
    if not slash or not re.fullmatch(_HOST, host):
        host, path = HUB, rest
    path, _, tag = path.partition(':')
    if host in (HUB, f'index.{HUB}'):
        host = HUB
        path = path if '/' in path else f'library/{path}'
    if not all(re.fullmatch(_REPOSITORY, part) for part in path.split('/')):
        return None
    if (tag and not re.fullmatch(_TAG, tag)) or (digest and not re.fullmatch(DIGEST, digest)):
        return None
    if written.endswith((':', '@')):
        return None
    return Image(host, path, tag, digest)
