"""A supervisor that is frozen, followed by another, or has no room to write; and many who ask."""

import json
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from crash.customers import customers, failures
from crash.shop import PATIENCE, Shop, opened, until
from liftlock.engine.delivery import alive, calls
from liftlock.errors import UserError

SMALL = 8192  # bytes; the database is larger
FOREVER = resource.RLIM_INFINITY


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp('shop')) as shop:
        del shop.env['DEATHS']  # nobody is to die by himself
        for name in ('v1', 'v2'):
            shop.version(name)
            told = shop.run('deploy', 'gated', '--fast')
            assert told.status == 0, told.said
        yield shop


@pytest.fixture
def shop(made: Shop) -> Iterator[Shop]:
    """Nothing goes on there, before and after."""
    shop = made
    yield shop
    with suppress(ProcessLookupError):
        os.kill(shop.supervisor(), signal.SIGCONT)
    while shop.run('abort', 'gated').status == 0:
        pass


def paused(shop: Shop) -> int:
    """A canary that waits for somebody; its number."""
    told = shop.run('deploy', 'gated', '--run', '1' if shop.stable('gated')[1] == 'v2' else '2')
    assert told.status == 0, told.said
    assert 'liftlock promote gated' in told.said
    return shop.last('gated')


def writers(shop: Shop, after: int) -> set[int]:
    """The claims under which facts were written since."""
    rows = shop.rows('SELECT DISTINCT token FROM deployment_facts WHERE seq > ?', after)
    return {row[0] for row in rows} - {0}


def fact(shop: Shop) -> int:
    ((last,),) = shop.rows('SELECT MAX(seq) FROM deployment_facts')
    return int(last)


# --- who was there before


def test_nobody_takes_over_from_one_that_is_frozen_and_it_goes_on_later(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = paused(shop)
    frozen = shop.supervisor()
    os.kill(frozen, signal.SIGSTOP)
    monkeypatch.setattr(alive, 'PATIENCE', 1.0)
    monkeypatch.setattr(alive, 'ask', partial(calls.ask, patience=0.5))
    with pytest.raises(UserError, match=rf'process {frozen}\) does not answer') as raised:
        alive.ensure(shop.state)
    assert 'end that process' in raised.value.hint
    os.kill(frozen, signal.SIGCONT)
    told = shop.run('promote', 'gated', '--full')
    assert told.status == 0, told.said
    assert shop.supervisor() == frozen
    assert shop.conclusions('gated')[number] == ['success']


def test_who_was_frozen_and_replaced_writes_nothing_and_ends_nobody(shop: Shop) -> None:
    """Its locks are taken from it by force: the kernel would not let anybody have them."""
    number = paused(shop)
    old = shop.supervisor()
    os.kill(old, signal.SIGSTOP)
    delivery = shop.state / 'delivery'
    locks = (*(shop.state / 'owners').iterdir(), *delivery.glob('supervisor.*k'))
    for lock in (*locks, *delivery.glob('**/lock')):
        lock.unlink()
    with customers(shop.address('gated')) as asking:
        assert shop.run('supervise').status == 0
        new = shop.supervisor()
        assert new != old
        begun = fact(shop)
        told = shop.run('promote', 'gated', '--full')
        assert told.status == 0, told.said
        (token,) = writers(shop, begun)
        stable, _ = shop.stable('gated')
        before = fact(shop)
        os.kill(old, signal.SIGCONT)
        log = shop.state / 'delivery' / 'supervisor.log'
        until(lambda: gone_or_told(old, log.read_text()), lambda: shop.log())
        until(lambda: dict(shop.running('gated')) == {stable: 2}, lambda: shop.running('gated'))
    assert not failures(asking), shop.log()
    assert writers(shop, before) <= {token}
    assert shop.conclusions('gated')[number] == ['success']
    if Path(f'/proc/{old}').exists():
        os.kill(old, signal.SIGKILL)


def gone_or_told(pid: int, log: str) -> bool:
    return 'another process has taken the environment over' in log or not alive_now(pid)


def alive_now(pid: int) -> bool:
    with suppress(OSError):
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] not in 'ZX'
    return False


# --- who asks


