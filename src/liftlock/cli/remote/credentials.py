"""Tokens of servers: `LIFTLOCK_TOKEN`, or a file that nobody else may read."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from liftlock.errors import UserError

NAME: Final = 'LIFTLOCK_TOKEN'
FILE: Final = 'servers.json'


def address(server: str) -> str:
    """The server's URL as it is kept. UserError for what is none."""
    found = urlsplit(server if '://' in server else f'https://{server}')
    if found.scheme not in ('http', 'https') or not found.hostname:
        raise UserError(f'"{server}" is no address of a server', 'as in https://ci.example.org')
    if found.username or found.password:
        raise UserError('no token belongs into an address', f'give it in {NAME}')
    return f'{found.scheme}://{found.netloc}{found.path}'.rstrip('/').removesuffix('/api/v1')


def token(server: str, file: Path, env: Mapping[str, str] = os.environ) -> str:
    """'' if there is none."""
    return env.get(NAME, '') or read(file).get(server, '')


def read(file: Path) -> dict[str, str]:
    """By the addresses of servers. UserError if others may read the file, too."""
    try:
        if file.stat().st_mode & 0o077:
            raise UserError(f'others may read {file}, too', f'chmod 600 {file}')
        found = json.loads(file.read_text(encoding='utf-8'))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f'{file} cannot be read: {error}', 'remove it, and log in again') from None
    return found if isinstance(found, dict) else {}


def write(file: Path, tokens: Mapping[str, str]) -> None:
    """Whole or not at all; for the eyes of this user."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = file.with_name(f'{file.name}.{os.getpid()}')
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as stream:
        json.dump(tokens, stream, indent=2)
    new.replace(file)


def place(env: Mapping[str, str] = os.environ) -> Path:
    given = env.get('XDG_CONFIG_HOME', '')
    base = Path(given) if given.startswith('/') else Path(env.get('HOME') or Path.home(), '.config')
    return base / 'liftlock' / FILE
