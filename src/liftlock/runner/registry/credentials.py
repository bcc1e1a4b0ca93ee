"""Whom `docker login` and `podman login` made known to a registry.

    {"auths": {"ghcr.io": {"auth": "<base64 of user:password>"}},
     "credHelpers": {"gcr.io": "gcloud"}, "credsStore": "desktop"}

A helper is a program `docker-credential-<name>`; it is asked as Docker asks it.
"""

import base64
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.language.image import HUB
from liftlock.language.records import NamedTuple

_HUB_KEY: Final = 'https://index.docker.io/v1/'
_PATIENCE: Final = 10.0  # seconds for a helper, which may want to ask a person


class Credentials(NamedTuple):
    """`token` is an identity token, exchanged for others; then there is no password."""

    user: str = ''
    password: str = ''
    token: str = ''


def find(registry: str, env: Mapping[str, str] = os.environ) -> Credentials | None:
    """Of this user for that registry (`ghcr.io`, `localhost:5000`); None if there are none."""
    for file in _files(env):
        try:
            content = json.loads(file.read_text(encoding='utf-8'))
        except (OSError, ValueError):
            continue  # what Docker cannot read either is no log-in
        if isinstance(content, dict) and (found := _look(content, registry)) is not None:
            return found
    return None


def _files(env: Mapping[str, str]) -> Iterator[Path]:
    home = Path(env.get('HOME') or Path.home())
    yield Path(env.get('DOCKER_CONFIG') or home / '.docker', 'config.json')
    if env.get('REGISTRY_AUTH_FILE'):
        yield Path(env['REGISTRY_AUTH_FILE'])
    runtime = env.get('XDG_RUNTIME_DIR') or f'/run/user/{os.getuid()}'
    yield Path(runtime, 'containers/auth.json')


def _look(content: Mapping[str, Any], registry: str) -> Credentials | None:
    names = _names(registry)
    helpers, auths = _mapping(content, 'credHelpers'), _mapping(content, 'auths')
    helper = next((helpers[name] for name in names if name in helpers), content.get('credsStore'))
    if isinstance(helper, str) and helper:
        asked = (_ask(helper, name) for name in names)
        if found := next((answer for answer in asked if answer is not None), None):
            return found
    return next((_read(auths[name]) for name in names if name in auths), None)


def _names(registry: str) -> tuple[str, ...]:
    """How the registry may be called in the file."""
    if registry == HUB:
        return _HUB_KEY, HUB, f'index.{HUB}', f'registry-1.{HUB}'
    return registry, f'https://{registry}', f'https://{registry}/v1/', f'https://{registry}/v2/'


def _mapping(content: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


def _read(entry: object) -> Credentials | None:
    if not isinstance(entry, dict):
        return None
    if entry.get('identitytoken'):
        return Credentials(token=str(entry['identitytoken']))
    try:
        known = base64.b64decode(str(entry.get('auth', ''))).decode()
    except ValueError:
        return None
    user, colon, password = known.rstrip('\0').partition(':')
    return Credentials(user, password) if colon else None


def _ask(helper: str, name: str) -> Credentials | None:
    try:
        done = subprocess.run(
            (f'docker-credential-{helper}', 'get'), input=name.encode(), capture_output=True,
            timeout=_PATIENCE, check=True,
        )  # fmt: skip
        answer = json.loads(done.stdout)
        user, secret = str(answer['Username']), str(answer['Secret'])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None
    return Credentials(token=secret) if user == '<token>' else Credentials(user, secret)
