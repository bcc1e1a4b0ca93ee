"""How scenes are played: once as they are, and again with a protection taken out.

`LIFTLOCK_CRASH=1` plays the slow ones, too, and takes out of each the protections that it is about
(`faults.MUTANTS`), to see it fail.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from crash import faults
from crash.company import WORKFLOW, Company, company
from liftlock.store import tasks, workers
from liftlock.store.runs import find
from postgres import Cluster

LONG: Final = bool(os.environ.get('LIFTLOCK_CRASH'))
CAREFUL: Final = """
listen_addresses = ''
max_connections = 100
shared_buffers = 32MB
"""


class Scene(NamedTuple):
    """`pause`: how long a job sleeps between two lines, in seconds. `grace`: for how long others
    may be silent. `code` is what every process runs first; `mutants` are the protections without
    which the scene must fail."""

    act: Callable[[Company, Any], None]
    mutants: tuple[str, ...]
    pause: str = '0.05'
    grace: float = 3.0
    code: str = ''
    workflow: str = WORKFLOW
    slow: bool = True


def play(
    scene: Scene, directory: Path, cluster: Cluster | None, mutant: str = '', prop: object = None
) -> None:
    """`prop` is handed to the scene instead of the cluster. Without one it is on SQLite."""
    with company(
        directory, cluster, pause=scene.pause, grace=scene.grace, workflow=scene.workflow
    ) as here:
        here.infect(scene.code + faults.MUTANTS[mutant])
        if mutant:
            here.patience = 40.0  # of what is to fail, most waits for what never comes
        scene.act(here, cluster if prop is None else prop)


def played(scenes: Iterable[Scene]) -> list[Any]:
    return [
        pytest.param(
            scene,
            id=scene.act.__name__,
            marks=pytest.mark.skipif(
                scene.slow and not LONG, reason='LIFTLOCK_CRASH=1 has the time for it'
            ),
        )
        for scene in scenes
    ]


def weakened(scenes: Iterable[Scene]) -> list[Any]:
    return [
        pytest.param(
            scene,
            mutant,
            id=f'{scene.act.__name__}-{mutant.replace(" ", "-")}',
            marks=pytest.mark.skipif(not LONG, reason='LIFTLOCK_CRASH=1 takes protections out'),
        )
        for scene in scenes
        for mutant in scene.mutants
    ]


# --- what scenes look at


def begun(here: Company, process: Any, count: int = 1) -> bool:
    """Whether that worker is at so many jobs, of which a step has started."""
    ids = [one.id for one in workers.listed(here.store) if one.pid == process.pid]
    told = [
        task
        for task in tasks.queue(here.store)
        if task.worker in ids and task.state == 'running'
        and here.did(task.run, task.job)
    ]  # fmt: skip
    return len(told) >= count


def rests(here: Company, process: Any) -> str:
    """Why that worker takes no jobs; '' if it does."""
    found = [one for one in workers.listed(here.store) if one.pid == process.pid]
    return found[0].reason if found and found[0].state == workers.RESTING else ''


def carried_by(here: Company, server: Any) -> list[int]:
    """A run that the server has taken up: so what happens to a worker happens to its jobs alone."""
    (run,) = here.submit()
    here.until(lambda: find(here.store, str(run)).owner.startswith(f'{server.pid}-'))
    return [run]
