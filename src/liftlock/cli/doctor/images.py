"""Whether an image can be had: it is on this machine, or its registry has it.

An engine with mirrors knows other ways, so nothing is said then of what comes from Docker Hub.
"""

import subprocess
from typing import Final

from liftlock.language import image as images
from liftlock.language.image import HUB, Image
from liftlock.runner.docker.engine import Engine

_MIRRORS: Final = '{{range .RegistryConfig.Mirrors}}{{.}}{{end}}'
_UNREACHABLE: Final = ' cannot be reached: '


class Images:
    """Of one engine. Each image is looked up once, and so is a registry that does not answer."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, str] = {}
        self._silent: dict[str, str] = {}

    def problem(self, written: str) -> str:
        """Why it cannot be had; '' if it can, or if nobody here can tell."""
        named = images.parse(written)
        if named is None:
            return ''  # `check` says so, or the name is computed
        if written not in self._known:
            self._known[written] = self._look_up(written.removeprefix(images.SCHEME), named)
        return self._known[written]

    def _look_up(self, written: str, named: Image) -> str:
        if self._ask('image', 'inspect', '--format', '{{.Id}}', written):
            return ''
        mirrored = named.registry == HUB and not self._engine.podman
        if mirrored and self._ask('info', '--format', _MIRRORS):
            return ''
        if named.registry in self._silent:
            return self._silent[named.registry]
        why = _ask_registry(named)
        if _UNREACHABLE in why:
            self._silent[named.registry] = why
        return why

    def _ask(self, *words: str) -> str:
        told = subprocess.run((self._engine.program, *words), capture_output=True, text=True)
        return told.stdout.strip() if told.returncode == 0 else ''


def _ask_registry(named: Image) -> str:
    from liftlock.runner.registry import credentials, digest

    wanted = named._replace(tag=named.digest) if named.digest else named
    try:
        digest.ask(wanted, credentials.find(named.registry))
    except digest.NoDigest as error:
        return str(error)
    return ''
