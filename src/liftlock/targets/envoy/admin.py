"""Envoy's administration, over a Unix socket in the router's directory."""

import asyncio
import http.client
import os
import re
import socket
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from liftlock.targets.envoy.bootstrap import ADMIN

_PATIENCE = 5.0


class Silent(Exception):
    """Envoy does not answer."""


class _Connection(http.client.HTTPConnection):
    def __init__(self, directory: Path) -> None:
        super().__init__('localhost', timeout=_PATIENCE)
        self._directory = directory

    def connect(self) -> None:
        """By way of an open directory, since the path itself may be too long for a socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        descriptor = os.open(self._directory, os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock.connect(f'/proc/self/fd/{descriptor}/{ADMIN}')
        finally:
            os.close(descriptor)


async def ask(directory: Path, path: str, method: str = 'GET') -> str:
    return await asyncio.to_thread(_ask, directory, path, method)


def _ask(directory: Path, path: str, method: str) -> str:
    connection = _Connection(directory)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        text = answer.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise Silent(str(error)) from error
    finally:
        connection.close()
    if answer.status != 200:
        raise Silent(f'{path}: {answer.status} {text[:200]}')
    return text


async def statistics(directory: Path, pattern: str) -> dict[str, str]:
    """Those whose names match; texts stand without their quotes."""
    text = await ask(directory, f'/stats?filter={quote(pattern, safe="")}')
    return dict(map(_statistic, text.splitlines()))


def _statistic(line: str) -> tuple[str, str]:
    name, _, value = line.partition(': ')
    return name, value.strip('"')


def pattern(scope: str, names: Iterable[str], leaves: Iterable[str]) -> str:
    """Matches `scope.name.leaf` exactly."""
    among = '|'.join(map(re.escape, names))
    return rf'^{re.escape(scope)}\.({among})\.({"|".join(map(re.escape, leaves))})$'
