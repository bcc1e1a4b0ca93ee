"""Deliveries by the real supervisor, with its processes and its Envoy, while people ask.

    python -m bench.deployments [--times N] [--seconds S] [--instances N] [--json]

A request counts as failed when it gets no answer, or one that is not the application's. A bad
version answers 500; how long it hurts is from the first such answer that somebody got to the last.
The floor of memory is a Python that does nothing. Needs `pip install 'liftlock[delivery]'`.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from bench import report
from bench.delivery import idle_memory, used
from bench.report import Row
from liftlock.engine.delivery import alive, calls, requests
from liftlock.engine.delivery.blueprint import Blueprint
from liftlock.engine.delivery.lodge import Lodge
from liftlock.engine.delivery.requests import Wish
from liftlock.rollout import facts as f
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import open_store
from liftlock.store.deliveries import Place

PEOPLE: Final = 8
PAUSE: Final = 0.004  # seconds between two requests of one of them
PATIENCE: Final = 120.0

APPLICATION: Final = """
import asyncio, os, random, sys
NAME, FAIL = os.environ['LIFTLOCK_VERSION'], float(os.environ.get('FAIL', '0'))
def answer(status):
    body = f'{NAME} {status}'
    return f'HTTP/1.1 {status} X\\r\\ncontent-length: {len(body)}\\r\\n\\r\\n{body}'.encode()
GOOD, BAD = answer(200), answer(500)
class Application(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        well = b'GET /health' in data or random.random() * 100 >= FAIL
        self.transport.write(GOOD if well else BAD)
async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Application, os.environ['HOST'], int(os.environ['PORT']))
    await server.serve_forever()
asyncio.run(main())
"""
SETTINGS: Final = """
environments:
  {name}:
    target:
      process:
        {{command: python3 app.py, instances: {instances}, grace: 5s, env: {{FAIL: '{fail}'}}}}
    strategy: {strategy}
    health_checks: [{{endpoint: /health, interval: 1s, timeout: 5s, healthy_threshold: 1}}]
    analysis:
      errors: {{metric: error_rate, failure: '> 1%', interval: 1s, min_requests: 50}}
