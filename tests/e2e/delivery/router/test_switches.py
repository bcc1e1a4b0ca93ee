"""Switches that nobody notices."""

import asyncio
import random
from collections import Counter

import pytest

from e2e.delivery.router.scene import Answer, Client, Load, Scene, opened, until
from liftlock.rollout.sight import Routes
from liftlock.rollout.trouble import Trouble

SWITCHES = 50
OLD, NEW = Routes((('r1', 100),)), Routes((('r2', 100),))


def test_50_switches_under_load_fail_no_request() -> None:
    async def story() -> Load:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            async with Load(scene.listen) as load:
                for number in range(SWITCHES):
                    old, new = ('r2', 'r1') if number % 2 else ('r1', 'r2')
                    # As a blue-green deployment does it: the old one is the fallback for a while.
                    await scene.put(Routes(((old, 0), (new, 100)), fallback=old))
                    await scene.put(Routes(((new, 100),)))
            return load

    load = asyncio.run(story())
    assert load.failed == 0
    assert min(load.answers[Answer(200, name)] for name in ('r1', 'r2')) > SWITCHES


def test_a_canary_walks_up_and_down_and_fails_no_request() -> None:
    async def story() -> Load:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            async with Load(scene.listen) as load:
                for percent in (1, 10, 25, 50, 75, 100, 50, 10, 0):
                    weights = (('r1', 100 - percent), ('r2', percent))
                    await scene.put(Routes(weights, fallback='r1'))
                await scene.put(OLD)
            return load

    assert asyncio.run(story()).failed == 0


def test_instances_that_are_replaced_all_the_time_fail_no_request() -> None:
    """As a rolling update does it: first the new one, then who was drained is killed."""

    async def story() -> Load:
        async with opened() as scene:
            scene.start('r0')
            await scene.put(Routes((('r0', 100),)))
            async with Load(scene.listen) as load:
                for number in range(1, 8):
                    scene.start(f'r{number}')
                    await scene.put(Routes(((f'r{number}', 100),)))
                    for one in scene.backends.pop(f'r{number - 1}'):
                        one.kill()
            return load

    load = asyncio.run(story())
    assert load.failed == 0
    assert load.answers[Answer(200, 'r7')] > 0


def test_whoever_gives_up_while_routes_change_leaves_them_in_order() -> None:
    moments = random.Random(11)

    async def story() -> Load:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            async with Load(scene.listen) as load:
                for number in range(40):
                    putting = asyncio.create_task(scene.put(OLD if number % 2 else NEW))
                    await asyncio.sleep(moments.uniform(0, 0.06))
                    putting.cancel()
                await scene.put(NEW)
                assert await scene.router.confirmed('shop') == NEW
            assert await scene.ask(20) == {'r2': 20}
            return load

    assert asyncio.run(story()).failed == 0


async def slow(scene: Scene, count: int, seconds: float) -> list['asyncio.Task[Answer]']:
    """Requests in flight."""
    clients = [Client(scene.listen) for _ in range(count)]

    async def one(client: Client) -> Answer:
        try:
            return await client.get(f'/slow/{seconds}')
        finally:
            await client.close()

    tasks = [asyncio.create_task(one(client)) for client in clients]

    async def begun() -> bool:
        return sum((await scene.router.busy('shop')).values()) == count

    await until(begun)
    return tasks


def test_who_leaves_the_routes_finishes_its_requests_first() -> None:
    async def story() -> tuple[list[Answer], int]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            tasks = await slow(scene, 20, 1.5)
            await scene.put(NEW)
            still = sum(not task.done() for task in tasks)
            scene.backends.pop('r1')[0].kill()  # as the target does once `put` has returned
            return await asyncio.gather(*tasks), still

    answers, still = asyncio.run(story())
    assert Counter(answers) == {Answer(200, 'r1'): 20}
    assert still == 0


def test_new_requests_go_to_the_new_version_while_the_old_one_drains() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            tasks = await slow(scene, 1, 3)
            putting = asyncio.create_task(scene.put(NEW))

            async def shown() -> bool:
                return await scene.router.confirmed('shop') == NEW

            await until(shown)
            await asyncio.sleep(0.1)  # threads of Envoy take it a moment later
            found = await scene.ask(20)
            assert not putting.done()
            assert (await scene.router.busy('shop'))['r1'] == 1
            await asyncio.gather(putting, *tasks)
            return found

    assert asyncio.run(story()) == {'r2': 20}


def test_the_wait_for_requests_in_flight_has_an_end_and_they_are_not_cut() -> None:
    async def story() -> list[Answer]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            tasks = await slow(scene, 3, 3)
            await scene.put(NEW, grace=0.3)
            assert not any(task.done() for task in tasks)
            assert 'r1@shop' not in (scene.directory / 'clusters.json').read_text()
            return await asyncio.gather(*tasks)

    assert Counter(asyncio.run(story())) == {Answer(200, 'r1'): 3}


def test_going_back_does_not_wait_for_who_drains() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            tasks = await slow(scene, 1, 3)
            putting = asyncio.create_task(scene.put(NEW))

            async def shown() -> bool:
                return await scene.router.confirmed('shop') == NEW

            await until(shown)
            await scene.put(OLD)
            assert not tasks[0].done()
            with pytest.raises(Trouble, match='meanwhile'):
                await putting
            await asyncio.gather(*tasks)
            return await scene.ask(20)

    assert asyncio.run(story()) == {'r1': 20}
