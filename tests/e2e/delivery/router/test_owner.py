"""Whoever holds the router may die, and Envoy too."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.delivery.router.scene import Load, Scene, opened, until
from liftlock.rollout.sight import Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import logs, process
from liftlock.targets.envoy.part import part_document
from liftlock.targets.envoy.router import Router

HERE = Path(__file__).parent
KILLS = 8
OLD, NEW = Routes((('r1', 100),)), Routes((('r2', 100),))


def owned(scene: Scene, *routes: Routes, program: str = 'owner.py') -> 'subprocess.Popen[str]':
    """Another process holds the router, which has these routes."""
    parts = [json.dumps(part_document(scene.part(one))) for one in routes]
    owner = subprocess.Popen(
        (sys.executable, HERE / program, scene.directory, *parts), stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == 'open\n'
    owner.stdout.close()
    return owner


def test_envoy_is_adopted_after_its_owner_was_killed_and_nobody_noticed() -> None:
    async def story() -> tuple[Load, object, object]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.router.close()
            owner = await asyncio.to_thread(owned, scene, OLD)
            async with Load(scene.listen) as load:
                before = process.find(scene.directory)
                owner.send_signal(signal.SIGKILL)
                owner.wait()
                scene.router = Router(scene.directory)
                await scene.router.open()
                assert await scene.router.confirmed('shop') == OLD
                await scene.put(NEW)
            return load, before, process.find(scene.directory)

    load, before, after = asyncio.run(story())
    assert load.failed == 0
    assert before == after != None  # noqa: E711 - all three at once


def test_whoever_changes_routes_is_killed_at_any_instant_and_nobody_notices() -> None:
    """The next one goes on from wherever that was."""
    walk = [
        OLD,
        Routes((('r1', 50), ('r2', 50)), preview='r2', fallback='r1'),
        Routes((('r1', 0), ('r2', 100)), fallback='r1'),
        NEW,
        Routes((('r1', 30), ('r2', 70)), fallback='r2'),
    ]
    moments = random.Random(7)

    async def story() -> Load:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(OLD)
            await scene.router.close()
            async with Load(scene.listen, people=4) as load:
                for _ in range(KILLS):
                    walker = await asyncio.to_thread(owned, scene, *walk, program='walker.py')
                    await asyncio.sleep(moments.uniform(0, 0.8))
                    walker.send_signal(signal.SIGKILL)
                    walker.wait()
                scene.router = Router(scene.directory)
                await scene.router.open()
                await scene.put(NEW)
                assert await scene.router.confirmed('shop') == NEW
            clusters = json.loads((scene.directory / 'clusters.json').read_text())
            assert [one['name'] for one in clusters['resources']] == ['r2@shop']
            assert await scene.ask(20) == {'r2': 20}
            return load

    load = asyncio.run(story())
    assert load.failed == 0
    assert sum(load.answers.values()) > 100


def test_two_do_not_hold_one_router() -> None:
    async def story() -> None:
        async with opened() as scene:
            with pytest.raises(Trouble, match='another process holds the router'):
                await Router(scene.directory).open()

    asyncio.run(story())


def test_an_envoy_that_died_is_started_again_with_all_it_had() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            first = process.find(scene.directory)
            assert first is not None
            os.kill(first.pid, signal.SIGKILL)

            async def again() -> bool:
                found = await asyncio.to_thread(process.find, scene.directory)
                return found not in (None, first) and bool(await scene.router.confirmed('shop'))

            await until(again)
            return await scene.ask(20)

    assert asyncio.run(story()) == {'r1': 20}


def test_after_everything_was_ended_the_router_knows_all_environments() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            await scene.router.stop()
            assert process.find(scene.directory) is None
            scene.router = Router(scene.directory)
            await scene.router.open()
            assert await scene.router.confirmed('shop') == OLD
            return await scene.ask(20)

    assert asyncio.run(story()) == {'r1': 20}


def test_a_process_that_has_got_the_number_of_an_old_envoy_is_not_taken_for_it() -> None:
    async def story() -> None:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            record = scene.directory / 'process.json'
            known = json.loads(record.read_text())
            await scene.router.stop()
            record.write_text(json.dumps({**known, 'pid': os.getpid()}))
            assert process.find(scene.directory) is None
            scene.router = Router(scene.directory)
            await scene.router.open()
            found = process.find(scene.directory)
            assert found is not None
            assert found.pid != os.getpid()

    asyncio.run(story())


def test_a_removed_environment_leaves_nothing_behind() -> None:
    async def story() -> set[str]:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            await scene.ask(1)
            await scene.router.remove('shop')
            with pytest.raises(ConnectionError):
                await scene.ask(1)
            return {path.name for path in scene.directory.rglob('*') if 'shop' in path.name}

    assert asyncio.run(story()) == set()


def test_envoy_runs_as_long_as_there_is_something_to_route() -> None:
    async def story() -> None:
        async with opened() as scene:
            assert process.find(scene.directory) is None
            scene.start('r1')
            await scene.put(OLD)
            assert process.find(scene.directory) is not None
            await scene.router.remove('shop')
            assert process.find(scene.directory) is None
            await scene.put(OLD)
            assert await scene.ask(3) == {'r1': 3}

    asyncio.run(story())


def test_requests_are_logged_by_the_line_and_the_log_is_bounded() -> None:
    async def story() -> tuple[dict[str, object], int]:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            await scene.ask(1, '/a?b=c', user_agent='test')
            log = scene.directory / 'access' / 'shop.jsonl'

            async def written() -> bool:
                return log.exists() and log.read_text().endswith('\n')

            await until(written)
            line = json.loads(log.read_text().splitlines()[0])
            assert logs.rotate(scene.directory, most=10)
            await scene.router._reopen()
            await scene.ask(3)
            await until(written)
            old = logs.older(log).read_text().splitlines()
            return line, len(old)

    line, old = asyncio.run(story())
    assert line['path'] == '/a?b=c'
    assert line['status'] == 200
    assert line['cluster'] == 'r1@shop'
    assert line['agent'] == 'test'
    assert old == 1