def test_two_at_once_are_delivered_one_after_the_other(shop: Shop) -> None:
    asked = [shop.start('deploy', 'gated', '--fast', '--run', number) for number in ('1', '2')]
    said = [one.communicate(timeout=PATIENCE)[0] for one in asked]
    assert [one.returncode for one in asked] == [0, 0], said
    last = shop.last('gated')
    ends = shop.conclusions('gated')
    assert ends[last - 1] == ends[last] == ['success']
    facts = shop.facts('gated')
    kinds = [(one['kind'], one.get('number')) for one in facts]
    ended = kinds.index(('DeploymentFinished', last - 1))
    assert ended < kinds.index(('DeploymentStarted', last))


def test_who_waits_in_line_is_told_so_and_can_be_called_off(shop: Shop) -> None:
    first = paused(shop)
    waiting = shop.start('deploy', 'gated', '--run', '1')
    until(lambda: shop.last('gated') == first + 1, lambda: 'it never asked')
    status = json.loads(shop.run('deployments', 'gated', '--json').said)
    states = {one['number']: one['status'] for one in status}
    assert states[first] == 'paused'
    until(lambda: state(shop, first + 1) == 'queued', lambda: state(shop, first + 1))
    told = shop.run('abort', 'gated', '--number', str(first + 1))
    assert told.status == 0, told.said
    said, _ = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 1, said
    assert f'behind #{first}' in said
    assert shop.conclusions('gated')[first + 1] == ['cancelled']
    assert state(shop, first) == 'paused'


def state(shop: Shop, number: int) -> str:
    found = json.loads(shop.run('deployments', 'gated', '--json').said)
    return str(next(one['status'] for one in found if one['number'] == number))


def test_what_cannot_be_asked_for_is_said_with_what_can(shop: Shop) -> None:
    nothing = shop.run('promote', 'gated')
    assert (nothing.status, 'is paused' in nothing.said) == (2, True), nothing
    nothing = shop.run('abort', 'gated')
    assert nothing.status == 2
    assert 'liftlock rollback gated' in nothing.said
    number = paused(shop)
    assert shop.run('promote', 'gated').said.count('liftlock promote gated') == 1  # paused again
    told = shop.run('abort', 'gated', '--reason', 'too slow')
    assert told.status == 0, told.said
    assert 'too slow' in told.said
    assert shop.conclusions('gated')[number] == ['rolled_back']
    assert shop.run('abort', 'gated').status == 2


# --- no room


def test_a_supervisor_without_room_says_so_and_goes_on_once_there_is_some(shop: Shop) -> None:
    number = paused(shop)
    pid = shop.supervisor()
    log = shop.state / 'delivery' / 'supervisor.log'
    before = log.stat().st_size
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (before + SMALL, FOREVER))
    try:
        told = shop.run('promote', 'gated', '--full', '--no-follow')
        assert told.status == 0, told.said
        until(lambda: 'cannot write' in log.read_text()[before:], log.read_text)
        said = log.read_text()[before:]
        assert 'free some space' in said
        assert 'Traceback' not in said
        assert 'bug' not in said
        assert alive_now(pid)
        assert state(shop, number) != 'completed'
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FOREVER, FOREVER))
    until(lambda: shop.conclusions('gated').get(number) == ['success'], shop.log, 60)
    assert shop.supervisor() == pid


def test_who_asks_without_room_is_told_so_and_nothing_begins(shop: Shop) -> None:
    last = shop.last('gated')
    asked = shop.start('deploy', 'gated', '--run', '1', limit=SMALL)
    said, _ = asked.communicate(timeout=PATIENCE)
    assert asked.returncode == 2, said
    assert 'cannot write' in said
    assert 'Traceback' not in said
    assert shop.last('gated') == last


def test_who_stops_following_stops_nothing_else_and_is_told_so(shop: Shop) -> None:
    first = paused(shop)
    waiting = shop.start('deploy', 'gated', '--run', '1')
    until(lambda: shop.last('gated') == first + 1, lambda: 'it never asked')
    until(lambda: state(shop, first + 1) == 'queued', lambda: state(shop, first + 1))
    waiting.send_signal(signal.SIGINT)
    said, _ = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 130
    assert f'#{first + 1} goes on' in said
    assert 'liftlock abort gated' in said
    assert state(shop, first + 1) == 'queued'
