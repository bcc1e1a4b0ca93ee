"""Programs on this machine: real processes, a real Envoy, and owners that are killed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from e2e.delivery.router.scene import Client
from liftlock.language.settings.model import HealthCheck, Process
from liftlock.rollout.sight import Instance, Routes
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import ProcessTarget, ports, procfs, releases
from places.process import Programs, lay, open_process
from places.replicas import ready, revision, until

TESTS: Final = Path(__file__).parents[2]
OWNER: Final = TESTS / 'places' / 'owner.py'


@pytest.fixture
def play(tmp_path: Path) -> Callable[..., None]:
    def played(scene: Callable[[Programs], Awaitable[None]]) -> None:
        async def all_of_it() -> None:
            async with open_process(tmp_path) as place:
                await scene(place)

        asyncio.run(all_of_it())

    return played


async def start(
    target: ProcessTarget, place: Programs, number: int, name: str, count: int = 1, **env: str
) -> None:
    made = revision(number, place.version(name), env)
    await target.prepare(made)
    await target.scale(made, count)


def alive(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is not None and found.alive


async def only(target: ProcessTarget) -> Instance:
    (one,) = (await target.look()).instances
    return one


async def busy(instance: Instance) -> str:
    client = Client(urlsplit(f'http://{instance.address}').port or 0)
    try:
        return (await client.get('/busy')).text
    finally:
        await client.close()


class Load:
    """Clients that ask without a pause, each over one connection that it keeps."""

    def __init__(self, address: str) -> None:
        self.port = urlsplit(address).port or 0
        self.answers: Counter[str] = Counter()

    @asynccontextmanager
    async def running(self, clients: int = 4) -> AsyncIterator['Load']:
        tasks = [asyncio.create_task(self._ask()) for _ in range(clients)]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self) -> None:
        client = Client(self.port)
        try:
            while True:
                self.answers[await self._answer(client)] += 1
                await asyncio.sleep(0.002)
        finally:
            await client.close()

    async def _answer(self, client: Client) -> str:
        try:
            answer = await client.get()
        except (OSError, asyncio.IncompleteReadError) as error:
            await client.close()
            return type(error).__name__
        return answer.text if answer.status == 200 else str(answer.status)

    async def more(self, who: str, count: int = 50) -> None:
        """Until so many more answers have come from there."""
        wanted = self.answers[who] + count

        async def there() -> bool:
            return self.answers[who] >= wanted

        await until(there, f'{count} more answers of {who}; so far {self.answers}')


# --- traffic


def test_ten_switches_under_load_fail_no_request(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        health = HealthCheck('/health')
        target = place.target(health)
        await start(target, place, 1, 'v1', 2)
        await ready(target, 'r1', 2)
        await target.route(Routes((('r1', 100),)))
        async with Load(target.address()).running() as load:
            await load.more('v1')
            for number in range(2, 12):
                old, new = f'r{number - 1}', f'r{number}'
                await start(target, place, number, f'v{number}', 2)
                await ready(target, new, 2)
                await target.route(Routes(((old, 100),), preview=new))
                await target.route(Routes(((new, 100),)))
                await target.scale(revision(number - 1, place.version('old')), 0)
                await load.more(f'v{number}', 20)
        assert set(load.answers) == {f'v{number}' for number in range(1, 12)}
        assert await place.running() == 2
        await target.close()

    play(scene)


def test_one_of_two_is_killed_and_nobody_notices(play: Callable[..., None]) -> None:
    """Requests that were in its hands are lost with it: none are, here, at that moment."""

    async def scene(place: Programs) -> None:
        target = place.target(HealthCheck('/health'))
        await start(target, place, 1, 'v1', 2)
        before = await ready(target, 'r1', 2)
        await target.route(Routes((('r1', 100),)))
        victim = before.instances[0]
        await place.kill(victim)

        async def noticed() -> bool:
            (mine,) = [one for one in (await target.look()).instances if one.id == victim.id]
            return not mine.alive and 'was killed by SIGKILL: r1 listens' in mine.message

        await until(noticed, 'it is told how it died')
        async with Load(target.address()).running() as load:
            await load.more('v1', 200)
            after = await ready(target, 'r1', 2)
            await load.more('v1', 200)
        assert set(load.answers) == {'v1'}
        assert [one.restarts for one in after.instances] == [1, 0]
        assert after.instances[0].pid != victim.pid
        assert after.instances[0].address == victim.address
        await target.close()

    play(scene)


def test_the_router_listens_where_the_settings_say(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        listen = ports.free(())
        async with place.open(listen=listen) as target:
            await start(target, place, 1, 'v1')
            await ready(target, 'r1', 1)
            await target.route(Routes((('r1', 100),)))
            assert target.address() == f'http://127.0.0.1:{listen}'
            assert target.address(preview=True) != target.address()
            async with Load(target.address()).running(1) as load:
                await load.more('v1', 5)
            assert set(load.answers) == {'v1'}

    play(scene)


def test_a_request_that_never_ends_is_waited_for_no_longer_than_the_grace(
    play: Callable[..., None],
) -> None:
    async def scene(place: Programs) -> None:
        async with place.open(grace=0.5) as target:
            await start(target, place, 1, 'v1', 2)
            await ready(target, 'r1', 2)
            await target.route(Routes((('r1', 100),)))
            client = Client(urlsplit(target.address()).port or 0)
            endless = asyncio.create_task(client.get('/slow/600'))

            async def under_way() -> bool:
                found = [await busy(one) for one in (await target.look()).instances]
                return '1' in found

            try:
                await until(under_way, 'it is being answered')
                await target.scale(revision(1, place.version('v1')), 0)
                assert not place.marked()
                assert (await endless).status == 503
            finally:
                await client.close()

    play(scene)


# --- misbehaviour


def test_who_crashes_again_and_again_is_given_longer_pauses(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        target = place.target()
        await start(target, place, 1, 'v1', 1, CRASH='3')
        died: list[float] = []

        async def three_times() -> bool:
            one = await only(target)
            if one.restarts > len(died):
                died.append(one.since)
                assert not one.alive
                assert 'exited with code 3: there is no database; starts again' in one.message
            return one.restarts == 3

        await until(three_times, 'it has died three times')
        assert died[1] - died[0] >= 1
        assert died[2] - died[1] >= 2
        await target.scale(revision(1, place.version('v1')), 0)
        assert (await target.look()).instances == ()
        await target.close()

    play(scene)


def test_what_cannot_be_found_is_told_like_any_death(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        target = place.target(command='./no-such-program --port $PORT')
        await start(target, place, 1, 'v1')

        async def told() -> bool:
            return 'exited with code 127' in (await only(target)).message

        await until(told, 'the shell says what it could not find')
        assert 'no-such-program' in (await only(target)).message
        await target.close()

    play(scene)


def test_who_does_not_listen_yet_gets_no_traffic(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        target = place.target()
        await start(target, place, 1, 'v1', 1)
        await ready(target, 'r1', 1)
        await target.route(Routes((('r1', 100),)))
        async with Load(target.address()).running() as load:
            await target.scale(revision(1, place.version('v1'), {'START': '0.5'}), 3)
            seen = await target.look()
            assert sum(one.ready is None for one in seen.instances) == 2
            await ready(target, 'r1', 3)
            await load.more('v1')
        assert set(load.answers) == {'v1'}
        await target.close()

    play(scene)


def test_who_does_not_heed_is_killed_after_the_grace_with_all_it_started(
    play: Callable[..., None],
) -> None:
    async def scene(place: Programs) -> None:
        target = place.target(grace=0.5)
        await start(target, place, 1, 'v1', 1, DEAF='1')
        await ready(target, 'r1', 1)
        family = set(place.marked())
        assert len(family) == 2
        assert len({told.session for pid in family if (told := procfs.stat(pid))}) == 2
        began = time.monotonic()
        await target.scale(revision(1, place.version('v1')), 0)
        assert time.monotonic() - began >= 0.5
        assert not [pid for pid in family if alive(pid)]
        assert not place.marked()
        await target.close()

    play(scene)


def test_a_shell_of_several_commands_ends_with_them(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        target = place.target(command=f'true && {sys.executable} app.py; echo over')
        await start(target, place, 1, 'v1')
        await ready(target, 'r1', 1)
        await target.scale(revision(1, place.version('v1')), 0)
        assert not place.marked()
        said = [line async for line in target.logs('r1', follow=False, previous=True)]
        assert 'r1-1 | ends as it was asked to' in said
        await target.close()

    play(scene)


def test_nobody_is_started_with_what_its_owner_knows(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(place: Programs) -> None:
        target = place.target(command='exec env', env={'OURS': 'a', 'BOTH': 'settings'})
        made = revision(1, place.version('v1'), {'BOTH': 'revision', 'TOKEN': 'hush-hush'})
        made = made._replace(secrets=('TOKEN',))
        await target.prepare(made)
        await target.scale(made, 1)

        async def lines() -> set[str]:
            found = target.logs('r1', follow=False, previous=False)
            return {line.removeprefix('r1-1 | ') async for line in found}

        async def printed() -> bool:
            return any(line.startswith('PORT=') for line in await lines())

        await until(printed, 'it has printed its environment')
        found = await lines()
        assert {'OURS=a', 'BOTH=revision', 'HOST=127.0.0.1', 'TOKEN=***'} <= found
        assert f'HOME={place.directory}/home' in found
        assert 'LIFTLOCK_ENVIRONMENT=shop' in found
        assert not [line for line in found if 'OWNERS_OWN' in line]
        await target.close()

    monkeypatch.setenv('OWNERS_OWN', 'x')
    play(scene)


# --- releases


def test_a_version_is_prepared_once_and_cannot_be_written_afterwards(
    play: Callable[..., None],
) -> None:
    async def scene(place: Programs) -> None:
        prepare = 'echo $PWD > place; echo one >> $HOME/count; echo "the token is $TOKEN"'
        target = place.target(prepare=prepare)
        made = revision(1, place.version('v1'), {'TOKEN': 'hush-hush'})
        made = made._replace(secrets=('TOKEN',))
        await target.prepare(made)
        await target.prepare(made._replace(name='r2'))
        release = releases.name(made.version, prepare)
        laid = place.directory / 'releases' / release
        assert (laid / 'place').read_text().strip() == str(laid)
        assert (place.directory / 'home' / 'count').read_text() == 'one\n'
        assert not (laid / 'place').stat().st_mode & 0o222
        assert not laid.stat().st_mode & 0o222
        log = place.directory / 'logs' / f'prepare-{release}.log'
        assert log.read_text() == 'the token is ***\n'
        await target.close()
        async with place.open(prepare=f'{prepare}; true') as other:
            await other.prepare(made)
        assert (place.directory / 'home' / 'count').read_text() == 'one\none\n'

    play(scene)


def test_what_could_not_be_prepared_leaves_nothing_and_says_why(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async with place.open(prepare='echo half > file; echo no such package; exit 9') as target:
            with pytest.raises(Trouble, match='exit code 9: no such package') as raised:
                await target.prepare(revision(1, place.version('v1')))
            assert 'prepare-' in raised.value.hint
            assert list((place.directory / 'releases').iterdir()) == []
            with pytest.raises(Trouble, match='is not prepared'):
                await target.scale(revision(1, place.version('v1')), 1)

    play(scene)


def test_nothing_that_prepare_started_outlives_it(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async with place.open(prepare='sleep 600 & setsid sleep 600 & echo ready') as target:
            await target.prepare(revision(1, place.version('v1')))
            assert not place.marked()

    play(scene)


def test_who_is_broken_off_while_preparing_leaves_nothing(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        prepare = 'setsid sleep 600 & echo begun > $HOME/begun; sleep 600'
        async with place.open(prepare=prepare) as target:
            working = asyncio.create_task(target.prepare(revision(1, place.version('v1'))))

            async def begun() -> bool:
                return (place.directory / 'home' / 'begun').exists()

            await until(begun, 'it is being prepared')
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
            assert not place.marked()
            assert list((place.directory / 'releases').iterdir()) == []

    play(scene)


def test_old_releases_go_but_not_those_in_use(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1')
            for number in range(2, 10):
                await target.prepare(revision(number, place.version(f'v{number}')))
            names = {path.name for path in (place.directory / 'releases').iterdir()}
            kept = [place.version(f'v{number}').id for number in (1, 5, 6, 7, 8, 9)]
            assert names == {*kept, *(f'{name}.json' for name in kept)}

    play(scene)


def test_files_that_cannot_be_laid_are_told_and_forgotten(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async def broken(version: Version, directory: Path) -> None:
            await lay(version, directory)
            raise Trouble('the artifact is damaged')

        target = place.target(None, broken)
        with pytest.raises(Trouble, match='damaged'):
            await target.prepare(revision(1, place.version('v1')))
        assert list((place.directory / 'releases').iterdir()) == []
        await target.close()

    play(scene)


# --- owners that are killed


def own(place: Programs, point: str, **settings: str) -> 'subprocess.Popen[str]':
    """Another process looks after the place. The router is let go of for it."""
    words = [f'{name}={value}' for name, value in settings.items()]
    return subprocess.Popen(
        (sys.executable, OWNER, place.root, point, *words),
        env={**os.environ, 'PYTHONPATH': f'{TESTS.parent / "src"}:{TESTS}'},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize('seed', range(3))
def test_an_owner_that_is_killed_at_any_instant_leaves_only_what_the_next_finds(
    play: Callable[..., None], seed: int
) -> None:
    async def scene(place: Programs) -> None:
        chance = random.Random(seed)
        for _ in range(4):
            await place.router.close()
            with own(place, f'restless-{seed}') as owner:
                assert owner.stdout is not None
                for _ in range(chance.randint(1, 20)):
                    await asyncio.to_thread(owner.stdout.readline)
                await asyncio.sleep(chance.random() / 20)  # anywhere within what it does
                owner.kill()
            await until(lambda: opened(place), 'the router is free')
            async with place.open(grace=1.0) as target:
                seen = await target.look()
                assert place.marked().keys() <= {one.pid for one in seen.instances}
                names = {path.name for path in (place.directory / 'releases').iterdir()}
                whole = {name for name in names if f'{name}.json' in names}
                assert names == whole | {f'{name}.json' for name in whole}
        async with place.open(grace=1.0) as target:
            await target.stop()
            assert not place.marked()

    play(scene)


async def killed(place: Programs, point: str) -> None:
    """Returns when the owner has killed itself at that point."""
    await place.router.close()
    with own(place, point) as owner:
        code = await asyncio.to_thread(owner.wait, 60)
    assert code == -signal.SIGKILL
    await until(lambda: opened(place), 'the router is free')


async def opened(place: Programs) -> bool:
    with suppress(Trouble):  # a child that has not become what it is to be holds it, too
        await place.router.open()
        return True
    return False


@pytest.mark.parametrize('point', ['intent', 'fork', 'start', 'record'])
def test_whatever_an_owner_was_doing_when_it_was_killed_nothing_is_started_twice_or_lost(
    play: Callable[..., None], point: str
) -> None:
    async def scene(place: Programs) -> None:
        await killed(place, point)
        left = dict(place.marked())
        async with place.open() as target:
            await target.scale(revision(1, place.version('v1')), 2)
            seen = await ready(target, 'r1', 2)
            pids = {one.pid for one in seen.instances}
            assert set(place.marked()) == pids
            assert len(pids) == 2
            assert left.keys() <= pids
            if point in ('start', 'record'):
                assert left
            assert all(one.restarts == 0 for one in seen.instances)
            await target.scale(revision(1, place.version('v1')), 0)
            assert not place.marked()

    play(scene)


def test_who_is_adopted_serves_all_the_while_and_is_replaced_when_it_dies(
    play: Callable[..., None],
) -> None:
    async def scene(place: Programs) -> None:
        await place.router.close()
        with own(place, 'never') as owner:
            assert owner.stdout is not None
            assert await asyncio.to_thread(owner.stdout.readline) == 'done\n'
            before = dict(place.marked())
            address = place.target().address()
            async with Load(address).running() as load:
                await load.more('v1')
                owner.kill()
                await asyncio.to_thread(owner.wait)
                await load.more('v1')
                await place.router.open()
                target = place.target()
                seen = await ready(target, 'r1', 2)
                await load.more('v1')
            assert set(load.answers) == {'v1'}
            assert {one.pid for one in seen.instances} == set(before)
        await place.kill(seen.instances[1])

        async def told() -> str:
            (mine,) = [one for one in (await target.look()).instances if one.id == 'r1-2']
            return '' if mine.alive else mine.message

        assert 'its exit code is unknown' in await until(told, 'its death is told')
        await target.scale(revision(1, place.version('v1')), 2)  # with its variables
        seen = await ready(target, 'r1', 2)
        assert [one.restarts for one in seen.instances] == [0, 1]
        await target.stop()
        assert not place.marked()

    play(scene)


def test_who_died_while_nobody_watched_is_replaced(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1', 1, DEAF='1')
            before = (await ready(target, 'r1', 1)).instances[0]
            family = set(place.marked())
        await place.kill(before)
        await asyncio.to_thread(os.waitpid, before.pid, 0)
        async with place.open() as target:
            made = revision(1, place.version('v1'))
            await target.scale(made, 1)

            async def replaced() -> bool:
                return (await only(target)).restarts == 1

            await until(replaced, 'it is noticed')
            assert 'while nobody watched' in (await only(target)).message
            await ready(target, 'r1', 1)
            assert not [pid for pid in family if alive(pid)], 'its grandchild is gone, too'

    play(scene)


def test_another_process_with_the_number_of_a_dead_one_is_nobody(
    play: Callable[..., None],
) -> None:
    async def scene(place: Programs) -> None:
        async with place.open() as target:
            await start(target, place, 1, 'v1')
            before = (await ready(target, 'r1', 1)).instances[0]
        os.kill(before.pid, signal.SIGKILL)
        await asyncio.to_thread(os.waitpid, before.pid, 0)
        bystander = await asyncio.create_subprocess_exec('sleep', '600')
        path = place.directory / 'instances' / 'r1-1.json'
        path.write_text(path.read_text().replace(str(before.pid), str(bystander.pid)))
        try:
            async with place.open() as target:
                await target.scale(revision(1, place.version('v1')), 1)
                seen = await ready(target, 'r1', 1)
                assert seen.instances[0].pid not in (before.pid, bystander.pid)
                await target.scale(revision(1, place.version('v1')), 0)
            assert alive(bystander.pid)
        finally:
            bystander.kill()
            await bystander.wait()

    play(scene)


def test_who_was_being_ended_is_ended_by_whoever_comes_next(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async with place.open(grace=60.0) as target:
            await start(target, place, 1, 'v1', 1, DEAF='1')
            await ready(target, 'r1', 1)
            made = revision(1, place.version('v1'))
            ending = asyncio.create_task(target.scale(made, 0))

            async def written() -> bool:
                path = place.directory / 'instances' / 'r1-1.json'
                return '"stopping": true' in path.read_text()

            await until(written, 'it is kept that it is to end')
        with pytest.raises(Trouble, match='somebody else'):
            await ending
        assert len(place.marked()) == 2
        async with place.open(grace=0.2) as target:
            await until(lambda: gone(target), 'nobody is left')
            assert not place.marked()

    async def gone(target: ProcessTarget) -> bool:
        return not (await target.look()).instances

    play(scene)


def test_an_owner_that_is_killed_while_preparing_leaves_nothing_to_the_next(
    play: Callable[..., None],
) -> None:
    async def scene(place: Programs) -> None:
        await place.router.close()
        prepare = 'echo half > file; echo begun > $HOME/begun; sleep 600'
        with own(place, 'never', prepare=prepare) as owner:

            async def begun() -> bool:
                return (place.directory / 'home' / 'begun').exists()

            await until(begun, 'it is being prepared')
            owner.kill()
        assert place.marked()
        assert list((place.directory / 'releases').iterdir())
        await place.router.open()
        async with place.open() as target:
            assert (await target.look()).instances == ()
            assert not place.marked()
            assert list((place.directory / 'releases').iterdir()) == []
            await start(target, place, 1, 'v1')
            await ready(target, 'r1', 1)

    play(scene)


def test_only_one_looks_after_the_instances(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(place: Programs) -> None:
        async with place.open() as target:
            await target.look()
            with pytest.raises(Trouble, match='another process looks after') as raised:
                await place.target().look()
            assert raised.value.again
        async with place.open() as target:
            await target.look()

    monkeypatch.setattr('liftlock.targets.process.ownership._TRIES', 3)
    play(scene)


# --- what it costs


def test_a_look_at_twenty_is_cheap(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        async with place.open(command='exec sleep 600', grace=1.0) as target:
            await start(target, place, 1, 'v1', 20)

            async def all_there() -> bool:
                return all(one.memory > 0 for one in (await target.look()).instances)

            await until(all_there, 'all run')
            spent = time.process_time()  # of ours alone, however busy the machine is
            for _ in range(50):
                await target.look()
            assert (time.process_time() - spent) / 50 < 0.01

    play(scene)


def test_how_much_an_instance_uses_is_told(play: Callable[..., None]) -> None:
    async def scene(place: Programs) -> None:
        command = f'{sys.executable} -c "while True: pass"'
        async with place.open(command=command, grace=1.0) as target:
            await start(target, place, 1, 'v1')

            async def busy() -> bool:
                return (await only(target)).cpu > 5

            await until(busy, 'it is seen to be busy')
            assert (await only(target)).memory > 1_000_000

    play(scene)


def test_a_log_that_grows_too_large_is_cut_while_its_application_writes(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(place: Programs) -> None:
        command = 'i=0; while true; do i=$((i+1)); echo line $i; sleep 0.001; done'
        async with place.open(command=command, grace=0.2) as target:
            await start(target, place, 1, 'v1')
            found: list[int] = []

            async def follow() -> None:
                async for line in target.logs('r1', follow=True, previous=False):
                    found.append(int(line.split()[-1]))

            async def enough() -> bool:
                return len(found) > 1500

            following = asyncio.create_task(follow())
            await until(enough, 'lines are read')
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            (log,) = (place.directory / 'logs').glob('r1-1-*.log')
            assert log.with_name(f'{log.name}.1').exists()
            assert log.stat().st_size < 20_000
            assert found == sorted(set(found)), 'each at most once, and in order'
            assert len(found) / found[-1] > 0.9

    monkeypatch.setattr('liftlock.targets.process.upkeep._PAUSE', 0.05)
    monkeypatch.setattr('liftlock.targets.process.upkeep.LARGEST', 4000)
    play(scene)


def test_elsewhere_than_on_linux_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, 'platform', 'darwin')
    with pytest.raises(Trouble, match='needs Linux'):
        ProcessTarget(Process('x'), 'shop', tmp_path, Router(tmp_path), None, lay)
