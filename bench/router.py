"""The traffic router: what it adds to a request, how exactly it splits, how fast it switches.

    python -m bench.router [--times N] [--switches N] [--json]

The peer of the first table is the same application asked directly, in turns with the router, over
one connection. A split is by chance: its deviation is given beside one standard deviation of a
fair coin. Switches and canary walks are done while people ask all the time; a request counts as
failed when it gets no answer, or not 200. Needs `pip install 'liftlock[delivery]'`.
"""

import argparse
import asyncio
import contextlib
import math
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import report
from bench.report import Row
from liftlock.rollout.sight import Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import process
from liftlock.targets.envoy.part import Health, Part
from liftlock.targets.envoy.router import Router

REQUEST = b'GET / HTTP/1.1\r\nhost: bench\r\n\r\n'
SPLIT = 10_000
PEOPLE = 4
WALK = (10, 25, 50, 75, 100)


# --- the application


class Application(asyncio.Protocol):
    """Answers its name, without looking at what it was asked."""

    def __init__(self, name: bytes) -> None:
        self._answer = b'HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s' % (len(name), name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self._answer * data.count(b'\r\n\r\n'))


async def serve(name: str) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Application(name.encode()), '127.0.0.1', 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


class Stage:
    """A router with two versions behind it."""

    def __init__(self, router: Router, ports: dict[str, int]) -> None:
        self.router = router
        self.ports = ports
        self.listen = ports.free(())

    async def put(self, *weights: tuple[str, int], fallback: str = '') -> None:
        endpoints = {name: (f'127.0.0.1:{port}',) for name, port in self.ports.items()}
        routes = Routes(weights, fallback=fallback)
        await self.router.put(Part('bench', self.listen, 0, routes, endpoints, Health()))


@contextlib.asynccontextmanager
async def staged(root: Path) -> AsyncIterator[Stage]:
    """Everything that it starts is ended."""
    router = Router(root / 'router')
    words = [(sys.executable, '-m', 'bench.router', '--serve', name) for name in ('r1', 'r2')]
    children = [
        await asyncio.create_subprocess_exec(*each, stdout=subprocess.PIPE) for each in words
    ]
    try:
        ports = {}
        for name, child in zip(('r1', 'r2'), children, strict=True):
            assert child.stdout is not None
            ports[name] = int(await child.stdout.readline())
        await router.open()
        yield Stage(router, ports)
    finally:
        await router.stop()
        for child in children:
            child.kill()
            await child.wait()


# --- how long


