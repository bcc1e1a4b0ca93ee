"""Where a real Envoy sends requests."""

import asyncio
from math import sqrt

import pytest

from e2e.delivery.router.scene import Scene, ask, opened
from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.targets.envoy.part import Health

MANY = 2000


def within(count: int, share: float, of: int = MANY) -> bool:
    """Nearer than 5 standard deviations: true by chance in all but one of 1.7 million times."""
    return abs(count - of * share) <= 5 * sqrt(of * share * (1 - share))


@pytest.mark.parametrize('percent', [1, 10, 50])
def test_weights_hold_within_what_chance_allows(percent: int) -> None:
    async def story() -> dict[str, int]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(Routes((('r1', 100 - percent), ('r2', percent)), fallback='r1'))
            return await scene.ask(MANY)

    found = asyncio.run(story())
    assert set(found) <= {'r1', 'r2'}
    assert within(found.get('r2', 0), percent / 100)


def test_three_revisions_share_the_traffic_and_a_weight_of_0_gets_nothing() -> None:
    async def story() -> tuple[dict[str, int], int]:
        async with opened() as scene:
            for revision in ('r1', 'r2', 'r3', 'r4'):
                scene.start(revision)
            await scene.put(Routes((('r1', 60), ('r2', 30), ('r3', 10), ('r4', 0))))
            found = await scene.ask(MANY)
            return found, (await scene.router.healthy('shop'))['r4']

    found, ready = asyncio.run(story())
    assert all(within(found[name], share) for name, share in (('r1', 0.6), ('r2', 0.3)))
    assert set(found) == {'r1', 'r2', 'r3'}
    assert ready == 1  # it is asked for its health all the same


SENT = (
    HeaderRoute('exact', (Match('x-canary', 'always'),), 'r2'),
    HeaderRoute('prefix', (Match('x-user', 'test-', 'prefix'),), 'r2'),
    HeaderRoute('regex', (Match('x-city', '(graz|linz)', 'regex'), Match('x-on', '1')), 'r2'),
)


@pytest.mark.parametrize(
    ('headers', 'expected'),
    [
        ({}, 'r1'),
        ({'x_canary': 'always'}, 'r2'),
        ({'x_canary': 'always-not'}, 'r1'),
        ({'x_user': 'test-7'}, 'r2'),
        ({'x_user': 'a-test-7'}, 'r1'),
        ({'x_city': 'graz', 'x_on': '1'}, 'r2'),
        ({'x_city': 'graz'}, 'r1'),
        ({'x_city': 'grazz', 'x_on': '1'}, 'r1'),
    ],
)
def test_headers_decide_before_weights(
    headers: dict[str, str], expected: str, headed: dict[str, dict[str, int]]
) -> None:
    assert headed[str(headers)] == {expected: 20}


@pytest.fixture(scope='module')
def headed() -> dict[str, dict[str, int]]:
    """What became of all those headers, asked at one router."""
    asked: list[dict[str, str]] = [
        {},
        {'x_canary': 'always'},
        {'x_canary': 'always-not'},
        {'x_user': 'test-7'},
        {'x_user': 'a-test-7'},
        {'x_city': 'graz', 'x_on': '1'},
        {'x_city': 'graz'},
        {'x_city': 'grazz', 'x_on': '1'},
    ]

    async def story() -> dict[str, dict[str, int]]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(Routes((('r1', 100), ('r2', 0)), headers=SENT))
            return {str(some): await scene.ask(20, **some) for some in asked}

    return asyncio.run(story())


def test_a_mirror_gets_its_share_and_its_answers_count_for_nobody() -> None:
    async def story() -> tuple[dict[str, int], int]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2', '--broken')
            await scene.put(Routes((('r1', 100),), mirrors=(Mirror('shadow', 20, 'r2'),)))
            found = await scene.ask(MANY)
            (mirrored,) = await ask(scene.backends['r2'][0].port, 1, '/requests')
            return found, int(mirrored.text)

    found, mirrored = asyncio.run(story())
    assert found == {'r1': MANY}
    # Who answers 500 to everything is ejected after 5; from then on, and for 5 seconds, nobody of
    # the mirror is healthy, and Envoy asks it all the same.
    assert within(mirrored, 0.2)


def test_the_preview_shows_the_new_version_and_nobody_else_sees_it() -> None:
    async def story() -> tuple[list[str], dict[str, int]]:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2')
            await scene.put(Routes((('r1', 100), ('r2', 0)), preview='r2'))
            seen = [answer.text for answer in await ask(scene.preview, 20)]
            await scene.put(Routes((('r1', 100),)))
            seen += [str(answer.status) for answer in await ask(scene.preview, 1)]
            return seen, await scene.ask(20)

    seen, public = asyncio.run(story())
    assert seen == ['r2', '503']
    assert public == {'r1': 20}


def test_before_anything_is_deployed_the_answer_says_so() -> None:
    async def story(scene: Scene) -> dict[str, int]:
        await scene.put(Routes())
        return await scene.ask(3)

    async def play() -> dict[str, int]:
        async with opened() as scene:
            return await story(scene)

    assert asyncio.run(play()) == {'503': 3}


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Agrees to whatever protocol is wanted, and then says everything twice."""
    try:
        head = await reader.readuntil(b'\r\n\r\n')
        assert b'upgrade: websocket' in head.lower()
        writer.write(b'HTTP/1.1 101 X\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
        while data := await reader.read(100):
            writer.write(data + data)
    except asyncio.IncompleteReadError:
        pass  # a health check
    finally:
        writer.close()


def test_websockets_go_through() -> None:
    async def story() -> bytes:
        async with opened() as scene, await asyncio.start_server(echo, '127.0.0.1', 0) as server:
            port = server.sockets[0].getsockname()[1]
            part = scene.part(Routes((('r1', 100),)))
            await scene.router.put(
                part._replace(endpoints={'r1': (f'127.0.0.1:{port}',)}, health=Health())
            )
            reader, writer = await asyncio.open_connection('127.0.0.1', scene.listen)
            writer.write(
                b'GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'
            )
            assert b' 101 ' in await reader.readuntil(b'\r\n\r\n')
            writer.write(b'ab')
            found = await reader.readexactly(4)
            writer.close()
            await writer.wait_closed()
            return found

    assert asyncio.run(story()) == b'abab'
