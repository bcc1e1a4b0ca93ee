"""`kill -9` of the supervisor at every transition of a deployment: it comes to the same end.

Real commands, real processes, the real Envoy, and customers who ask all the time. Here each kind
of deployment is killed a few times, at points that are drawn. `LIFTLOCK_CRASH=1` tries all points,
one after the other (an hour or two), `LIFTLOCK_CRASH=5` every fifth; `LIFTLOCK_CRASH_TABLE=FILE`
writes down what became of each.
"""

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import pytest

from crash.customers import customers, failures
from crash.shop import PATIENCE, Shop, Told, opened, until

EVERY: Final = int(os.environ.get('LIFTLOCK_CRASH', '0'))
TABLE: Final = os.environ.get('LIFTLOCK_CRASH_TABLE', '')
DEATHS: Final = 2  # of supervisors in one deployment, where not all points are tried
UNKNOWN: Final = 'so nobody knows how far it came'


@pytest.fixture(scope='module')
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp('shop')) as made:
        made.version('v0')
        made.version('v1')
        yield made


# --- what is done


class Play(NamedTuple):
    """`act` is done by people; it ends when the deployment has ended. `loses`: requests, since it
    has no instance for a while, or a bad version answers them."""

    environment: str
    act: Callable[[Shop, str], Told]
    end: str = 'success'
    conduct: str = 'A: b'
    looks: str = 'good'
    loses: bool = False


def deploy(shop: Shop, environment: str) -> Told:
    return shop.run('deploy', environment, '--wait')


def walk(shop: Shop, environment: str) -> Told:
    """A person promotes at each pause."""
    told = shop.run('deploy', environment)
    for _ in range(4):
        if 'liftlock promote' not in told.said:
            return told
        told = shop.run('promote', environment)
    raise AssertionError(f'it pauses for ever: {told.said}')


def call_back(shop: Shop, environment: str) -> Told:
    told = shop.run('deploy', environment)
    assert 'liftlock promote' in told.said, told.said
    return shop.run('abort', environment)


def go_back(shop: Shop, environment: str) -> Told:
    return shop.run('rollback', environment)


PLAYS: Final[Mapping[str, Play]] = {
    'direct': Play('direct', deploy, loses=True),
    'rolling': Play('rolling', deploy),
    'blue-green with hooks and analyses': Play('bluegreen', deploy),
    'blue-green, its smoke test fails': Play('bluegreen', deploy, 'failure', looks='bad'),
    'canary with background analysis': Play('canary', deploy),
    'canary, bad': Play('canary', deploy, 'rolled_back', 'FAIL: "100"', loses=True),
    'canary, promoted by hand': Play('gated', walk),
    'canary, aborted': Play('gated', call_back, 'rolled_back'),
    'rollback': Play('bluegreen', go_back),
    'rolling, it never starts': Play('rolling', deploy, 'failure', 'CRASH: "3"'),
}


def base(shop: Shop, environment: str) -> None:
    """Something good runs there, and something else did before."""
    shop.die()  # the last one may still be about to
    good = [one for one in shop.ends(environment) if one == 'success']
    for run in ('1', '2')[len(good) :]:
        told = shop.run('deploy', environment, '--fast', '--wait', '--run', run)
        assert told.status == 0, told.said


def new_version(shop: Shop, conduct: str = 'A: b', looks: str = 'good') -> str:
    name = f'v{shop.made}'
    shop.version(name, conduct, looks)
    return name


class Outcome(NamedTuple):
    deaths: list[str]
    conclusion: str
    asked: int
    failed: int
    points: list[str]


def perform(shop: Shop, name: str, deaths: list[str]) -> Outcome:
    """With supervisors that die there, one after the other, and a look at everything after it."""
    play = PLAYS[name]
    if play.act is not go_back:
        new_version(shop, play.conduct, play.looks)
    before = shop.hooks()
    with customers(shop.address(play.environment)) as asking:
        shop.die(*deaths)
        told = play.act(shop, play.environment)
        until(lambda: settled(shop, play.environment), lambda: unsettled(shop, play, told))
    died = shop.deaths
    number = shop.last(play.environment)
    conclusion = check(shop, play, number, told)
    hooks = shop.hooks() - before
    assert not [hook for hook, count in hooks.items() if count > 1], f'run twice: {hooks}'
    if not play.loses:
        assert not failures(asking), f'{failures(asking)} after {died}\n{told.said}\n{shop.log()}'
    asked = sum(one.answers.total() for one in asking)
    return Outcome(died, conclusion, asked, failures(asking).total(), shop.points)


def check(shop: Shop, play: Play, number: int, told: Told) -> str:
    (conclusion,) = shop.conclusions(play.environment)[number]
    facts = [one for one in shop.facts(play.environment) if one.get('number') == number]
    lost = [one for one in facts if UNKNOWN in one.get('message', '')]
    allowed = (play.end, 'rolled_back', 'failure') if lost else (play.end,)
    assert conclusion in allowed, f'{told.said}\n{shop.deaths}\n{shop.log()}'
    assert told.status == (0 if conclusion == 'success' or play.act is call_back else 1), told
    return conclusion


