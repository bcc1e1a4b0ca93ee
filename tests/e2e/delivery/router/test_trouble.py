"""What goes wrong, and who notices."""

import asyncio
import socket

import pytest

from e2e.delivery.router.scene import Scene, opened, until
from liftlock.rollout.sight import HeaderRoute, Match, Routes, Window
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import ports

OLD = Routes((('r1', 100),))
NEW = Routes((('r2', 100),), fallback='r1')


def test_nobody_sees_that_the_new_version_died_where_there_is_a_fallback() -> None:
    async def story() -> tuple[dict[str, int], Window]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(NEW)
            await scene.router.counted('shop', 'r2', 'analysis')
            assert await scene.ask(50) == {'r2': 50}
            scene.backends['r2'][0].kill()
            found = await scene.ask(500)
            return found, await scene.router.counted('shop', 'r2', 'analysis')

    found, window = asyncio.run(story())
    assert found == {'r1': 500}
    assert (window.requests, window.errors) == (550, 500)  # the analysis must see it


def test_a_version_that_only_fails_is_ejected_and_the_fallback_takes_over() -> None:
    async def story() -> tuple[dict[str, int], Window, Window]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2', '--broken')
            await scene.put(NEW)
            for revision in ('r1', 'r2'):
                await scene.router.counted('shop', revision, 'analysis')
            found = await scene.ask(300)
            new, old = [
                await scene.router.counted('shop', revision, 'analysis')
                for revision in ('r2', 'r1')
            ]
            return found, new, old

    found, new, old = asyncio.run(story())
    # It comes back after 5 seconds, in case it is well again: on a slow machine more than once.
    assert found['500'] <= 20
    assert found['r1'] == 300 - found['500']
    assert (new.requests, new.errors) == (300, 300)
    assert (old.requests, old.errors) == (found['r1'], 0)


def test_without_a_fallback_a_lone_instance_is_asked_however_it_answers() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r2', '--broken')
            await scene.put(Routes((('r2', 100),)))
            return await scene.ask(50)

    assert asyncio.run(story()) == {'500': 50}  # its own answer, and no 503 of the router's


def test_no_weight_goes_to_whom_nobody_finds_healthy() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            with pytest.raises(Trouble, match='nobody of r2 healthy') as raised:
                await scene.put(NEW)  # which has no instance
            assert raised.value.again
            assert await scene.router.confirmed('shop') == OLD
            return await scene.ask(20)

    assert asyncio.run(story()) == {'r1': 20}


def test_routes_that_envoy_refuses_change_nothing_and_are_told_with_its_reason() -> None:
    bad = Routes((('r1', 100),), headers=(HeaderRoute('x', (Match('a', '(', 'regex'),), 'r1'),))

    async def story() -> None:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            with pytest.raises(Trouble, match=r'Envoy refused it: missing \)'):
                await scene.put(bad)
            assert await scene.router.confirmed('shop') == OLD
            assert await scene.ask(5) == {'r1': 5}
            other = scene.part(bad)._replace(environment='other', listen=ports.free(()), preview=0)
            with pytest.raises(Trouble, match='Envoy refused it'):
                await scene.router.put(other)
            assert await scene.router.confirmed('other') is None
            assert await scene.router.busy('other') == {}
            await scene.put(OLD)

    asyncio.run(story())


def test_a_port_that_somebody_has_is_told_and_nothing_is_half_done() -> None:
    async def story() -> None:
        async with opened() as scene:
            scene.start('r1')
            with socket.socket() as taken:
                taken.bind(('127.0.0.1', 0))
                taken.listen()
                scene.preview = taken.getsockname()[1]
                with pytest.raises(Trouble, match=f'port {scene.preview} is taken') as raised:
                    await scene.put(OLD)
                assert 'ss -ltnp' in raised.value.hint
                with pytest.raises(ConnectionError):
                    await scene.ask(1)
                assert await scene.router.busy('shop') == {}
            await scene.put(OLD)
            assert await scene.ask(1) == {'r1': 1}

    asyncio.run(story())


def test_a_port_lost_while_envoy_was_away_is_told_to_whom_it_belongs_only() -> None:
    async def story(scene: Scene) -> None:
        scene.start('r1')
        await scene.put(OLD)
        other = scene.part(OLD)._replace(environment='other', listen=ports.free(()), preview=0)
        await scene.router.put(other)
        await scene.router.stop()
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(('127.0.0.1', scene.listen))
            taken.listen()
            scene.router = Router(scene.directory)
            await scene.router.open()
            await scene.router.put(other)  # it is not its port
            with pytest.raises(Trouble, match=r'(?i)address already in use'):
                await scene.put(OLD)
        await scene.put(OLD)
        assert await scene.ask(1) == {'r1': 1}

    async def play() -> None:
        async with opened() as scene:
            await story(scene)

    asyncio.run(play())


def test_a_replaced_instance_gets_requests_and_the_old_one_none() -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            await scene.put(OLD)
            before = scene.backends['r1']
            scene.start('r1', instances=2)
            scene.backends['gone'] = before
            await scene.router.endpoints('shop', {'r1': scene.endpoints()['r1']})
            before[0].kill()

            async def both() -> bool:
                return (await scene.router.healthy('shop'))['r1'] == 2

            await until(both)
            return await scene.ask(200)

    assert asyncio.run(story()) == {'r1': 200}
