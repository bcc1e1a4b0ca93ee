"""A canary's pause counts from its beginning, whoever is killed meanwhile: it ends once, not before
its time, and no new one begins.

`LIFTLOCK_CRASH=1` has the time for it, and plays it again without its protection.
"""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest

from crash.scenes import LONG
from crash.shop import PATIENCE, Shop, opened, until

pytestmark = pytest.mark.skipif(not LONG, reason='LIFTLOCK_CRASH=1 has the time for it')

PAUSE: Final = 10.0  # seconds, as the shop has it
LATE: Final = 4.0  # that it may be late, on a busy machine: less than a mutant loses
MUTANT: Final = """
import time
from liftlock.rollout import course, steps
began, wait = time.time(), steps._wait
def otherwise(scene, step):
    one = scene.deployment
    return wait(scene._replace(deployment=one._replace(step_at=STEP_AT)), step)
steps._STEPS[course.Wait] = otherwise
"""
MUTANTS: Final = {
    # It counts from when somebody looks at it first.
    'pause anew': MUTANT.replace('STEP_AT', 'max(one.step_at, began)'),
    # Who takes it over believes that it has waited.
    'no pause': MUTANT.replace('STEP_AT', '1.0 if one.step_at < began else one.step_at'),
}
# How long nobody supervises, from the middle of the pause on.
AWAY: Final = pytest.mark.parametrize('away', [0.0, PAUSE])


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with opened(tmp_path_factory.mktemp('shop')) as shop:
        for name in ('v1', 'v2'):
            shop.version(name)
            told = shop.run('deploy', 'timed', '--fast')
            assert told.status == 0, told.said
        yield shop


@pytest.fixture
def shop(made: Shop) -> Iterator[Shop]:
    """Nothing goes on there, before and after."""
    yield made
    made.stop()
    made.infect('')
    while made.run('abort', 'timed').status == 0:
        pass


def play(shop: Shop, away: float) -> None:
    number = paused(shop)
    (pause,) = told(shop, number, 'Paused')
    assert pause['until'] - pause['at'] == pytest.approx(PAUSE, abs=1.0)
    sleep_until(pause['at'] + PAUSE / 2)
    os.kill(shop.supervisor(), signal.SIGKILL)
    time.sleep(away)
    back = time.time()
    assert shop.run('supervise').status == 0
    until(lambda: number in shop.conclusions('timed'), shop.log, 60.0)
    assert shop.conclusions('timed')[number] == ['success']
    assert len(told(shop, number, 'Paused')) == 1
    (end,) = [one for one in told(shop, number, 'StepFinished') if one['step'] == step(shop, pause)]
    assert end['at'] >= pause['until'], 'too early'
    assert end['at'] <= max(pause['until'], back) + LATE, 'too late'


def paused(shop: Shop) -> int:
    """A canary that waits for its time, and nobody waits for it; its number."""
    number = shop.last('timed') + 1
    other = '1' if shop.stable('timed')[1] == 'v2' else '2'
    with shop.start('deploy', 'timed', '--run', other) as client:
        until(lambda: told(shop, number, 'Paused'), shop.log, PATIENCE)
        client.kill()
    return number


def told(shop: Shop, number: int, kind: str) -> list[dict[str, Any]]:
    facts = shop.facts('timed')
    return [one for one in facts if one.get('number') == number and one['kind'] == kind]


def step(shop: Shop, pause: dict[str, Any]) -> int:
    """The number of the one that is a pause."""
    begun = told(shop, pause['number'], 'StepStarted')
    return max(int(one['step']) for one in begun if one['seq'] < pause['seq'])


def sleep_until(moment: float) -> None:
    time.sleep(max(moment - time.time(), 0.0))


@AWAY
def test_a_pause_ends_once_and_in_time(shop: Shop, away: float) -> None:
    play(shop, away)


@pytest.mark.parametrize(
    ('mutant', 'away'), [('pause anew', 0.0), ('pause anew', PAUSE), ('no pause', 0.0)]
)
def test_it_is_seen_not_to_without_its_protection(shop: Shop, mutant: str, away: float) -> None:
    shop.stop()
    shop.infect(MUTANTS[mutant])
    with pytest.raises(AssertionError, match='too '):
        play(shop, away)
