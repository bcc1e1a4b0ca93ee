"""Everything is killed at random over hundreds of jobs. LIFTLOCK_CRASH=1 has the time for it;
LIFTLOCK_SEED=N is another course of events."""

import os
import random
import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from crash.company import Company
from crash.faults import frozen
from crash.scenes import Scene, play, played, weakened
from postgres import Cluster

SEED: Final = int(os.environ.get('LIFTLOCK_SEED', '1'))
BLOWS: Final = 20


def all_are_killed_at_random(here: Company, cluster: Cluster) -> None:
    chance = random.Random(SEED)
    there = [here.server(), here.server(), here.worker(), here.worker(), here.worker()]
    runs = here.submit(60)
    fates = []
    while len(fates) < BLOWS and not here.over(runs):
        time.sleep(chance.uniform(0.5, 2.0))
        number = chance.randrange(len(there))
        fates.append(chance.choice(('kill', 'kill', 'freeze', 'restart')))
        if fates[-1] == 'kill':
            here.kill(there[number])
            there[number] = here.server() if number < 2 else here.worker()
        elif fates[-1] == 'freeze':
            with frozen(there[number].pid):
                time.sleep(chance.uniform(0.5, 5.0))
        else:
            cluster.stop('immediate')
            cluster.start()
    here.until(lambda: here.over(runs), 400)
    states = here.check(runs)
    print(f'seed {SEED}: {Counter(fates)} over 300 jobs: {states}')


def a_server_alone_is_killed_at_random(here: Company, nobody: None) -> None:
    chance = random.Random(SEED)
    runs = here.submit(60)
    kills = 0
    server = here.start('serve', '--port', '0', '--jobs', '8')
    while kills < BLOWS and not here.over(runs):
        time.sleep(chance.uniform(1.0, 5.0))
        here.kill(server)
        kills += 1
        server = here.start('serve', '--port', '0', '--jobs', '8')
    here.until(lambda: here.over(runs), 400)
    states = here.check(runs)
    print(f'seed {SEED}: {kills} kills of a server alone, 300 jobs: {states}')
    assert states == {'success': 300}


MANY: Final = Scene(all_are_killed_at_random, ('no watchman', 'no care'), pause='0.01')
ALONE: Final = Scene(a_server_alone_is_killed_at_random, ('no next', 'no broom'), pause='0.1')


@pytest.mark.parametrize('scene', played([MANY]))
def test_hundreds_of_jobs_survive_when(scene: Scene, tmp_path: Path, cluster: Cluster) -> None:
    play(scene, tmp_path, cluster)


@pytest.mark.parametrize(('scene', 'mutant'), weakened([MANY]))
def test_they_are_seen_not_to_without_a_protection(
    scene: Scene, mutant: str, tmp_path: Path, cluster: Cluster
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, cluster, mutant)


@pytest.mark.parametrize('scene', played([ALONE]))
def test_on_one_machine_hundreds_of_jobs_survive_when(scene: Scene, tmp_path: Path) -> None:
    play(scene, tmp_path, None)


@pytest.mark.parametrize(('scene', 'mutant'), weakened([ALONE]))
def test_on_one_machine_they_are_seen_not_to_without_a_protection(
    scene: Scene, mutant: str, tmp_path: Path
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, None, mutant)
