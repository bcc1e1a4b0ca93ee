"""Services on a real engine: switches that nobody notices, shared databases, sick containers."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from containers import ask, docker
from e2e.delivery.router.scene import Answer, Load
from liftlock.rollout.sight import Routes, Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.compose import ComposeTarget, writing
from places.compose import SERVICE, Services, open_compose
from places.replicas import ready, revision, until
from registry import Registry

ONE = Routes((('r1', 100),))


def play(root: Path, scene: Callable[[Services], Awaitable[Any]]) -> Any:
    async def played() -> Any:
        async with open_compose(root) as place:
            return await scene(place)

    return asyncio.run(played())


async def started(target: ComposeTarget, made: Revision, count: int = 1) -> Sight:
    await target.prepare(made)
    await target.scale(made, count)
    return await ready(target, made.name, count)


def port(target: ComposeTarget) -> int:
    return int(target.address().rpartition(':')[2])


def test_versions_come_and_go_under_load_and_no_request_fails(tmp_path: Path) -> None:
    async def scene(place: Services) -> Load:
        async with place.open() as target:
            before = revision(1, place.version('v1'))
            await started(target, before, 2)
            await target.route(ONE)
            async with Load(port(target), people=4) as load:
                for number in range(2, 6):
                    made = revision(number, place.version(f'v{number}'))
                    await started(target, made, 2)
                    await target.route(Routes(((made.name, 100),), fallback=before.name))
                    await target.route(Routes(((made.name, 100),)))
                    await target.scale(before, 0)
                    before = made
            assert await place.running() == 2
            return load

    load = play(tmp_path, scene)
    assert load.failed == 0
    assert all(load.answers[Answer(200, f'v{number}')] for number in range(1, 6))


def test_a_sick_container_is_seen_with_its_reason_and_gets_no_requests(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        async with place.open() as target:
            well = revision(1, place.version('v1'))
            await started(target, well)
            sick = revision(2, place.version('v2'), {'SICK': '1'})
            await target.prepare(sick)
            await target.scale(sick, 1)

            async def found() -> bool:
                seen = await target.look()
                (one,) = [one for one in seen.instances if one.revision == 'r2']
                assert one.ready is False
                return 'the database is away' in one.message or '503' in one.message

            await until(found, 'the engine says that it is sick')
            with pytest.raises(Trouble, match='nobody of r2 healthy'):
                await target.route(Routes((('r2', 100),)))

    play(tmp_path, scene)


def test_one_that_ends_at_once_is_seen_with_its_exit_code(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        async with place.open() as target:
            made = revision(1, place.version('v1'), {'CRASH': '3'})
            await target.prepare(made)
            await target.scale(made, 1)

            async def again() -> bool:
                (one,) = (await target.look()).instances
                return one.restarts > 1 and 'exit code 3' in one.message

            await until(again, 'the engine starts it again and again')
            lines = [line async for line in target.logs('r1', follow=False, previous=True)]
            assert 'r1-1 | there is no database' in lines

    play(tmp_path, scene)


def test_secrets_reach_the_service_and_are_written_nowhere_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    kept = writing._write

    def watched(path: Path, text: str) -> None:
        kept(path, text)
        if 'open sesame' in text:
            modes.append(stat.S_IMODE(path.stat().st_mode))

    monkeypatch.setattr(writing, '_write', watched)

    async def scene(place: Services) -> None:
        async with place.open() as target:
            env = {'PASSWORD': 'open sesame $HOME "x"\nsecond line'}
            made = Revision('r1', place.version('v1'), env, ('PASSWORD',))
            seen = await started(target, made)
            (one,) = place.containers()
            told = json.loads(ask(docker(), 'inspect', one).stdout)[0]['Config']['Env']
            assert f'PASSWORD={env["PASSWORD"]}' in told
            assert seen.instances[0].message == ''
            everything = [path for path in place.directory.rglob('*') if path.is_file()]
            assert everything
            assert not [path for path in everything if b'sesame' in path.read_bytes()]

    play(tmp_path, scene)
    assert modes == [0o600]


def test_what_the_service_depends_on_is_shared_and_left_alone(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        other = {'image': 'liftlock-test/base:1', 'command': 'sleep 600', 'stop_grace_period': '1s'}
        place.file = {
            'services': {
                'web': {**SERVICE, 'depends_on': ['db'], 'volumes': ['uploads:/uploads']},
                'db': {**other, 'volumes': ['data:/data'], 'container_name': f'{tmp_path.name}-db'},
                'mail': other,
            },
            'volumes': {'uploads': {}, 'data': {}},
        }

        def databases() -> list[str]:
            wanted = f'label=liftlock.shared={place.names.base}'
            return ask(docker(), 'ps', '--quiet', '--filter', wanted).stdout.split()

        async with place.open() as target:
            one, two = revision(1, place.version('v1')), revision(2, place.version('v2'))
            said = await target.prepare(one)
            assert 'all revisions share db' in said
            assert 'mail' in said
            await started(target, one)
            (database,) = databases()
            await started(target, two)
            assert databases() == [database]
            (web, *_) = place.containers()
            found = ask(docker(), 'exec', web, 'getent', 'hosts', 'db')
            assert found.returncode == 0, found.stderr  # in the same network, by its name
            await target.scale(one, 0)
            await target.scale(two, 0)
            assert databases() == [database]  # data is not for us to end

    play(tmp_path, scene)


def test_after_stop_nothing_runs_and_volumes_are_there(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        place.file['services']['web'] = {**SERVICE, 'volumes': ['uploads:/uploads']}
        place.file['volumes'] = {'uploads': {}}
        async with place.open() as target:
            await started(target, revision(1, place.version('v1')))
            await target.route(ONE)
            await target.stop()
        assert place.containers() == []
        label = f'label=liftlock.shared={place.names.base}'
        kinds = {
            kind: ask(docker(), kind, 'ls', '--quiet', '--filter', label).stdout.split()
            for kind in ('network', 'volume')
        }
        assert kinds == {'network': [], 'volume': [f'{place.names.base}_uploads']}

    play(tmp_path, scene)


def test_an_image_is_pulled_by_its_digest_and_is_what_runs(tmp_path: Path) -> None:
    async def scene(place: Services, registry: Registry) -> None:
        engine = docker()
        name = f'{registry.host}/shop:latest'
        async with place.open() as target:
            await target.prepare(revision(1, place.version('v1')))
        built = ask(engine, 'images', '--quiet', f'liftlock/{place.names.base}').stdout.split()[0]
        ask(engine, 'tag', built, name)
        pushed = ask(engine, 'push', name)
        assert pushed.returncode == 0, pushed.stderr
        digest = pushed.stdout.rpartition('digest: ')[2].split()[0]
        wanted = f'{registry.host}/shop@{digest}'
        ask(engine, 'rmi', '--force', built)
        try:
            async with place.open() as target:
                version = Version('v2', commit='2' * 40, image=wanted)
                made = revision(2, version)
                assert f'pulled {wanted}' in await target.prepare(made)
                await started(target, made)
                (one,) = place.containers()
                image = json.loads(ask(engine, 'inspect', one).stdout)[0]['Image']
                ids = ask(engine, 'inspect', '--format', '{{.Id}}', wanted).stdout.strip()
                assert image == ids
                assert 'already' in await target.prepare(made)
        finally:
            await asyncio.to_thread(place.end)
            ask(engine, 'rmi', '--force', wanted, name)

    async def played() -> None:
        registry = Registry(tmp_path / 'registry')
        try:
            async with open_compose(tmp_path) as place:
                await scene(place, registry)
        finally:
            registry.close()

    asyncio.run(played())


def test_without_a_health_check_whoever_listens_is_ready(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        service = {key: value for key, value in SERVICE.items() if key != 'healthcheck'}
        place.file['services']['web'] = service
        async with place.open() as target:
            made = revision(1, place.version('v1'), {'START': '3'})
            await target.prepare(made)
            await target.scale(made, 1)
            (one,) = (await target.look()).instances
            assert (one.alive, one.ready) == (True, False)
            await ready(target, 'r1', 1)

    play(tmp_path, scene)


def test_a_file_that_says_too_little_is_told_before_anything_runs(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        place.file['services']['web'] = {**SERVICE, 'ports': ['1:8080', '2:9090']}
        async with place.open() as target:
            with pytest.raises(Trouble, match='ports 8080, 9090') as raised:
                await target.prepare(revision(1, place.version('v1')))
            assert 'port: 8080' in raised.value.hint
        async with place.open(port=8080, file='other.yaml') as target:
            with pytest.raises(Trouble, match=r'v1 has no other\.yaml'):
                await target.prepare(revision(1, place.version('v1')))
        assert place.containers() == []

    play(tmp_path, scene)


def test_a_build_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    async def scene(place: Services) -> None:
        place.file['services']['web'] = {**SERVICE, 'build': {'context': '.', 'target': 'none'}}
        async with place.open() as target:
            with pytest.raises(Trouble, match=r'compose: .*none'):
                await target.prepare(revision(1, place.version('v1')))

    play(tmp_path, scene)
