"""Counts since a reader asked last. Readers are remembered in memory only: a window that spans a
restart of ours would hold requests of which nobody knows the time."""

import asyncio
import json
from collections import OrderedDict
from pathlib import Path
from typing import Final
from urllib.parse import quote

from liftlock.rollout.sight import Window
from liftlock.targets.envoy import admin, counters
from liftlock.targets.envoy.counters import Totals

_MOST: Final = 1000  # readers; those that have not asked for longest are forgotten


class Meter:
    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: OrderedDict[tuple[str, str, str], Totals] = OrderedDict()

    async def counted(self, environment: str, revision: str, reader: str) -> Window:
        now = await self._totals(environment, revision)
        key = (environment, revision, reader)
        before = self._read.pop(key, None)
        self._read[key] = now
        while len(self._read) > _MOST:
            self._read.popitem(last=False)
        return Window() if before is None else counters.between(before, now)

    def forget(self, environment: str) -> None:
        for key in [key for key in self._read if key[0] == environment]:
            del self._read[key]

    async def _totals(self, environment: str, revision: str) -> Totals:
        numbers, text = await asyncio.gather(
            admin.statistics(self._directory, counters.pattern(environment, 'completed|5xx')),
            admin.ask(self._directory, histograms(environment)),
        )
        return counters.totals(revision, numbers, json.loads(text))


def histograms(environment: str) -> str:
    names = quote(counters.pattern(environment, 'time'), safe='')
    return f'/stats?format=json&type=Histograms&histogram_buckets=cumulative&filter={names}'
