"""One server that runs as a process of a place, and the commands around it."""

import asyncio
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final

from liftlock.runner.executors.base import CannotPrepare, CannotStart, Leash, Workplace
from liftlock.runner.services.health import TIMED_OUT, Look
from liftlock.runner.services.kinds.base import Command

_POLL: Final = 0.05  # seconds
_PATIENCE: Final = 120.0  # seconds to get ready, and for each command on the way
_ENDING: Final = 5.0  # seconds
_MOST: Final = 1 << 20  # bytes of output that are kept


class Local:
    """A service's own processes. `folder` is its directory as they see it; `env` is complete.

    Commands begin with the words of `launcher`.
    """

    __slots__ = (
        '_env', '_folder', '_launcher', '_leash', '_lost', '_output', '_place', '_server',
    )  # fmt: skip

    def __init__(
        self, place: Workplace, folder: str, env: Mapping[str, str], launcher: Sequence[str]
    ) -> None:
        self._place = place
        self._folder = folder
        self._env = env
        self._launcher = tuple(launcher)
        self._leash = Leash()
        self._server: asyncio.Future[int] | None = None
        self._output = bytearray()
        self._lost = 0  # bytes of it

    async def run(self, command: Command) -> None:
        """Run one command to its end. Raises CannotPrepare; what it printed is then output."""
        words, env, given = command
        found = await self.ask(words, env, _PATIENCE, given)
        if found.status:
            self._hear(f'{found.said}\n'.encode())
            how = f'ended with exit code {found.status}'
            if found.status == TIMED_OUT:
                how = f'took longer than {_PATIENCE:g} seconds'
            raise CannotPrepare(f'{words[0].rpartition("/")[2]} {how}')

    def begin(self, words: Sequence[str]) -> None:
        """Start the server."""
        running = self._place.run(
            (*self._launcher, *words), self._env, self._folder, self._hear, self._leash
        )
        self._server = asyncio.ensure_future(running)

    async def wait_until_ready(self, words: Sequence[str]) -> None:
        """Until this command succeeds. Raises CannotPrepare."""
        server = self._server
        assert server is not None
        until = asyncio.get_running_loop().time() + _PATIENCE
        while (await self.ask(words, {}, _PATIENCE)).status:
            if server.done():
                raise CannotPrepare(f'its server ended with exit code {_status(server)}')
            if asyncio.get_running_loop().time() > until:
                raise CannotPrepare(f'its server was not ready after {_PATIENCE:g} seconds')
            await asyncio.sleep(_POLL)

    async def ask(
        self, words: Sequence[str], env: Mapping[str, str], patience: float, given: str = ''
    ) -> Look:
        """Run one command, with `given` on its standard input, and hear what it says."""
        said = bytearray()
        if given:
            words = ('sh', '-c', 'printf %s "$0" | "$@"', given, *words)
        running = self._place.run(
            (*self._launcher, *words), {**self._env, **env}, self._folder, said.extend, Leash()
        )
        try:
            async with asyncio.timeout(patience):  # `wait_for` may swallow that we are cancelled
                status = await running
        except TimeoutError:
            return Look(TIMED_OUT, '')
        except CannotStart as error:
            raise CannotPrepare(str(error)) from None
        return Look(status, said.decode('utf-8', 'replace').strip())

    async def end(self, how: signal.Signals) -> None:
        """SIGINT asks the server to end, and gives it a few seconds."""
        server = self._server
        if server is None:
            return
        if how == signal.SIGINT:
            self._leash.interrupt()
            await asyncio.wait([server], timeout=_ENDING)
        self._leash.kill()
        with suppress(CannotStart):
            await server

    def output(self) -> Iterator[str]:
        """The lines that its processes have printed; the last ones, if they are very many."""
        if self._lost:
            yield f'… {self._lost} bytes before this are left out'
        yield from self._output.decode('utf-8', 'replace').splitlines()

    def _hear(self, chunk: bytes) -> None:
        self._output += chunk
        if len(self._output) > 2 * _MOST:
            self._lost += len(self._output) - _MOST
            del self._output[:-_MOST]


def _status(server: 'asyncio.Future[int]') -> int:
    try:
        return server.result()
    except CannotStart as error:
        raise CannotPrepare(str(error)) from None