"""
BLUE_GREEN: Final = '{blueGreen: {scaleDownDelaySeconds: 2}}'
CANARY: Final = """
      canary:
        scaleDownDelaySeconds: 2
        steps: [{setWeight: 10}, {pause: {duration: 100ms}}, {setWeight: 50},
                {pause: {duration: 100ms}}]"""
WATCHED: Final = """
      canary:
        analysis: [errors]
        abortScaleDownDelaySeconds: 2
        steps: [{setWeight: 10}, {pause: {duration: 90s}}]"""


class Shop:
    """A store with a supervisor, and a repository with one commit."""

    def __init__(self, root: Path) -> None:
        self.repository = root / 'repository'
        self.state = root / 'state'
        self.repository.mkdir()
        (self.repository / 'app.py').write_text(APPLICATION)
        who = ('-c', 'user.name=Bench', '-c', 'user.email=bench@localhost')
        for words in (('init', '-q'), ('add', '-A'), ('commit', '-q', '-m', 'One')):
            subprocess.run(('git', *who, *words), cwd=self.repository, check=True)
        head = ('git', 'rev-parse', 'HEAD')
        told = subprocess.run(head, cwd=self.repository, check=True, stdout=subprocess.PIPE)
        self.commit = told.stdout.decode().strip()
        self.store = open_store(self.state)

    def ask(
        self, name: str, version: str, strategy: str, *, instances: int = 2, fail: float = 0
    ) -> tuple[Place, int]:
        """A deployment of the environment `name`."""
        text = SETTINGS.format(name=name, strategy=strategy, instances=instances, fail=fail)
        made = Version(version, self.commit, sources=str(self.repository / '.git'))
        plan = Blueprint('bench/shop', name, text, {})
        found = requests.deploy(self.store, plan, made, Wish('bench'))
        alive.ensure(self.state)
        return found

    async def ended(self, place: Place, number: int) -> f.DeploymentFinished:
        async with asyncio.timeout(PATIENCE):
            while True:
                for one in deliveries.facts(self.store, place.id):
                    if isinstance(one.fact, f.DeploymentFinished) and one.fact.number == number:
                        return one.fact
                await asyncio.sleep(0.05)

    async def deployed(self, name: str, version: str, strategy: str, **how: Any) -> Place:
        place, number = self.ask(name, version, strategy, **how)
        ended = await self.ended(place, number)
        assert ended.conclusion == 'success', ended
        return place

    def look(self, place: Place) -> Mapping[str, Any]:
        """What its controller sees; nothing while there is none."""
        with contextlib.suppress(Exception):
            return calls.ask(Lodge(self.state), {'do': 'look', 'environment': place.id})
        return {}

    def port(self, place: Place) -> int:
        return urlsplit(str(self.look(place)['address'])).port or 0

    def close(self) -> None:
        for place in deliveries.environments(self.store):
            with contextlib.suppress(Exception):
                requests.down(self.store, place, 'bench', '')
        alive.ensure(self.state)
        until = time.monotonic() + PATIENCE
        while self._left() and time.monotonic() < until:
            time.sleep(0.1)
        alive.stop(self.state)
        self.store.close()

    def _left(self) -> bool:
        ends = 0
        for place in deliveries.environments(self.store):
            told = deliveries.facts(self.store, place.id)
            ends += any(isinstance(one.fact, f.Withdrawn) for one in told)
        return ends < len(deliveries.environments(self.store))


class People:
    """They ask all the time; `bad` is when somebody got a 500."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answers: Counter[str] = Counter()
        self.bad: list[float] = []

    @property
    def failed(self) -> int:
        return sum(n for said, n in self.answers.items() if said.startswith('!'))

    @contextlib.asynccontextmanager
    async def asking(self) -> AsyncIterator['People']:
        tasks = [asyncio.create_task(self._ask()) for _ in range(PEOPLE)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self) -> None:
        reader = writer = None
        while True:
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection('127.0.0.1', self._port)
                assert reader is not None
                writer.write(b'GET / HTTP/1.1\r\nhost: bench\r\n\r\n')
                head = (await reader.readuntil(b'\r\n\r\n')).decode().lower()
                length = int(head.split('content-length: ')[1].split('\r\n')[0])
                body = (await reader.readexactly(length)).decode()
            except (OSError, EOFError, IndexError) as error:
                self.answers[f'!{error!r}'] += 1
                writer = None
            else:
                self._take(body)
            await asyncio.sleep(PAUSE)

    def _take(self, body: str) -> None:
        version, _, status = body.partition(' ')
        if status not in ('200', '500'):
            self.answers[f'!{body[:40]}'] += 1
        elif status == '500':
            self.bad.append(time.time())
        self.answers[version] += 1


# --- what is measured


async def deliveries_of(shop: Shop, what: str, strategy: str, times: int) -> list[Row]:
    """So many deployments, one after the other, under load."""
    name = what.replace(' ', '-')
    place = await shop.deployed(name, 'v0', strategy)
    people = People(shop.port(place))
    async with people.asking():
        began = time.monotonic()
        for number in range(1, times + 1):
            await shop.deployed(name, f'v{number}', strategy)
        took = (time.monotonic() - began) / times
    asked = people.answers.total()
    seen = len([one for one in people.answers if not one.startswith('!')])
    assert seen == times + 1, f'only {seen} versions were met'
    return [
        Row(f'{times} {what}: failed of {asked} requests', 'requests', people.failed, 0.0),
        Row(f'one {what}, from wish to success', 's', took, 0.0),
    ]


class Harm(NamedTuple):
    """Seconds from the first bad answer on: to the last, and until the controller goes back."""

    lasted: float
    noticed: float
    answers: int


