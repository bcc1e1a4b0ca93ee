"""The user's own commands deploy, are looked after, and are ended with all they have started."""

import asyncio
import os
from pathlib import Path

import pytest

from liftlock.language.settings import model
from liftlock.rollout.sight import Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.command import Command, leftovers
from liftlock.targets.whole import BEFORE
from places.command import SETTINGS, CommandPlace, open_command
from places.place import look_until, revision, settle

SECRET = 'correct-horse-battery'


@pytest.fixture
def place(tmp_path: Path) -> CommandPlace:
    with open_command(tmp_path) as opened:
        return opened


async def deploy(
    place: CommandPlace, target: Command, number: int = 1, name: str = 'v1', **env: str
) -> str:
    made = Revision(f'r{number}', place.version(name), {**place.env, **env}, ('SECRET',))
    await target.prepare(made)
    return await target.apply(made, back=False)


def log(place: CommandPlace, operation: str) -> list[str]:
    return (place.root / 'state/operations' / operation / 'log').read_text().splitlines()


class Clock:
    """Time that goes on with every question, so that nothing is too young to be asked again."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 60
        return self.now


# --- what commands are told


def test_a_command_runs_in_the_commits_files_and_is_told_what_to_deploy(
    place: CommandPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('OF_THE_SUPERVISOR', 'x')
    command = (
        'cat version; echo "$VERSION $COMMIT $ENVIRONMENT $REVISION $PREVIOUS_VERSION $IMAGE"; '
        'echo "${OF_THE_SUPERVISOR-unknown} $MODE"'
    )
    version = place.version('v2')._replace(image='shop@sha256:1')

    async def scene() -> None:
        target = place.open(model.Command(command))
        await deploy(place, target)
        made = Revision('r2', version, {'MODE': 'production'})
        await target.prepare(made)
        await target.apply(made, back=False)

    asyncio.run(scene())
    assert log(place, 'r2-deploy-2') == [
        'v2',
        f'v2 {version.commit} production r2 v1 shop@sha256:1',
        'unknown production',
    ]


def test_secrets_are_hidden_in_what_is_kept_and_told(place: CommandPlace) -> None:
    settings = model.Command('echo "key $SECRET"; printf %s "$SECRET" | base64; exit 3')

    async def scene() -> Sight:
        target = place.open(settings)
        with pytest.raises(Trouble, match='deploy of v1: exit code 3') as caught:
            await deploy(place, target, SECRET=SECRET)
        assert SECRET not in str(caught.value)
        return await target.look()

    assert SECRET not in asyncio.run(scene()).failed
    assert log(place, 'r1-deploy-1') == ['key ***', '***']
    for file in (place.root / 'state').rglob('*'):
        assert file.is_dir() or SECRET not in file.read_text()


def test_secrets_are_hidden_in_what_status_says(place: CommandPlace) -> None:
    settings = model.Command('true', status='echo "$SECRET"')

    async def scene() -> Sight:
        target = place.open(settings)
        await deploy(place, target, SECRET=SECRET)
        return await look_until(target, lambda seen: 'status' in seen.message)

    assert asyncio.run(scene()).message == 'status says ***'


def test_a_failing_line_fails_the_command_and_its_last_words_are_told(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(model.Command('echo no room left\nfalse\necho not reached'))
        with pytest.raises(Trouble, match='deploy of v1: exit code 1: no room left') as caught:
            await deploy(place, target)
        assert 'r1-deploy-1/log' in caught.value.hint
        assert (await target.look()).failed == 'deploy of v1: exit code 1: no room left'

    asyncio.run(scene())


# --- how a deployment ends


def test_without_verify_and_status_it_has_settled_when_deploy_has(place: CommandPlace) -> None:
    async def scene() -> Sight:
        target = place.open(model.Command('true'))
        await deploy(place, target)
        return await target.look()

    seen = asyncio.run(scene())
    assert (seen.revision, seen.settled) == ('r1', True)


def test_it_settles_when_verify_succeeds(place: CommandPlace) -> None:
    settings = model.Command('true', verify='echo asked >> $PLACE/asked; test -e $PLACE/ready')

    async def scene() -> None:
        target = place.open(settings, clock=Clock())
        await deploy(place, target)
        seen = await look_until(target, lambda seen: bool(seen.message))
        assert not seen.settled
        (place.there / 'ready').touch()
        assert (await settle(target)).settled
        asked = (place.there / 'asked').read_text()
        for _ in range(3):
            assert (await target.look()).settled
        assert (
            place.there / 'asked'
        ).read_text() == asked  # a test suite is run no more than it must

    asyncio.run(scene())


def test_a_slow_verify_does_not_hold_up_a_look(place: CommandPlace) -> None:
    settings = model.Command('true', verify='while test ! -e $PLACE/ready; do sleep 0.05; done')

    async def scene() -> None:
        target = place.open(settings)
        await deploy(place, target)
        seen = await target.look()
        assert (seen.revision, seen.settled) == ('r1', False)
        (place.there / 'ready').touch()
        assert (await settle(target)).settled

    asyncio.run(scene())


def test_closing_ends_a_question(place: CommandPlace) -> None:
    settings = model.Command('true', verify='echo $$ > $PLACE/pid; exec sleep 1000')

    async def scene() -> None:
        target = place.open(settings)
        await deploy(place, target)
        while not (place.there / 'pid').exists():
            await target.look()
        await target.close()

    asyncio.run(scene())
    assert not Path('/proc', (place.there / 'pid').read_text().strip()).exists()


def test_status_may_say_the_commit(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(model.Command('true', status='echo; echo $COMMIT | cut -c-7; echo'))
        await deploy(place, target)
        assert (await settle(target)).settled

    version = place.version('v1')
    assert version.commit[:7] == '0000000'
    asyncio.run(scene())


def test_what_somebody_else_deploys_is_told(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(clock=Clock())
        await deploy(place, target)
        await settle(target)
        (place.there / 'live').write_text('v9\n')
        seen = await look_until(target, lambda seen: not seen.settled)
        assert seen.message == 'somebody else has deployed: status says v9'
        assert (seen.revision, seen.failed) == ('', '')

    asyncio.run(scene())


# --- going back


def test_rollback_is_told_where_to(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open()
        await deploy(place, target)
        await deploy(place, target, 2, 'v2')
        await target.apply(revision(1, place.version('v1'), place.env), back=True)

    asyncio.run(scene())
    assert place.calls() == ['deploy v1 r1 ', 'deploy v2 r2 v1', 'rollback v1 r1 v2']


def test_without_a_rollback_the_older_version_is_deployed(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(SETTINGS._replace(rollback=''))
        await deploy(place, target)
        await deploy(place, target, 2, 'v2')
        await target.apply(revision(1, place.version('v1'), place.env), back=True)
        assert (await settle(target)).revision == 'r1'

    asyncio.run(scene())
    assert place.calls()[-1] == 'deploy v1 r1 v2'
    assert place.running() == 'v1'


def test_files_that_were_tidied_away_are_laid_down_again(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(SETTINGS._replace(rollback=''))
        await deploy(place, target)
        await deploy(place, target, 2, 'v2')
        files = place.root / 'state/files' / place.version('v1').id
        (files / 'version').unlink()
        files.rmdir()
        await target.apply(revision(1, place.version('v1'), place.env), back=True)

    asyncio.run(scene())
    assert place.running() == 'v1'


def test_what_was_there_before_can_be_gone_back_to(place: CommandPlace) -> None:
    (place.there / 'live').write_text('v0.9\n')

    async def scene() -> None:
        target = place.open()
        await target.prepare(revision(1, place.version('v1'), place.env))
        assert await target.adopt() == Version('v0.9')
        await deploy(place, target)
        before = await place.open().adopt()
        assert before == Version('v0.9')
        await target.apply(Revision(BEFORE, before, place.env), back=True)
        assert (await settle(target)).revision == BEFORE

    asyncio.run(scene())
    assert place.calls() == ['deploy v1 r1 v0.9', 'rollback v0.9 r0 v1']


def test_without_status_nothing_is_known_to_have_been_there(place: CommandPlace) -> None:
    target = place.open(model.Command('true'))
    assert asyncio.run(target.adopt()) is None


# --- ended


ENDLESS = """
sleep 1000 &
echo $! > $PLACE/child
setsid sh -c 'echo $$ > $PLACE/escaped; exec sleep 1000' &
while test ! -s $PLACE/escaped; do sleep 0.02; done
echo $$ > $PLACE/leader
wait
"""


def words(path: Path) -> str:
    return path.read_text().strip() if path.exists() else ''


async def appear(path: Path) -> None:
    for _ in range(600):
        if words(path):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f'{path} has never appeared')


def alive(place: CommandPlace) -> list[str]:
    found = []
    for name in ('leader', 'child', 'escaped'):
        stat = Path('/proc', (place.there / name).read_text().strip(), 'stat')
        if stat.exists() and ') Z ' not in stat.read_text():
            found.append(name)
    return found


def test_a_command_that_nobody_waits_for_is_ended_with_its_children(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(model.Command(ENDLESS))
        task = asyncio.create_task(deploy(place, target))
        await appear(place.there / 'leader')
        assert alive(place) == ['leader', 'child', 'escaped']
        seen = await target.look()
        assert (seen.revision, seen.message) == ('r1', 'deploy of v1 is running')
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert alive(place) == []
        assert (await target.look()).failed == 'deploy of v1: it was cancelled'

    asyncio.run(scene())


def test_a_command_that_takes_too_long_is_ended(place: CommandPlace) -> None:
    async def scene() -> None:
        target = place.open(model.Command(ENDLESS), deadline=1.0)
        with pytest.raises(Trouble, match='deploy of v1: it was ended after 1 s'):
            await deploy(place, target)

    asyncio.run(scene())
    assert alive(place) == []


def test_what_a_deployment_leaves_running_goes_on(place: CommandPlace) -> None:
    command = 'setsid sleep 1000 > /dev/null 2>&1 & echo $! > $PLACE/server'

    async def scene() -> None:
        await deploy(place, place.open(model.Command(command)))

    asyncio.run(scene())
    pid = int((place.there / 'server').read_text())
    assert Path('/proc', str(pid), 'stat').exists()
    os.kill(pid, 9)


def test_what_holds_the_output_does_not_hold_up_the_deployment(place: CommandPlace) -> None:
    command = 'sleep 1000 & echo $! > $PLACE/server; echo done'

    async def scene() -> None:
        target = place.open(model.Command(command))
        await asyncio.wait_for(deploy(place, target), 30)
        assert (await target.look()).settled

    asyncio.run(scene())
    assert log(place, 'r1-deploy-1') == ['done']
    os.kill(int((place.there / 'server').read_text()), 9)


# --- lines


def test_lines_are_told_while_it_runs(place: CommandPlace) -> None:
    command = 'echo one; while test ! -e $PLACE/go; do sleep 0.02; done; echo two; printf three'

    async def scene() -> list[str]:
        target = place.open(model.Command(command))
        task = asyncio.create_task(deploy(place, target))
        await appear(place.root / 'state/operations/r1-deploy-1/log')
        found = []
        async for line in target.logs('r1', follow=True, previous=False):
            found.append(line)
            (place.there / 'go').touch()
        await task
        return found

    assert asyncio.run(scene()) == [f'r1-deploy-1 {word}' for word in ('one', 'two', 'three')]


def test_lines_of_earlier_operations_are_previous(place: CommandPlace) -> None:
    async def scene() -> list[list[str]]:
        target = place.open(model.Command('echo $VERSION', rollback='echo back'))
        await deploy(place, target)
        await deploy(place, target, 2, 'v2')
        await target.apply(revision(1, place.version('v1')), back=True)
        return [
            [line async for line in target.logs('r1', follow=False, previous=previous)]
            for previous in (False, True)
        ]

    assert asyncio.run(scene()) == [['r1-rollback-3 back'], ['r1-deploy-1 v1']]


# --- what cannot be


@pytest.mark.parametrize('strategy', [model.BlueGreen(), model.Canary(), model.Rolling()])
def test_only_direct_is_possible(place: CommandPlace, strategy: model.Strategy) -> None:
    with pytest.raises(Trouble, match='is not possible on target `command`'):
        place.open(strategy=strategy)


def test_without_a_shell_nothing_is_prepared(
    place: CommandPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('PATH', str(place.root))
    with pytest.raises(Trouble, match='no shell') as caught:
        asyncio.run(place.open().prepare(revision(1, place.version('v1'))))
    assert caught.value.hint


def test_files_that_cannot_be_laid_down_leave_nothing(place: CommandPlace) -> None:
    async def lay(version: Version, directory: Path) -> None:
        (directory / 'half').touch()
        raise Trouble('the commit is gone')

    with pytest.raises(Trouble, match='the commit is gone'):
        asyncio.run(place.open(lay=lay).prepare(revision(1, place.version('v1'))))
    assert list((place.root / 'state/files').iterdir()) == []


def test_marks_are_found_in_our_own_processes_only(place: CommandPlace) -> None:
    assert leftovers.find('nobody has this mark') == []
