"""A wait timer counts from the request, whoever is killed meanwhile: what waits goes on once, not
before its time, and no new timer begins.

The pauses of canaries have a file of their own, `test_pauses.py`.
"""

import time
from pathlib import Path
from subprocess import Popen
from typing import Final

import pytest

from crash.company import Company
from crash.scenes import Scene, play, played, weakened
from liftlock.plan import facts as f
from liftlock.store import deliveries, runs
from liftlock.store.deliveries import Deployment
from postgres import Cluster

WAIT: Final = 10.0  # seconds
LATE: Final = 4.0  # that it may be late, on a busy machine: less than a mutant loses
SETTINGS: Final = f'environments: {{production: {{protection: {{wait: {WAIT:.0f}s}}}}}}\n'
WORKFLOW: Final = """
name: Ship
on: push
jobs:
  ship:
    runs-on: ubuntu-latest
    environment: production
    steps:
      - run: echo begin >> COUNTS/$GITHUB_RUN_ID-ship
      - run: echo end >> COUNTS/$GITHUB_RUN_ID-ship
"""


# --- scenes


def the_server_is_killed_while_it_waits(here: Company, cluster: Cluster | None) -> None:
    """Another one goes on: the next, or where they share a database the other, who first hears
    nothing for a while."""
    server, run = waiting(here)
    sleep_until(requested(here) + (1.0 if here.database else WAIT / 2))
    here.kill(server)
    if not here.database:
        serve(here)
    went_on(here, run, requested(here) + WAIT)


def it_becomes_due_while_nobody_serves(here: Company, cluster: Cluster | None) -> None:
    waiting(here)
    for process in here.processes:
        here.kill(process)
    sleep_until(requested(here) + WAIT + 1.0)
    again = time.time()
    serve(here)
    if here.database:
        here.worker()
    (run,) = all_runs(here)
    went_on(here, run, again)


def waiting(here: Company) -> 'tuple[Popen[str], int]':
    """Who carries out a run that waits for its time."""
    (here.directory / 'repository' / 'liftlock.yml').write_text(SETTINGS)
    servers = [serve(here), serve(here)] if here.database else [serve(here)]
    (run,) = here.submit()
    here.until(lambda: held(here, run))
    if here.database:
        here.worker()  # not before: it might carry the run out
    owner = runs.find(here.store, str(run)).owner
    (server,) = (one for one in servers if owner.startswith(f'{one.pid}-'))
    return server, run


def serve(here: Company) -> 'Popen[str]':
    if here.database:
        return here.server()
    return here.start('serve', '--port', '0', '--jobs', '3')


def went_on(here: Company, run: int, due: float) -> None:
    """Once, and in time."""
    try:
        here.until(lambda: here.over([run]), 60)
    finally:
        for process in here.processes:  # a server that is told to end has somebody stay
            here.kill(process)
    (one,) = deployments(here)
    assert one.conclusion == 'success', one
    assert here.did(run, 'ship') == ['begin', 'end']
    assert one.started >= requested(here) + WAIT, 'too early'
    assert one.started <= due + LATE, f'{one.started - due:.1f} s late'


def held(here: Company, run: int) -> list[str]:
    blocked = [one.reason for one in here.facts(run) if isinstance(one, f.JobBlocked)]
    return [reason for reason in blocked if 'wait timer' in reason]


def deployments(here: Company) -> list[Deployment]:
    return deliveries.listed(here.store)


def requested(here: Company) -> float:
    return deployments(here)[-1].created


def all_runs(here: Company) -> list[int]:
    with here.store.reading() as sql:
        return [row[0] for row in sql.execute('SELECT id FROM runs')]


def sleep_until(moment: float) -> None:
    time.sleep(max(moment - time.time(), 0.0))


KILLED: Final = ('timer anew', 'no timer', 'no next')
SCENES: Final = (
    Scene(the_server_is_killed_while_it_waits, KILLED, workflow=WORKFLOW),
    Scene(it_becomes_due_while_nobody_serves, ('timer anew', 'no next'), workflow=WORKFLOW),
)
PLACES: Final = pytest.mark.parametrize('shared', [False, True], ids=['alone', 'shared'])


@PLACES
@pytest.mark.parametrize('scene', played(SCENES))
def test_a_wait_timer_is_kept_when(
    scene: Scene, tmp_path: Path, cluster: Cluster, *, shared: bool
) -> None:
    play(scene, tmp_path, cluster if shared else None)


@PLACES
@pytest.mark.parametrize(('scene', 'mutant'), weakened(SCENES))
def test_that_is_seen_to_fail_without_its_protection(
    scene: Scene, mutant: str, tmp_path: Path, cluster: Cluster, *, shared: bool
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, cluster if shared else None, mutant)
