"""Forges: where repositories live, with their releases and pull requests."""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.language.records import NamedTuple

# Below the forge's own address; GitHub's public one is elsewhere altogether.
APIS: Final = {
    'github': '/api/v3',
    'gitea': '/api/v1',
    'forgejo': '/api/v1',
    'gitlab': '/api/v4',
}
# https://host/owner/name and git@host:owner/name. (urllib.parse would cost each run its import.)
_URL: Final = r'(?!file:)[a-z][\w+.-]*://(?:[^@/]*@)?([^/]+)/+(.*)|(?:[^@/]+@)?([^:/]+):([^/].*)'


class Forge(NamedTuple):
    """`url` is where its pages are and where git pushes to; neither address ends in a slash."""

    kind: str  # a key of APIS
    url: str
    api: str


GITHUB: Final = Forge('github', 'https://github.com', 'https://api.github.com')


class Home(NamedTuple):
    """Where a repository lives: `host` and `path` are those of its remote, '' if it has none.

    `path` is owner/name, or longer where groups have groups. `forge` is None for a host of
    which nobody said what it is.
    """

    host: str = ''
    path: str = ''
    forge: Forge | None = None


def make(host: str, kind: str, url: str = '', api: str = '') -> Forge:
    """A forge with the addresses that its kind has unless told otherwise."""
    if host == 'github.com':
        return GITHUB._replace(kind=kind, api=api.rstrip('/') or GITHUB.api)
    url = (url or f'https://{host}').rstrip('/')
    return Forge(kind, url, api.rstrip('/') or f'{url}{APIS[kind]}')


def locate(remote: str, known: Mapping[str, Forge]) -> Home:
    """The home of the repository with this remote. `known` is by host, perhaps with its port."""
    host, path = _split(remote)
    forge = {'github.com': GITHUB, **known}.get(host) or known.get(host.partition(':')[0])
    if forge is not None:
        inner = forge.url.partition('://')[2].partition('/')[2]
        path = path.removeprefix(f'{inner}/') if inner else path
    return Home(host, path, forge)


def _split(remote: str) -> tuple[str, str]:
    found = re.fullmatch(_URL, remote)
    if found is None:
        return '', ''
    host, path = (found[1], found[2]) if found[1] else (found[3], found[4])
    return host.lower(), path.strip('/').removesuffix('.git')