async def bad_release(shop: Shop, name: str, fail: float) -> Harm:
    place = await shop.deployed(name, 'v1', WATCHED)
    people = People(shop.port(place))
    async with people.asking():
        await asyncio.sleep(1)
        place, number = shop.ask(name, 'v2', WATCHED, fail=fail)
        ended = await shop.ended(place, number)
        await asyncio.sleep(1)
    assert ended.conclusion == 'rolled_back', ended
    (found,) = [
        one.at
        for one in deliveries.facts(shop.store, place.id)
        if isinstance(one.fact, f.RollbackStarted)
    ]
    first, last = people.bad[0], people.bad[-1]
    return Harm(last - first, found - first, len(people.bad))


async def bad_releases(shop: Shop, fail: float, times: int) -> list[Row]:
    harm = [await bad_release(shop, f'bad-{fail:g}-{n}', fail) for n in range(times)]
    lasted = [one.lasted for one in harm]
    told = f'{fail:g} % errors, 10 % canary'
    return [
        Row(f'{told}: first to last bad answer', 's', statistics.median(lasted), 0.0),
        Row(f'{told}: the same, worst of {times}', 's', max(lasted), 0.0),
        Row(f'{told}: until noticed', 's', statistics.median(one.noticed for one in harm), 0.0),
        Row(f'{told}: bad', 'answers', statistics.median(one.answers for one in harm), 0.0),
    ]


async def many(shop: Shop, count: int, seconds: float) -> list[Row]:
    """What it takes to look after so many, and a kill -9 of who does."""
    place = await shop.deployed('many', 'v1', BLUE_GREEN, instances=count)
    people = People(shop.port(place))
    await asyncio.sleep(5)
    pid = alive.ensure(shop.state).pid
    before, _ = used(pid)
    await asyncio.sleep(seconds)
    after, memory = used(pid)
    pids = {one['pid'] for one in instances(shop.look(place))}
    async with people.asking():
        await asyncio.sleep(1)
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        await asyncio.to_thread(alive.ensure, shop.state)
        answers = time.monotonic() - began
        async with asyncio.timeout(PATIENCE):
            while len(await asyncio.to_thread(ready, shop, place)) < count:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
        adopted = time.monotonic() - began
        await asyncio.sleep(2)
    assert {one['pid'] for one in instances(shop.look(place))} == pids, 'others than before'
    return [
        Row(f'memory of a supervisor of {count} (floor: Python)', 'MB', memory, idle_memory()),
        Row('its processor time', '% of a core', 100 * (after - before) / seconds, 0.0),
        Row('killed -9: until the next one answers', 's', answers, 0.0),
        Row('killed -9: until all are adopted and well', 's', adopted, 0.0),
        Row(f'meanwhile failed of {people.answers.total()}', 'requests', people.failed, 0.0),
    ]


def instances(seen: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from seen.get('sight', {}).get('instances', ())


def ready(shop: Shop, place: Place) -> list[object]:
    seen = shop.look(place)
    groups = seen.get('groups', {}).values()
    return [None] * sum(one['ready'] for one in groups)


async def measure(times: int, count: int, seconds: float) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        shop = Shop(Path(name))
        try:
            return [
                *await many(shop, count, seconds),
                *await deliveries_of(shop, 'blue-green switches', BLUE_GREEN, times),
                *await deliveries_of(shop, 'canary walks', CANARY, times),
                *await bad_releases(shop, 100, max(1, times // 10)),
                *await bad_releases(shop, 5, max(1, times // 10)),
            ]
        finally:
            shop.close()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=50, help='deployments of each kind')
    parser.add_argument('--instances', type=int, default=20)
    parser.add_argument('--seconds', type=float, default=20.0)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    rows = asyncio.run(measure(given.times, given.instances, given.seconds))
    report.show(rows, 'floor', as_json=given.json)


if __name__ == '__main__':
    main()
