"""One server that runs as a process of this machine, and the commands around it."""

# Paths are texts here, as where they are used.
# ruff: noqa: PTH123, ASYNC230

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.health import TIMED_OUT, Look
from liftlock.runner.services.kinds.base import OUTPUT, Command

_POLL: Final = 0.05  # seconds
_PATIENCE: Final = 120.0  # seconds to get ready, and for each command on the way
_ENDING: Final = 5.0  # seconds
_MOST: Final = 1 << 20  # bytes of its output that are shown


class Local:
    """A service's own processes. `folder` is its directory; `env` is the whole environment."""

    __slots__ = ('_end', '_env', '_folder', '_launcher', '_output', '_process')

    def __init__(
        self, folder: str, env: Mapping[str, str], launcher: Sequence[str], end: signal.Signals
    ) -> None:
        self._folder = folder
        self._output = f'{folder}/{OUTPUT}'
        self._env = env
        self._launcher = tuple(launcher)
        self._end = end
        self._process: Process | None = None

    async def run(self, command: Command) -> None:
        """Run one command to its end. Raises CannotPrepare; what it printed is then output."""
        words, env, given = command
        found = await self.ask(words, env, _PATIENCE, given)
        if found.status:
            with open(self._output, 'a', encoding='utf-8') as output:
                output.write(f'{found.said}\n')
            name = words[0].rpartition('/')[2]
            how = f'ended with exit code {found.status}'
            if found.status == TIMED_OUT:
                how = f'took longer than {_PATIENCE:g} seconds'
            raise CannotPrepare(f'{name} {how}')

    async def begin(self, words: Sequence[str]) -> None:
        with open(self._output, 'ab') as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._launcher, *words, cwd=self._folder, env=self._env,
                stdin=DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    async def wait_until_ready(self, words: Sequence[str], ports: Sequence[int]) -> None:
        """Until this command succeeds or, without one, these ports are open. CannotPrepare."""
        process = self._process
        assert process is not None
        until = asyncio.get_running_loop().time() + _PATIENCE
        while not await self._is_ready(words, ports):
            if process.returncode is not None:
                raise CannotPrepare(f'its server ended with exit code {process.returncode}')
            if asyncio.get_running_loop().time() > until:
                raise CannotPrepare(f'its server was not ready after {_PATIENCE:g} seconds')
            await asyncio.sleep(_POLL)

    async def _is_ready(self, words: Sequence[str], ports: Sequence[int]) -> bool:
        if words:
            return (await self.ask(words, {}, _PATIENCE)).status == 0
        return all([await _is_open(port) for port in ports])

    async def ask(
        self, words: Sequence[str], env: Mapping[str, str], patience: float, given: str = ''
    ) -> Look:
        """Run one command, with `given` on its standard input, and hear what it says."""
        process = await asyncio.create_subprocess_exec(
            *self._launcher, *words, cwd=self._folder, env={**self._env, **env},
            stdin=PIPE, stdout=PIPE, stderr=STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            said, _ = await asyncio.wait_for(process.communicate(given.encode()), patience)
        except TimeoutError:
            return Look(TIMED_OUT, '')
        finally:
            await _kill(process)
        assert process.returncode is not None
        return Look(process.returncode, said.decode('utf-8', 'replace').strip())

    async def end(self) -> None:
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(self._end)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _ENDING)
        await _kill(process)

    def output(self) -> Iterator[str]:
        """The lines that its processes have printed; the last ones, if they are very many."""
        with open(self._output, 'rb') as file:
            size = os.fstat(file.fileno()).st_size
            if size > _MOST:
                yield f'… {size - _MOST} bytes before this are left out'
                file.seek(-_MOST, os.SEEK_END)
            yield from file.read().decode('utf-8', 'replace').splitlines()


async def _is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection('127.0.0.1', port)
    except OSError:
        return False
    writer.close()
    return True


async def _kill(process: Process) -> None:
    """The whole group: it may have left children."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