def asked(port: int, count: int) -> list[float]:
    """Microseconds of each of so many requests over one connection."""
    times = []
    with socket.create_connection(('127.0.0.1', port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(count):
            start = time.perf_counter()
            connection.sendall(REQUEST)
            answer = connection.recv(4096)
            times.append(1e6 * (time.perf_counter() - start))
            assert answer.startswith(b'HTTP/1.1 200'), answer
    return times


async def overhead(stage: Stage, rounds: int) -> list[Row]:
    await stage.put(('r1', 100))
    through: list[list[float]] = []
    direct: list[list[float]] = []
    for index in range(rounds + 1):
        one = await asyncio.to_thread(asked, stage.listen, 1000)
        other = await asyncio.to_thread(asked, stage.ports['r1'], 1000)
        if index:  # the first is to warm up
            through.append(sorted(one))
            direct.append(sorted(other))
    return [
        _times(f'a request, {what}', share, through, direct)
        for what, share in (('median', 0.5), ('99th percentile', 0.99))
    ]


def _times(
    work: str, share: float, ours: Sequence[Sequence[float]], peer: Sequence[Sequence[float]]
) -> Row:
    one, other = ([each[int(share * len(each))] for each in some] for some in (ours, peer))
    median = statistics.median
    return Row(work, 'us', median(one), median(other), least=min(one), peer_least=min(other))


# --- how exactly


async def split(stage: Stage) -> Row:
    await stage.put(('r1', 90), ('r2', 10), fallback='r1')
    people = Crowd(stage.listen)
    async with people:
        while len(people.answers) < SPLIT:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
    names = [answer.name for answer in people.answers[:SPLIT]]
    share = 100 * names.count('r2') / SPLIT
    deviation = 100 * math.sqrt(0.1 * 0.9 / SPLIT)
    work = f'10 % of {SPLIT:,} requests: {share:.2f} %, off by'
    return Row(work, 'points', abs(share - 10), deviation, 5.0)


# --- how fast, and at what price


class Answer(NamedTuple):
    at: float
    name: str  # '' where there was none


class Crowd:
    """People who ask all the time, each over a connection of his own."""

    def __init__(self, port: int) -> None:
        self.answers: list[Answer] = []
        self._port = port
        self._over = False

    async def __aenter__(self) -> 'Crowd':
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(PEOPLE)]
        return self

    async def __aexit__(self, *raised: object) -> None:
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _ask(self) -> None:
        while not self._over:
            reader, writer = await asyncio.open_connection('127.0.0.1', self._port)
            try:
                while not self._over:
                    writer.write(REQUEST)
                    head = await reader.readuntil(b'\r\n\r\n')
                    length = int(head.lower().partition(b'content-length: ')[2].split(b'\r')[0])
                    body = (await reader.readexactly(length)).decode()
                    name = body if head.startswith(b'HTTP/1.1 200') else ''
                    self.answers.append(Answer(time.perf_counter(), name))
            except (OSError, asyncio.IncompleteReadError):
                self.answers.append(Answer(time.perf_counter(), ''))
            finally:
                writer.close()

    @property
    def failed(self) -> int:
        return sum(not answer.name for answer in self.answers)


async def switches(stage: Stage, count: int) -> list[Row]:
    """Blue-green: all at once, with the old version as the fallback."""
    await stage.put(('r1', 100))
    first, last, took = [], [], []
    async with Crowd(stage.listen) as people:
        for number in range(count):
            old, new = ('r2', 'r1') if number % 2 else ('r1', 'r2')
            known, start = len(people.answers), time.perf_counter()
            await stage.put((old, 0), (new, 100), fallback=old)
            took.append(1e3 * (time.perf_counter() - start))
            await asyncio.sleep(0.1)
            since = people.answers[known:]
            first.append(1e3 * (min(it.at for it in since if it.name == new) - start))
            last.append(1e3 * (max((it.at for it in since if it.name == old), default=0) - start))
            await stage.put((new, 100))
    total = len(people.answers)
    return [
        Row('switch: first answer of the new version', 'ms', statistics.median(first), 0),
        Row('switch: last answer of the old version', 'ms', statistics.median(last), 0),
        Row('switch: confirmed', 'ms', statistics.median(took), 0),
        Row(f'failed of {total:,} requests in {count} switches', '', people.failed, 0),
    ]


async def walks(stage: Stage, count: int) -> Row:
    """Canaries: from 0 to 100 percent in steps."""
    await stage.put(('r1', 100))
    async with Crowd(stage.listen) as people:
        for number in range(count):
            old, new = ('r2', 'r1') if number % 2 else ('r1', 'r2')
            for percent in WALK:
                await stage.put((old, 100 - percent), (new, percent), fallback=old)
            await stage.put((new, 100))
    work = f'failed of {len(people.answers):,} requests in {count} canary walks'
    return Row(work, '', people.failed, 0)


async def measure(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        async with staged(Path(name)) as stage:
            tables = [
                ('direct', await overhead(stage, given.times)),
                ('1 sigma', [await split(stage)]),
                ('', [*await switches(stage, given.switches), await walks(stage, given.switches)]),
            ]
    for peer, rows in tables:
        report.show(rows, peer, as_json=given.json)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=7)
    parser.add_argument('--switches', type=int, default=50)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--serve', metavar='NAME', default='', help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.serve:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(given.serve))
        return
    try:
        process.program()
    except Trouble as trouble:
        print(f'not measured: {trouble}; {trouble.hint}')
        return
    asyncio.run(measure(given))


if __name__ == '__main__':
    main(sys.argv[1:])
