"""The network between a machine and the database is cut, and nobody is told."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import postgres
from crash import faults, network
from crash.company import Company
from crash.network import Wire
from crash.scenes import CAREFUL, Scene, begun, carried_by, play, played, weakened
from liftlock.plan import facts as f
from liftlock.store.runs import find
from postgres import Cluster

LONGER: Final = 30.0  # seconds; than a connection waits for its packets to be heard of


@pytest.fixture(scope='module')
def wire() -> Iterator[Wire]:
    with network.wire() as made:
        yield made


@pytest.fixture(scope='module')
def cluster(wire: Wire) -> Iterator[Cluster]:
    """It can be reached over the wire, too."""
    settings = CAREFUL.replace("listen_addresses = ''", f"listen_addresses = '{wire.here}'")
    with postgres.cluster(settings) as made:
        with (made.data / 'pg_hba.conf').open('a') as file:
            file.write(f'host all all {wire.network} trust\n')
        made.ask('SELECT pg_reload_conf()')
        yield made


def over(here: Company, wire: Wire) -> str:
    """The address of the database at the other end of the wire."""
    name = here.database.partition('?')[0].rpartition('/')[2]
    return f'postgresql://liftlock@{wire.here}/{name}'


def lost(here: Company, run: int) -> int:
    return sum(isinstance(fact, f.JobLost) for fact in here.facts(run))


def a_worker_is_cut_off(here: Company, wire: Wire) -> None:
    (run,) = carried_by(here, here.server())
    far = here.worker(database=over(here, wire), inside=wire.inside)
    here.until(lambda: begun(here, far, 3))
    wire.cut()
    try:
        here.until(lambda: lost(here, run) == 3, 30)
        assert not faults.alive(here.tracking(run)), 'it goes on with what others may have by now'
        time.sleep(LONGER)
    finally:
        wire.heal()
    here.until(lambda: here.over([run]), 60)  # the rest is done by the same machine
    assert here.check([run]) == {'lost': 3, 'success': 2}


def a_server_is_cut_off(here: Company, wire: Wire) -> None:
    """Another one takes its run up; the jobs, which run elsewhere, do not notice."""
    far = here.server(database=over(here, wire), inside=wire.inside)
    runs = carried_by(here, far)
    worker = here.worker()
    here.until(lambda: begun(here, worker, 3))
    wire.cut()
    try:
        here.server()
        here.until(lambda: here.over(runs), 60)
    finally:
        wire.heal()
    runs += here.submit(2)  # by whoever comes first, and the one that was away is back
    here.until(lambda: here.over(runs), 60)
    assert here.check(runs) == {'success': 15}
    assert find(here.store, str(runs[0])).conclusion == 'success'
    assert far.poll() is None


SCENES: Final = (
    Scene(a_worker_is_cut_off, ('no fence',), pause='0.25'),
    Scene(a_server_is_cut_off, ('no silence',), pause='0.25'),
)


@pytest.mark.parametrize('scene', played(SCENES))
def test_nothing_is_lost_or_done_twice_when(
    scene: Scene, tmp_path: Path, cluster: Cluster, wire: Wire
) -> None:
    play(scene, tmp_path, cluster, prop=wire)


@pytest.mark.parametrize(('scene', 'mutant'), weakened(SCENES))
def test_that_is_seen_to_fail_without_its_protection(
    scene: Scene, mutant: str, tmp_path: Path, cluster: Cluster, wire: Wire
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, cluster, mutant, prop=wire)
