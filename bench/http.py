"""A client that keeps its connection, for servers that are measured."""

import gzip
import http.client
import json
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_PATIENCE: Final = 60.0
_IDLE: Final = 2.0  # seconds after which a server may have closed a connection


class Client:
    """`headers` go along with each request."""

    def __init__(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=_PATIENCE)
        self.headers = dict(headers or {})
        self._used = 0.0

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str) -> bytes:
        return self._ask('GET', path)

    def post(self, path: str, given: Any) -> bytes:
        return self._ask('POST', path, json.dumps(given).encode())

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {**self.headers, **({'Content-Type': 'application/json'} if body else {})}
        if time.monotonic() - self._used > _IDLE:
            self._connection.close()
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        except http.client.RemoteDisconnected:
            if method != 'GET' or not self._used:
                raise
            self._connection.close()
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
        text = answer.read()
        self._used = time.monotonic()
        if answer.status >= 300:
            raise SystemExit(f'{method} {path}: {answer.status} {text[:500]!r}')
        return text


def wait_for(client: Client, path: str, process: 'subprocess.Popen[bytes]') -> float:
    """Seconds from now until it answers; the process has only just been started."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < _PATIENCE:
        try:
            client.get(path)
        except (OSError, http.client.HTTPException):
            client.close()
            time.sleep(0.005)
        else:
            return time.perf_counter() - begun
        if process.poll() is not None:
            break
    raise SystemExit(f'{process.args!r} does not answer')


def memory(pid: int) -> int:
    """Bytes that are in memory, as `ps` tells them."""
    for line in Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return 1024 * int(line.split()[1])
    return 0


def scripts(client: Client, path: str) -> int:
    """Bytes of JavaScript that a page loads, compressed by gzip as a server would."""
    page = client.get(path).decode()
    found = re.findall(r'<script[^>]*\ssrc="([^"]+)"', page)
    found += re.findall(r'<link[^>]*rel="modulepreload"[^>]*href="([^"]+)"', page)
    places = dict.fromkeys(one if one.startswith('/') else f'/{one.lstrip("./")}' for one in found)
    return sum(len(gzip.compress(client.get(place), 6)) for place in places)
