"""Where Docker listens: DOCKER_HOST, else the user's current context, else the usual place.

Asking the command line for it costs 20 ms, and it reads no more than these files either.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.runner.executors.host import DOCKER

USUAL: Final = DOCKER  # also where processes in containers look
_SCHEME: Final = 'unix://'
_OURSELVES: Final = ('localhost', '127.0.0.1', '[::1]')


def endpoint(env: Mapping[str, str] = os.environ) -> str:
    """As in DOCKER_HOST: unix:///path, tcp://…, ssh://…"""
    named = env.get('DOCKER_CONTEXT', '')
    if not named and env.get('DOCKER_HOST'):
        return env['DOCKER_HOST']
    home = Path(env.get('DOCKER_CONFIG') or Path(env.get('HOME') or '/', '.docker'))
    try:
        named = named or str(_read(home / 'config.json').get('currentContext', ''))
        if named in ('', 'default'):
            return f'{_SCHEME}{USUAL}'
        import hashlib

        folder = hashlib.sha256(named.encode()).hexdigest()
        meta = _read(home / 'contexts' / 'meta' / folder / 'meta.json')
        return str(meta['Endpoints']['docker']['Host'])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f'{_SCHEME}{USUAL}'


def elsewhere(env: Mapping[str, str] = os.environ) -> str:
    """Where Docker is if that is another machine, whose containers cannot see our directories."""
    where = endpoint(env)
    host = where.partition('://')[2].partition('/')[0].rpartition('@')[2]
    name = host.rpartition(':')[0] or host
    return '' if where.startswith(_SCHEME) or name in _OURSELVES else where


def socket_path(env: Mapping[str, str] = os.environ) -> str:
    """The socket on this machine; '' where Docker is reached otherwise, or not at all, by us."""
    where = endpoint(env)
    path = where.removeprefix(_SCHEME)
    return path if path != where and os.access(path, os.R_OK | os.W_OK) else ''


def podman_path(rootless: bool, env: Mapping[str, str] = os.environ) -> str:
    """The same for podman, which listens only where its socket was set up."""
    folder = env.get('XDG_RUNTIME_DIR', '') if rootless else '/run'
    path = f'{folder}/podman/podman.sock'
    return path if folder and os.access(path, os.R_OK | os.W_OK) else ''


def _read(path: Path) -> dict[str, dict[str, dict[str, str]]]:
    import json

    read: dict[str, dict[str, dict[str, str]]] = json.loads(path.read_text(encoding='utf-8'))
    return read
