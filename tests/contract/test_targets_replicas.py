"""Every target of instances behind a router keeps the same promises. A new one gets this suite for
free: see `places/replicas.py`."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from e2e.delivery.router.scene import Client
from liftlock.rollout.sight import Capabilities, HeaderRoute, Match, Routes
from liftlock.rollout.trouble import Trouble
from places.compose import open_compose
from places.process import open_process
from places.replicas import Replica, Replicas, ready, revision, until

PLACES: Final[dict[str, Callable[[Path], AbstractAsyncContextManager[Replicas]]]] = {
    'process': open_process,
    'compose': open_compose,
}
ALL: Final = Routes((('r1', 100),))


@pytest.fixture(params=PLACES)
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., None]:
    """Plays a scene in a new place."""

    def played(scene: Callable[[Replicas], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            async with PLACES[request.param](tmp_path) as place:
                await scene(place)

        asyncio.run(all_of_it())

    return played


async def ask(address: str, path: str = '/', count: int = 1, **headers: str) -> 'Counter[str]':
    """Who answered how often; errors by their number."""
    client = Client(urlsplit(address).port or 0)
    try:
        found = [await client.get(path, **headers) for _ in range(count)]
    finally:
        await client.close()
    return Counter(one.text if one.status == 200 else str(one.status) for one in found)


async def start(target: Replica, place: Replicas, number: int, name: str, count: int = 1) -> None:
    made = revision(number, place.version(name))
    await target.prepare(made)
    await target.scale(made, count)
    await ready(target, made.name, count)


async def under_way(target: Replica, wanted: int) -> None:
    """Until the instances owe so many answers."""

    async def all_there() -> bool:
        seen = await target.look()
        asked = [await ask(f'http://{one.address}', '/busy') for one in seen.instances]
        return sum(int(number) for one in asked for number in one) == wanted

    await until(all_there, f'{wanted} requests are under way')


def test_it_says_what_it_can(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            assert target.capabilities == Capabilities(
                weights=True, headers=True, mirrors=True, preview=True, metrics=True
            )
            with pytest.raises(Trouble):
                await target.apply(revision(1, place.version('v1')), back=False)

    play(scene)


def test_nothing_is_there_before_the_first_deployment(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            seen = await target.look()
            assert (seen.instances, seen.routes) == ((), None)

    play(scene)


def test_what_is_prepared_does_not_run(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            made = revision(1, place.version('v1'))
            assert await target.prepare(made)
            assert await target.prepare(made)
            assert (await target.look()).instances == ()
            assert await place.running() == 0

    play(scene)


def test_as_many_run_as_are_wanted(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        made = revision(1, place.version('v1'))
        async with place.open() as target:
            await target.prepare(made)
            for wanted in (2, 3, 1, 0):
                await target.scale(made, wanted)
                seen = await ready(target, 'r1', wanted)
                assert await place.running() == wanted
                assert len({one.id for one in seen.instances}) == wanted
                assert all(one.alive and one.restarts == 0 for one in seen.instances)
                assert all(one.since > 0 for one in seen.instances)

    play(scene)


def test_what_is_there_already_is_left_alone(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        made = revision(1, place.version('v1'))
        async with place.open() as target:
            await start(target, place, 1, 'v1', 2)
            before = await ready(target, 'r1', 2)
            await target.route(ALL)
            for _ in range(3):
                await target.scale(made, 2)
                await target.route(ALL)
            after = await ready(target, 'r1', 2)
            known = [(one.id, one.address, one.since) for one in before.instances]
            assert [(one.id, one.address, one.since) for one in after.instances] == known

    play(scene)


def test_an_instance_answers_at_its_address_with_its_variables(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        made = revision(1, place.version('v1'), {'GREETING': 'two words'})
        async with place.open() as target:
            await target.prepare(made)
            await target.scale(made, 1)
            seen = await ready(target, 'r1', 1)
            address = f'http://{seen.instances[0].address}'
            assert await ask(address) == {'v1': 1}
            assert await ask(address, '/env/GREETING') == {'two words': 1}
            assert await ask(address, '/env/LIFTLOCK_REVISION') == {'r1': 1}

    play(scene)


def test_traffic_goes_where_it_is_sent(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1')
            await start(target, place, 2, 'v2')
            public, preview = target.address(), target.address(preview=True)
            assert public != preview
            beside = Routes((('r1', 100),), preview='r2')
            await target.route(beside)
            assert (await target.look()).routes == beside
            assert await ask(public, count=50) == {'v1': 50}
            assert await ask(preview, count=20) == {'v2': 20}
            await target.route(Routes((('r1', 50), ('r2', 50))))
            assert set(await ask(public, count=200)) == {'v1', 'v2'}
            header = HeaderRoute('canary', (Match('x-canary', 'yes'),), 'r2')
            await target.route(Routes((('r1', 100), ('r2', 0)), headers=(header,)))
            assert await ask(public, count=50) == {'v1': 50}
            assert await ask(public, count=50, x_canary='yes') == {'v2': 50}
            await target.route(Routes((('r2', 100),)))
            assert await ask(public, count=50) == {'v2': 50}

    play(scene)


def test_the_address_stays(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            known = target.address(), target.address(preview=True)
            assert known == (target.address(), target.address(preview=True))
        async with place.open() as target:
            assert (target.address(), target.address(preview=True)) == known

    play(scene)


def test_requests_are_counted_by_revision(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1')
            await target.route(ALL)
            assert (await target.counted('r1', 'reader')).requests == 0
            await ask(target.address(), count=30)

            async def counted() -> int:
                nonlocal total
                total += (await target.counted('r1', 'reader')).requests
                return total >= 30

            total = 0
            await until(counted, 'requests are counted')
            assert total == 30

    play(scene)


def test_whoever_leaves_the_routes_finishes_what_was_begun(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1')
            await start(target, place, 2, 'v2')
            await target.route(ALL)
            slow = [asyncio.create_task(ask(target.address(), '/slow/1')) for _ in range(5)]
            await under_way(target, len(slow))
            await target.route(Routes((('r2', 100),)))
            await target.scale(revision(1, place.version('v1')), 0)
            assert await asyncio.gather(*slow) == [{'v1': 1}] * 5
            assert await ask(target.address(), count=20) == {'v2': 20}

    play(scene)


def test_whoever_is_one_too_many_finishes_what_was_begun(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1', 3)
            await target.route(ALL)
            slow = [asyncio.create_task(ask(target.address(), '/slow/1')) for _ in range(9)]
            await under_way(target, len(slow))
            await target.scale(revision(1, place.version('v1')), 1)
            assert await asyncio.gather(*slow) == [{'v1': 1}] * 9
            assert await place.running() == 1

    play(scene)


def test_whoever_dies_is_replaced_and_counted(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1', 2)
            await target.route(ALL)
            seen = await target.look()
            await place.kill(seen.instances[0])

            async def replaced() -> bool:
                await target.scale(revision(1, place.version('v1')), 2)
                now = await target.look()
                return sum(one.restarts for one in now.instances) == 1

            await until(replaced, 'one is counted as restarted')
            await ready(target, 'r1', 2)
            assert await ask(target.address(), count=50) == {'v1': 50}

    play(scene)


def test_whoever_comes_next_finds_everything_as_it_was(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1', 2)
            await target.route(ALL)
            before = await target.look()
        async with place.open() as target:
            after = await ready(target, 'r1', 2)
            assert after.routes == before.routes
            known = [(one.id, one.address, one.since) for one in before.instances]
            assert [(one.id, one.address, one.since) for one in after.instances] == known
            assert await ask(target.address(), count=20) == {'v1': 20}
            await target.scale(revision(1, place.version('v1')), 3)
            await ready(target, 'r1', 3)
            assert await place.running() == 3

    play(scene)


def test_lines_are_led_by_who_said_them(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1', 2)
            ids = {one.id for one in (await target.look()).instances}
            now = [line async for line in target.logs('r1', follow=False, previous=False)]
            assert {line.split()[0] for line in now if 'r1 listens' in line} == ids
            assert not [line async for line in target.logs('r9', follow=False, previous=False)]
            await target.scale(revision(1, place.version('v1')), 0)
            assert not [line async for line in target.logs('r1', follow=False, previous=False)]
            then = [line async for line in target.logs('r1', follow=False, previous=True)]
            assert {line.split()[0] for line in then if 'r1 listens' in line} == ids

    play(scene)


def test_lines_are_followed(play: Callable[..., None]) -> None:
    async def scene(place: Replicas) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1', 1)
            found: list[str] = []

            async def follow() -> None:
                async for line in target.logs('r1', follow=True, previous=False):
                    found.append(line)

            async def heard() -> int:
                return sum('r1 listens' in line for line in found)

            async def heard_of_the_other() -> bool:
                return await heard() == 2

            following = asyncio.create_task(follow())
            await until(heard, 'what was said before is heard')
            await target.scale(revision(1, place.version('v1')), 2)
            await until(heard_of_the_other, 'whoever comes later is heard')
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            assert await heard() == 2

    play(scene)
