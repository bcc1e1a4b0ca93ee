"""Servers, workers and their database die, freeze and lose one another; every run ends in exactly
one true state, no job is finished twice, and no line of a log is lost.

Disks, networks and clocks have files of their own; in `test_chance.py` all is killed at random.
"""

import signal
import time
from pathlib import Path
from typing import Final

import pytest

from crash import faults
from crash.company import Company
from crash.faults import CLOCK, frozen
from crash.scenes import Scene, begun, carried_by, play, played, weakened
from liftlock.plan import facts as f
from liftlock.store import schema, workers
from liftlock.store.paths import RunPaths
from liftlock.store.runs import find
from postgres import Cluster

# A Liftlock that came after this one.
NEWER: Final = """
from liftlock.store import schema
read = schema.read
schema.MIGRATIONS += ('newer.sql',)
schema.read = lambda name: read(name) if name != 'newer.sql' else (
    'CREATE TABLE newer (id INTEGER PRIMARY KEY);'
    "ALTER TABLE tasks ADD COLUMN newer TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE runs ADD COLUMN newer INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE workers ADD COLUMN newer INTEGER NOT NULL DEFAULT 0;"
)
"""


def lost(here: Company, run: int) -> list[f.JobLost]:
    return [fact for fact in here.facts(run) if isinstance(fact, f.JobLost)]


# --- scenes


def a_worker_and_the_server_are_killed(here: Company, cluster: Cluster) -> None:
    server, first = here.server(), here.worker()
    runs = here.submit(2)
    here.until(lambda: begun(here, first, 3))
    here.kill(first)
    here.kill(server)
    here.worker()
    here.until(lambda: here.over(runs), 40)
    states = here.check(runs)
    assert 1 <= states['lost'] <= 3
    ended = [here.did(run, fact.job) for run in runs for fact in lost(here, run)]
    assert not [did for did in ended if 'end' in did], 'it went on without its worker'
    assert states['success'] == 10 - states['lost']


def a_frozen_worker_thaws(here: Company, cluster: Cluster) -> None:
    runs = carried_by(here, here.server())
    zombie = here.worker()
    here.until(lambda: begun(here, zombie, 3))
    with frozen(zombie.pid):
        # In the middle of a transaction, it is put out after ten seconds (`session.IDLE`).
        here.until(lambda: len(lost(here, runs[0])) == 3, 40)
        before = sizes(here, runs[0])
    other = here.worker()
    here.until(lambda: here.over(runs), 40)
    here.until(lambda: len(workers.listed(here.store)) == 3, 20)  # it is back, as somebody else
    assert sizes(here, runs[0]) == before
    assert here.check(runs)['lost'] == 3
    assert other.poll() is None


def sizes(here: Company, run: int) -> list[int]:
    paths = RunPaths(here.state, run)
    names = [paths.log(fact.job, 1) for fact in lost(here, run)]
    return [Path(f'{name}.log').stat().st_size for name in names]


def the_database_is_restarted_and_paused(here: Company, cluster: Cluster) -> None:
    here.server()
    here.worker()
    runs = here.submit(2)
    here.until(lambda: len(here.facts(runs[0])) > 5)
    cluster.stop('immediate')
    time.sleep(1.5)  # so that everybody notices
    cluster.start()
    here.until(lambda: len(here.facts(runs[-1])) > 5)
    with frozen(*faults.members(cluster)):
        time.sleep(1.0)
    here.until(lambda: here.over(runs), 40)
    assert here.check(runs) == {'success': 10}


def clocks_jump(here: Company, cluster: Cluster) -> None:
    here.env['JUMP'] = str(here.directory / 'jump')
    here.server()
    here.worker()
    runs = here.submit(2)
    here.until(lambda: len(here.facts(runs[0])) > 5)
    jump = Path(here.env['JUMP'])
    jump.touch()
    here.until(lambda: len(here.facts(runs[0])) > 20)
    jump.unlink()
    here.until(lambda: here.over(runs), 40)
    assert here.check(runs) == {'success': 10}


def newer_ones_take_over(here: Company, cluster: Cluster) -> None:
    """A rolling upgrade: the tables are brought to a newer schema while runs are under way, then
    the old ones are told to end."""
    server = here.server()
    runs = carried_by(here, server)
    worker = here.worker()
    here.until(lambda: begun(here, worker, 3))
    here.infect(NEWER)
    newer = here.start('runs')
    here.until(lambda: newer.poll() == 0)
    assert version(here) == len(schema.MIGRATIONS) + 1
    with frozen(server.pid):  # the other takes up its first run, for which it looks into the tables
        runs += here.submit()
        here.until(lambda: find(here.store, str(runs[-1])).owner.startswith(f'{worker.pid}-'))
    here.until(lambda: here.over(runs), 60)  # by old ones alone
    runs += here.submit(2)
    here.until(lambda: begun(here, worker, 3))
    here.server()
    here.worker()
    for old in (server, worker):
        old.send_signal(signal.SIGTERM)
    here.until(lambda: here.over(runs), 60)
    assert here.check(runs) == {'success': 20}
    here.until(lambda: (server.poll(), worker.poll()) == (0, 0), 20)


def version(here: Company) -> int:
    with here.store.reading() as sql:
        return int(sql.execute('SELECT MAX(version) FROM schema_version').fetchone()[0])


SCENES: Final = (
    Scene(
        a_worker_and_the_server_are_killed, ('no warden', 'no watchman'), pause='0.25', slow=False
    ),
    Scene(a_frozen_worker_thaws, ('no token',), pause='0.25', slow=False),
    Scene(the_database_is_restarted_and_paused, ('no patience',), grace=15.0, slow=False),
    Scene(clocks_jump, ('wall clock',), pause='0.02', grace=15.0, code=CLOCK, slow=False),
    Scene(newer_ones_take_over, ('no drain', 'no older ones'), grace=15.0, slow=False),
)


@pytest.mark.parametrize('scene', played(SCENES))
def test_nothing_is_lost_or_done_twice_when(scene: Scene, tmp_path: Path, cluster: Cluster) -> None:
    play(scene, tmp_path, cluster)


@pytest.mark.parametrize(('scene', 'mutant'), weakened(SCENES))
def test_that_is_seen_to_fail_without_its_protection(
    scene: Scene, mutant: str, tmp_path: Path, cluster: Cluster
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, cluster, mutant)
