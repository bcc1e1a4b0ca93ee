"""What people read of the instances: any process may, whoever looks after them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from liftlock.targets.process import lines, record
from liftlock.targets.process.lines import Log
from liftlock.targets.process.tail import Tail, merged

_POLL: Final = 0.2  # seconds
_BREATH: Final = 500  # lines, after which others get their turn


async def read(
    records: Path, logs: Path, revision: str, *, follow: bool, previous: bool
) -> AsyncIterator[str]:
    tails = [Tail(log) for log in _wanted(records, logs, revision, previous)]
    for number, line in enumerate(merged(tails, whole=not follow)):
        yield line
        if number % _BREATH == 0:
            await asyncio.sleep(0)
    while follow:
        for line in await asyncio.to_thread(_more, tails):
            yield line
        await asyncio.sleep(_POLL)
        known = {tail.log.path for tail in tails}
        now = await asyncio.to_thread(_wanted, records, logs, revision, previous)
        tails += [Tail(log) for log in now if log.path not in known]


def _more(tails: list[Tail]) -> list[str]:
    return [lines.said(tail.log.id, line) for tail in tails for line in tail.read()]


def _wanted(records: Path, logs: Path, revision: str, previous: bool) -> list[Log]:
    """Those of the instances that are there, or of those that are gone. Who has died and is to be
    started again is there, as `kubectl logs` has it: what it said at last is what people look for.
    """
    current = {Path(kept.log).name for kept in record.read_all(records)}
    found = lines.find(logs, revision)
    return [log for log in found if (log.path.name in current) is not previous]
