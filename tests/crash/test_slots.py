"""Schedules fire once a slot, and what waits for a time goes on, whoever is killed meanwhile.

Five minutes pass in a few seconds here: the clocks of all processes go so much faster. Where the
server that is elected dies is told by a plan: one life a line (see `DYING`).
"""

import time
from pathlib import Path
from typing import Final

import pytest

from crash.company import Company
from crash.scenes import Scene, play, played, weakened
from liftlock.store import schedules
from postgres import Cluster

SPEED: Final = 60
FIVE: Final = 300.0  # seconds, as those clocks have it
CLOCK: Final = f"""
import os, time
wall, began = time.time, float(os.environ['BEGAN'])
time.time = lambda: began + (wall() - began) * {SPEED}
"""
# Around everything that a server writes of a slot, from its first word to the last.
DYING: Final = """
import os, signal, sys
def die(point):
    with open(os.environ['DEATHS']) as file:
        first, *more = file.read().splitlines() or ['']
    if first == point:
        with open(os.environ['DEATHS'] + '.draft', 'w') as file:
            file.write('\\n'.join(more))
        os.replace(file.name, os.environ['DEATHS'])
        os.kill(os.getpid(), signal.SIGKILL)
def deadly(place, name, is_of_a_slot):
    act = getattr(place, name)
    def acts(*given, **named):
        of_a_slot = is_of_a_slot(*given)
        if of_a_slot:
            die('before ' + name)
        found = act(*given, **named)
        if of_a_slot:
            die('after ' + name)
        return found
    setattr(place, name, acts)
if 'serve' in sys.orig_argv:
    from liftlock.engine.inline import Inline
    from liftlock.store import intakes, schedules
    deadly(schedules, 'decide', lambda store, schedule, slots, now: slots)
    deadly(intakes, 'begin', lambda store, draft: draft.delivery.startswith('schedule:'))
    deadly(Inline, 'submit', lambda engine, submission: True)
    deadly(schedules, 'end', lambda *given: True)
"""
POINTS: Final = [
    f'{when} {name}'
    for name in ('decide', 'begin', 'submit', 'end')
    for when in ('before', 'after')
]
WORKFLOW: Final = """
name: Nightly
on:
  schedule: [{cron: '*/5 * * * *'}]
jobs:
  tick:
    runs-on: ubuntu-latest
    steps:
      - run: echo begin >> COUNTS/$GITHUB_RUN_ID-tick
      - run: echo end >> COUNTS/$GITHUB_RUN_ID-tick
"""


def the_elected_one_is_killed_at_a_slot(here: Company, cluster: Cluster) -> None:
    deaths = here.directory / 'deaths'
    deaths.write_text('\n'.join(POINTS))
    here.env |= {'BEGAN': repr(time.time()), 'DEATHS': str(deaths)}
    here.worker()
    servers = [here.server(), here.server()]
    killed = 0

    def all_have_died() -> bool:
        nonlocal killed
        for number, server in enumerate(servers):
            if server.poll() is not None:
                killed += 1
                servers[number] = here.server()
        return killed == len(POINTS)

    here.until(all_have_died, 240)
    before = len(fired(here))
    here.until(lambda: len(fired(here)) >= before + 2, 60)
    for server in servers:
        server.terminate()
        server.wait(30)
    here.server()  # which ends what those have begun
    here.until(lambda: not due(here) and here.over(runs(here)), 60)
    check(here)


def check(here: Company) -> None:
    """There is no slot that nobody decided, and each that has started has its run."""
    past = all_slots(here)
    assert [one.at - past[0].at for one in past] == [FIVE * n for n in range(len(past))]
    assert {one.state for one in past} <= {'started', 'missed'}
    assert len(runs(here)) == sum(one.state == 'started' for one in past)
    assert len(fired(here)) >= len(POINTS) / 2
    here.check(runs(here))


def all_slots(here: Company) -> list[schedules.Past]:
    found = schedules.active(here.store)
    return list(reversed(schedules.past(here.store, found[0].id, 1000))) if found else []


def fired(here: Company) -> list[schedules.Past]:
    return [one for one in all_slots(here) if one.state == 'started']


def due(here: Company) -> list[schedules.Past]:
    return [one for one in all_slots(here) if one.state == 'due']


def runs(here: Company) -> list[int]:
    with here.store.reading() as sql:
        return [row[0] for row in sql.execute("SELECT id FROM runs WHERE event = 'schedule'")]


SCENES: Final = (
    Scene(
        the_elected_one_is_killed_at_a_slot, ('no names of slots',),
        code=CLOCK + DYING, workflow=WORKFLOW,
    ),
)  # fmt: skip


@pytest.mark.parametrize('scene', played(SCENES))
def test_every_slot_is_decided_once_when(scene: Scene, tmp_path: Path, cluster: Cluster) -> None:
    play(scene, tmp_path, cluster)


@pytest.mark.parametrize(('scene', 'mutant'), weakened(SCENES))
def test_slots_are_seen_to_fire_twice_without_their_protection(
    scene: Scene, mutant: str, tmp_path: Path, cluster: Cluster
) -> None:
    with pytest.raises(AssertionError):
        play(scene, tmp_path, cluster, mutant)
