"""A user's command that looks at something: its exit code, and the end of what it printed.

It gets a session of its own. When its time is up it is killed with all its descendants; when it
ends by itself, what it left behind is killed too: a look must not leave anything running.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.observe import resources

KEPT: Final = 64 * 1024  # bytes of output, from its end
LONGEST: Final = 300  # characters of a line that is shown
_DRAINED: Final = 1.0  # seconds for the rest of the output, once everybody is dead
_INHERITED: Final = ('PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR')


class Ended(NamedTuple):
    """`code` is None if its time was up; 128 and the signal's number if a signal ended it."""

    code: int | None
    output: str = ''

    @property
    def last(self) -> str:
        """The last line that is not empty."""
        lines = [line for line in self.output.splitlines() if line.strip()]
        return lines[-1].strip() if lines else ''

    def told(self, limit: float) -> str:
        """Why it did not succeed; '' if it did."""
        if self.code == 0:
            return ''
        what = f'still ran after {limit:g} s' if self.code is None else f'exit code {self.code}'
        return f'{what}: {self.last[:LONGEST]}' if self.last else what


async def run(command: str, env: Mapping[str, str], limit: float, directory: str = '') -> Ended:
    """By `sh -c`, with this environment and what every program needs, for at most so many seconds.
    Raises OSError if it cannot even be started."""
    reading, writing = os.pipe()
    with contextlib.closing(await _listen(reading)) as output:
        try:
            process = await asyncio.create_subprocess_exec(
                '/bin/sh',
                '-c',
                command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=writing,
                stderr=asyncio.subprocess.STDOUT,
                env=_inherited() | dict(env),
                cwd=directory or None,
                start_new_session=True,
            )
        finally:
            os.close(writing)
        code = await _wait(process, limit)
        await output.drained()
        return Ended(code, output.kept.decode('utf-8', 'replace'))


async def _wait(process: asyncio.subprocess.Process, limit: float) -> int | None:
    try:
        async with asyncio.timeout(limit):
            code = await process.wait()
    except TimeoutError:
        return None
    finally:
        _kill(process.pid)
        await process.wait()
    return code if code >= 0 else 128 - code


def _kill(pid: int) -> None:
    """It leads a session and a group; what has left them is found by its parents. Where nobody of
    all that is left, nobody is killed: the number may be somebody else's soon."""
    processes = resources.read()
    members = resources.tree(pid, processes)
    if processes and not members:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    for one in members:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(one.pid, signal.SIGKILL)


class _Output(asyncio.Protocol):
    """Keeps the end of what comes."""

    def __init__(self) -> None:
        self.kept = b''
        self._ended = asyncio.Event()
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.kept = (self.kept + data)[-KEPT:]

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()

    async def drained(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAINED):
                await self._ended.wait()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _listen(descriptor: int) -> _Output:
    loop = asyncio.get_running_loop()
    pipe = os.fdopen(descriptor, 'rb', 0)
    _, output = await loop.connect_read_pipe(_Output, pipe)
    return output


def _inherited() -> dict[str, str]:
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}
