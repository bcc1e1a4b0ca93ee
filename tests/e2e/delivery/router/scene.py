"""A router with a real Envoy, applications behind it, and people who ask it."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from containers import lack
from liftlock.rollout.sight import Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process
from liftlock.targets.envoy.part import Health, Part
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import ports

PROGRAM = Path(__file__).with_name('backend.py')
HEALTH = Health('/health', interval=0.2, timeout=2.0, healthy=1, unhealthy=1)
PATIENCE = 30.0


class Answer(NamedTuple):
    status: int
    text: str


class Backend:
    """One instance of a version."""

    def __init__(self, name: str, *words: str) -> None:
        self.process = subprocess.Popen(
            (sys.executable, PROGRAM, name, *words), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        self.address = f'127.0.0.1:{self.port}'

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


class Client:
    """Keeps one connection, as browsers do."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str = '/', **headers: str) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection('127.0.0.1', self._port)
        reader, writer = self._streams
        lines = [f'GET {path} HTTP/1.1', 'host: x']
        lines += [f'{name.replace("_", "-")}: {value}' for name, value in headers.items()]
        writer.write('\r\n'.join((*lines, '', '')).encode())
        head = (await reader.readuntil(b'\r\n\r\n')).decode().lower()
        length = int(head.partition('content-length: ')[2].split('\r\n')[0])
        body = (await reader.readexactly(length)).decode()
        if 'connection: close' in head:
            await self.close()
        return Answer(int(head.split(' ')[1]), body.strip())

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(ConnectionError):
                await self._streams[1].wait_closed()
            self._streams = None


async def ask(port: int, count: int, path: str = '/', **headers: str) -> 'Counter[Answer]':
    client = Client(port)
    try:
        return Counter([await client.get(path, **headers) for _ in range(count)])
    finally:
        await client.close()


async def until(true: Callable[[], Awaitable[object]]) -> None:
    """Waits for it, with a bound."""
    async with asyncio.timeout(PATIENCE):
        while not await true():  # noqa: ASYNC110 - it is another process that tells
            await asyncio.sleep(0.02)


class Load:
    """People who ask all the time, one request after the other, each on his own connection."""

    def __init__(self, port: int, people: int = 8) -> None:
        self.answers: Counter[Answer] = Counter()
        self._port = port
        self._people = people
        self._over = False

    async def __aenter__(self) -> 'Load':
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(self._people)]
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _ask(self) -> None:
        client = Client(self._port)
        try:
            while not self._over:
                self.answers[await client.get()] += 1
        finally:
            await client.close()

    @property
    def failed(self) -> int:
        return sum(count for answer, count in self.answers.items() if answer.status != 200)


class Scene:
    """One environment with its ports, and backends by revision."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.router = Router(directory)
        self.listen, self.preview = ports.free(()), ports.free(())
        self.backends: dict[str, tuple[Backend, ...]] = {}

    def start(self, revision: str, *words: str, instances: int = 1) -> None:
        self.backends[revision] = tuple(Backend(revision, *words) for _ in range(instances))

    def endpoints(self) -> dict[str, tuple[str, ...]]:
        return {
            revision: tuple(one.address for one in some) for revision, some in self.backends.items()
        }

    def part(self, routes: Routes, grace: float = 20.0) -> Part:
        return Part(
            'shop', self.listen, self.preview, routes, self.endpoints(), HEALTH, grace=grace
        )

    async def put(self, routes: Routes, grace: float = 20.0) -> None:
        await self.router.put(self.part(routes, grace))

    async def ask(self, count: int, path: str = '/', **headers: str) -> dict[str, int]:
        """How many answers came from whom; errors by their number."""
        found = await ask(self.listen, count, path, **headers)
        counts: Counter[str] = Counter()
        for answer, times in found.items():
            counts[answer.text if answer.status == 200 else str(answer.status)] += times
        return dict(counts)


@contextlib.asynccontextmanager
async def opened() -> AsyncIterator[Scene]:
    """Everything that it starts is ended."""
    try:
        process.program()
    except Trouble as trouble:
        lack(f'{trouble}. To run this: {trouble.hint}')
    with tempfile.TemporaryDirectory(prefix='liftlock-router-') as place, _ended(place) as scene:
        try:
            await scene.router.open()
            yield scene
        finally:
            await scene.router.close()
            await process.stop(scene.directory)


@contextlib.contextmanager
def _ended(place: str) -> Iterator[Scene]:
    # Longer than the path of a socket may be.
    scene = Scene(Path(place, 'a-directory-of-somebody-who-likes-long-names' * 3, 'router'))
    try:
        yield scene
    finally:
        for some in scene.backends.values():
            for one in some:
                if one.process.returncode is None:
                    one.kill()