def settled(shop: Shop, environment: str) -> bool:
    """The last good version runs, and nothing else; it has all the traffic."""
    stable, version = shop.stable(environment)
    if dict(shop.running(environment)) != {stable: 2}:
        shop.plan.write_text('')
        shop.run('supervise')  # the last one may have died after the end
        return False
    return all(answer(shop, environment) == version for _ in range(5))


def unsettled(shop: Shop, play: Play, told: Told) -> str:
    return (
        f'{shop.stable(play.environment)} should run; there is {shop.running(play.environment)}, '
        f'and {answer(shop, play.environment)} answers\n{told.said}\n{shop.deaths}\n{shop.log()}'
    )


def answer(shop: Shop, environment: str) -> str:
    port = urlsplit(shop.address(environment)).port
    connection = HTTPConnection('127.0.0.1', port or 0, timeout=10)
    with contextlib.closing(connection), contextlib.suppress(OSError):
        connection.request('GET', '/')
        return connection.getresponse().read().decode()
    return ''


# --- the tests


def drawn(name: str) -> list[str]:
    """Where supervisors die. Each life does something before it ends, so that they come far."""
    chance = random.Random(name)
    kinds = ('write {} before', 'write {} after', 'rename {}', 'popen {}')
    found = [chance.choice(kinds).format(chance.randint(3, 9)) for _ in range(DEATHS - 1)]
    return [f'write {chance.randint(4, 12)} after', *found]


def points(name: str, shop: Shop) -> list[list[str]]:
    """All that there are in a deployment that nobody disturbs."""
    found = perform(shop, name, []).points[:: max(1, EVERY)]
    return [[point] for point in found]


@pytest.mark.parametrize('name', PLAYS)
def test_killed_anywhere_it_comes_to_the_same_end(shop: Shop, name: str) -> None:
    base(shop, PLAYS[name].environment)
    if not EVERY:
        found = perform(shop, name, drawn(name))
        assert found.deaths, 'nobody died'
        note(name, found.deaths, f'{found.conclusion} | {found.asked} | {found.failed}')
        return
    wrong = []
    for plan in points(name, shop):
        try:
            found = perform(shop, name, plan)
        except AssertionError as error:
            wrong.append(f'{plan}: {error}')
            note(name, plan, f'WRONG: {str(error).splitlines()[0]} | |')
            base(shop, PLAYS[name].environment)
        else:
            note(name, found.deaths, f'{found.conclusion} | {found.asked} | {found.failed}')
    assert not wrong, '\n\n'.join(wrong)


def note(name: str, deaths: list[str], what: str) -> None:
    if TABLE:
        died = '; '.join(deaths) or 'nobody died'
        with Path(TABLE).open('a') as file:
            file.write(f'| {name} | {died} | {what} |\n')


def test_a_hook_does_not_go_on_beside_what_undoes_it(shop: Shop) -> None:
    base(shop, 'bluegreen')
    name = new_version(shop)
    stay = shop.directory / 'stay'
    shop.die()
    stay.touch()
    child = shop.start('deploy', 'bluegreen', '--wait')
    try:
        until(lambda: begun(shop, 'before', name), shop.log)
        os.kill(shop.supervisor(), signal.SIGKILL)
        until(lambda: begun(shop, 'after_rollback', name), shop.log)
        assert not marked(), 'the hook goes on'
    finally:
        stay.unlink()
        said, _ = child.communicate(timeout=PATIENCE)
    assert child.returncode == 1, said
    assert UNKNOWN in said
    assert f'end {name}' not in (shop.counts / 'before').read_text()
    until(lambda: settled(shop, 'bluegreen'), lambda: said)


def begun(shop: Shop, hook: str, version: str) -> bool:
    return any(each.startswith(f'{hook} {version} ') for each in shop.hooks())


def marked() -> list[str]:
    """Processes of the hook `before`."""
    found = []
    for file in Path('/proc').glob('[0-9]*/cmdline'):
        with contextlib.suppress(OSError):
            words = file.read_bytes().split(b'\0')
            if b'before' in words and words[1].endswith(b'/hook'):
                found.append(file.parent.name)
    return found


def test_taken_down_although_who_does_it_is_killed(shop: Shop) -> None:
    base(shop, 'direct')
    shop.die('rename 3', 'write 1 after', 'write 1 before')
    told = shop.run('down', 'direct')
    assert told.status == 0, told.said
    assert shop.deaths
    assert not shop.running('direct')
    assert [one['kind'] for one in shop.facts('direct')].count('Withdrawn') == 1
    assert not answer(shop, 'direct')
    shop.die()
    told = shop.run('deploy', 'direct')  # and it can be brought back
    assert told.status == 0, told.said
    until(lambda: settled(shop, 'direct'), lambda: told.said)
