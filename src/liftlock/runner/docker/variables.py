"""Variables for processes in containers, handed over without showing them to the whole machine.

`-e NAME` takes the value from the environment of the command line itself, so that it does not
stand in its arguments, where `ps` shows it to everybody. But what the command line reads for its
own purposes must stay the user's: a job's HOME or DOCKER_HOST would send it to another engine.
Those go by value.
"""

import os
import re
from collections.abc import Mapping
from typing import Final

from liftlock.language.records import NamedTuple

_OWN: Final = frozenset(
    {
        'PATH', 'HOME', 'USER', 'TMPDIR', 'TZ', 'TERM', 'LANG', 'LC_ALL', 'DOCKER_HOST',
        'DOCKER_CONFIG', 'DOCKER_CONTEXT', 'DOCKER_API_VERSION', 'DOCKER_TLS',
        'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'DOCKER_DEFAULT_PLATFORM',
        'DOCKER_CUSTOM_HEADERS', 'DOCKER_CONTENT_TRUST', 'DOCKER_CONTENT_TRUST_SERVER',
        'CONTAINER_HOST', 'CONTAINER_CONNECTION', 'CONTAINER_SSHKEY', 'STORAGE_DRIVER',
        'STORAGE_OPTS', 'REGISTRY_AUTH_FILE', 'NOTIFY_SOCKET', 'SSL_CERT_FILE', 'SSL_CERT_DIR',
        'GODEBUG', 'GOTRACEBACK', 'GOGC', 'GOMAXPROCS', 'GOMEMLIMIT',
        'RUNNER_TRACKING_ID',  # what podman leaves beside a container is no orphan of the job
    }
)  # fmt: skip
_OWN_FAMILIES: Final = ('LD_', 'XDG_', 'CONTAINERS_', 'OTEL_', 'DOCKER_CLI_', 'BUILDAH_')
_OF_SHELLS: Final = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')


class Handed(NamedTuple):
    """Words for the command line, and the environment that it is to be started with."""

    words: tuple[str, ...]
    env: Mapping[str, str]


def rename(variables: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Variables that pass through a shell, and the other names that some of them have on the way.

    Many a shell forgets those whose names it could not have itself, such as `INPUT_GITHUB-TOKEN`.
    """
    lost = [name for name in variables if not _OF_SHELLS.fullmatch(name)]
    aliases = {name: f'LIFTLOCK_ALIAS_{number}' for number, name in enumerate(lost)}
    return {aliases.get(name, name): text for name, text in variables.items()}, aliases


def hand_over(variables: Mapping[str, str]) -> Handed:
    words: list[str] = []
    env = dict(os.environ)
    for name, value in variables.items():
        words.append('-e')
        if name in _OWN or name.startswith(_OWN_FAMILIES) or not name:
            words.append(f'{name}={value}')
        else:
            words.append(name)
            env[name] = value
    return Handed(tuple(words), env)
