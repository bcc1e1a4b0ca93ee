"""Waiting for a service to be healthy, if its image or its options say how to tell.

GitHub's runner looks at growing distances: 2 seconds, 4, 8 … 32. Here the same distances are said,
but the wait ends as soon as there is something new: a look costs 20 ms.
"""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from liftlock.runner.docker.engine import Engine

if TYPE_CHECKING:
    from liftlock.runner.docker.network import Started

_FORMAT: Final = (
    '{{if .Config.Healthcheck}}{{if .State.Running}}{{.State.Health.Status}}{{else}}exited{{end}}'
    '{{end}}'
)
_LEAST: Final = 2.0  # seconds
_MOST: Final = 32.0
_GLANCE: Final = 0.5


async def wait(engine: Engine, started: 'Started', say: Callable[[str], None]) -> bool:
    """Whether it is healthy, or has no way to tell."""
    status = await _look(engine, started)
    for pause in pauses():
        if status != 'starting':
            break
        say(
            f'{started.alias} service is starting, waiting {pause:.0f} seconds before '
            'checking again.'
        )
        status = await _watch(engine, started, pause)
    well = status in ('healthy', '')
    if well:
        say(f'{started.alias} service is healthy.')
    return well


def pauses() -> Iterator[float]:
    """In seconds; without end, as on GitHub: a job's own time limit is the limit."""
    step = 0
    while True:
        grown = (2**step - 1) * random.uniform(0.8, 1.2) * 2.0  # noqa: S311 - no secret
        yield min(_LEAST + grown, _MOST)
        step += 1


async def _watch(engine: Engine, started: 'Started', seconds: float) -> str:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(_GLANCE, left))
        status = await _look(engine, started)
        if status != 'starting':
            return status
    return 'starting'


async def _look(engine: Engine, started: 'Started') -> str:
    """`starting`, `healthy`, `unhealthy`, `exited`; '' where nothing tells."""
    status = (await engine.tell('inspect', '--format', _FORMAT, started.id)).text.strip()
    if status == 'starting' and engine.podman:
        # Podman leaves the checks to timers of systemd, which is not everywhere.
        await engine.ask('healthcheck', 'run', started.id)
        status = (await engine.tell('inspect', '--format', _FORMAT, started.id)).text.strip()
    return status
