"""Disks are full: those of workers, the one that all share, that of the database, and that of a
server alone."""

import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

import postgres
from crash import disks
from crash.company import Company
from crash.disks import Disk
from crash.scenes import CAREFUL, Scene, begun, carried_by, play, played, rests, weakened
from liftlock.plan import facts as f
from postgres import Cluster

FULL: Final = 'No space left on device'
FELT_BY_ALL: Final = 6.0  # seconds, within which everybody has something to write


def a_worker_has_no_room_for_jobs(here: Company, cluster: Cluster) -> None:
    with disks.disk(here.directory / 'small', 4) as small:
        small.fill()
        here.server()
        full = here.worker('--work', str(small.place))
        runs = here.submit(2)
        here.until(lambda: FULL in rests(here, full))
        other = here.worker()
        here.until(lambda: here.over(runs), 60)
        assert here.check(runs) == {'success': 10}
        assert begun_by(here, runs, other) == 10
        assert begun_by(here, runs, full) <= 3  # what it had taken when it noticed


def there_is_no_room_for_logs(here: Company, cluster: Cluster) -> None:
    with disks.disk(here.state / 'logs', 4) as shared:
        runs = carried_by(here, here.server())
        worker = here.worker()
        here.until(lambda: begun(here, worker, 3))
        shared.fill()
        here.until(lambda: fills(shared, FULL in rests(here, worker)))
        shared.free()
        here.worker()
        here.until(lambda: here.over(runs), 60)
        states = here.check(runs)
        assert states.total() == 5
        assert 1 <= states['lost'] <= 3  # a line or two may have found room


def nobody_can_close_the_log_of_a_dead_worker(here: Company, cluster: Cluster) -> None:
    with disks.disk(here.state / 'logs', 4) as shared:
        server = here.server()
        (run,) = carried_by(here, server)
        worker = here.worker()
        here.until(lambda: begun(here, worker, 3) and told(here, run) >= 3)
        worker.send_signal(signal.SIGSTOP)
        shared.fill()
        here.kill(worker)
        here.until(lambda: fills(shared, FULL in here.said(server)))
        assert not any(isinstance(fact, f.JobLost) for fact in here.facts(run))
        shared.free()
        here.worker()
        here.until(lambda: here.over([run]), 60)
        assert here.check([run]) == {'lost': 3, 'success': 2}


class Small(NamedTuple):
    """A database, and the disk that is its alone."""

    cluster: Cluster
    disk: Disk


def the_database_has_no_room(here: Company, small: Small) -> None:
    server = here.server()
    worker = here.worker()
    runs = here.submit(4)
    here.until(lambda: begun(here, worker, 3))
    small.disk.fill()
    here.until(lambda: fills(small.disk, FULL in here.said(server) + here.said(worker)))
    since = time.monotonic()  # the runs are whoever's took them up, who has to meet it, too
    here.until(lambda: fills(small.disk, time.monotonic() - since > FELT_BY_ALL))
    small.disk.free()
    if not small.cluster.runs:  # it gives up where it cannot write its own log
        small.cluster.start()
    here.until(lambda: here.over(runs))
    assert here.check(runs) == {'success': 20}


def a_server_alone_has_no_room(here: Company, full: Disk) -> None:
    runs = here.submit(2)
    server = here.start('serve', '--port', '0', '--jobs', '3')
    here.until(lambda: sum(bool(here.did(runs[0], f'work[{n}]')) for n in range(4)) >= 2)
    full.fill()
    here.until(lambda: fills(full, any(f'run {run}: cannot' in here.said(server) for run in runs)))
    full.free()
    here.until(lambda: here.over(runs), 60)
    assert here.check(runs)['success'] == 10
    assert server.poll() is None


def fills(full: Disk, holds: object) -> object:
    """It stays full, whatever is removed from it."""
    full.fill()
    return holds


def told(here: Company, run: int) -> int:
    """How many logs there are in which something stands: to copy those takes room."""
    files = (here.state / 'logs' / str(run)).glob('*.log')
    return sum(file.stat().st_size > 0 for file in files)


def begun_by(here: Company, runs: list[int], process: 'subprocess.Popen[str]') -> int:
    claims = [fact for run in runs for fact in here.facts(run) if isinstance(fact, f.JobClaimed)]
    return sum(f'-{process.pid}-' in claim.worker for claim in claims)


SCENES: Final = (
    Scene(a_worker_has_no_room_for_jobs, ('no rest', 'no blame')),
    Scene(there_is_no_room_for_logs, ('no log', 'no blame')),
    Scene(nobody_can_close_the_log_of_a_dead_worker, ('no second look',)),
)
OF_THE_DATABASE: Final = (Scene(the_database_has_no_room, ('no patience',), grace=15.0),)
ALONE: Final = (Scene(a_server_alone_has_no_room, ('no retry', 'no places back')),)


@pytest.mark.parametrize('scene', played(SCENES))
def test_nothing_is_lost_or_done_twice_when(scene: Scene, tmp_path: Path, cluster: Cluster) -> None:
    play(scene, tmp_path, cluster)


@pytest.mark.parametrize(('scene', 'mutant'), weakened(SCENES))
def test_that_is_seen_to_fail_without_its_protection(
    scene: Scene, mutant: str, tmp_path: Path, cluster: Cluster
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, cluster, mutant)


@pytest.fixture
def small() -> Iterator[Small]:
    with (
        tempfile.TemporaryDirectory(prefix='liftlock-disk-') as place,
        disks.disk(Path(place), 96, mode=755) as disk,
        postgres.cluster(f'{CAREFUL}\nmax_wal_size = 32MB', disk.place) as cluster,
    ):
        yield Small(cluster, disk)


@pytest.mark.parametrize('scene', played(OF_THE_DATABASE))
def test_a_database_without_room_loses_nothing_when(
    scene: Scene, tmp_path: Path, small: Small
) -> None:
    play(scene, tmp_path, small.cluster, prop=small)


@pytest.mark.parametrize(('scene', 'mutant'), weakened(OF_THE_DATABASE))
def test_a_database_without_room_is_seen_to_lose_without_its_protection(
    scene: Scene, mutant: str, tmp_path: Path, small: Small
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, small.cluster, mutant, prop=small)


@pytest.mark.parametrize('scene', played(ALONE))
def test_on_one_machine_nothing_is_lost_when(scene: Scene, tmp_path: Path) -> None:
    with disks.disk(tmp_path / 'state', 24) as disk:
        play(scene, tmp_path, None, prop=disk)


@pytest.mark.parametrize(('scene', 'mutant'), weakened(ALONE))
def test_on_one_machine_it_is_seen_to_fail_without_its_protection(
    scene: Scene, mutant: str, tmp_path: Path
) -> None:
    with disks.disk(tmp_path / 'state', 24) as disk, pytest.raises(AssertionError):
        play(scene, tmp_path, None, mutant, prop=disk)
