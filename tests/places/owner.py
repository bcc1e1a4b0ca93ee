"""Looks after programs until it is killed: `python owner.py ROOT POINT`.

It prepares r1, starts two instances and routes to them, and kills itself with SIGKILL at the point:

intent     the record says that an instance is about to be started
fork       its process is there, but not yet what it is to become
start      it runs, and the record does not know its pid
record     the record does

At `restless-SEED` it prepares and scales this and that, and says `done` after each.
At `never` it says `done`, and stays until somebody else kills it.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

from liftlock.rollout.sight import Routes
from liftlock.targets.envoy.router import Router
from liftlock.targets.process import birth, record
from places.process import Programs
from places.replicas import ready, revision


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def orphan() -> None:
    """In the child, between fork and exec: its parent dies, and it takes its time."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.5)


class Forked(birth._Process):
    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more, preexec_fn=orphan)


def arm(point: str) -> None:
    start, write = birth.start, record.write
    if point == 'fork':
        birth._Process = Forked  # type: ignore[misc]
    if point == 'intent':
        birth.start = lambda *words: die() or start(*words)  # type: ignore[func-returns-value]
    if point == 'start':
        birth.start = lambda *words: (start(*words), die())[0]  # type: ignore[func-returns-value]
    if point == 'record':

        def written(directory: Path, kept: record.Record) -> None:
            write(directory, kept)
            if kept.pid:
                die()

        record.write = written


async def wander(place: Programs, seed: int) -> None:
    chance = random.Random(seed)
    target = place.target(grace=1.0, prepare='echo one; sleep 0.02; echo two > file')
    while True:
        number = chance.randint(1, 4)
        made = revision(number, place.version(f'v{chance.randint(1, 9)}'))
        await target.prepare(made)
        await target.scale(made, chance.randint(0, 3))
        print('done', flush=True)


async def main(root: Path, point: str, settings: dict[str, Any]) -> None:
    router = Router(root / 'router')
    await router.open()
    place = Programs(root, router)
    if point.startswith('restless-'):
        await wander(place, int(point.removeprefix('restless-')))
    target = place.target(**settings)
    made = revision(1, place.version('v1'))
    await target.prepare(made)
    arm(point)
    await target.scale(made, 2)
    await ready(target, 'r1', 2)
    await target.route(Routes((('r1', 100),)))
    print('done', flush=True)
    await asyncio.sleep(600)


if __name__ == '__main__':
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], dict(w.split('=', 1) for w in sys.argv[3:])))
