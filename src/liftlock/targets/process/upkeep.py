"""Keeps the logs of instances small."""

import asyncio
from pathlib import Path
from typing import Final

from liftlock.targets.process import lines
from liftlock.targets.process.fleet import Fleet
from liftlock.targets.process.ground import Places

LARGEST: Final = 16 << 20  # bytes of a log, which may be twice as much with its older half
_PAUSE: Final = 5.0  # seconds


async def keep_small(places: Places, fleet: Fleet) -> None:
    """For ever."""
    while True:
        current = [Path(life.record.log) for life in fleet.all() if life.record.log]
        await asyncio.to_thread(_tidy, places.logs, current)
        await asyncio.sleep(_PAUSE)


def _tidy(logs: Path, current: list[Path]) -> None:
    for path in current:
        lines.shorten(path, LARGEST)
    lines.prune(logs, {path.name for path in current})
