"""How long to wait before an instance that died is started again. Pure."""

from typing import Final

from liftlock.targets.process.record import Record

_FIRST: Final = 1.0
LONGEST: Final = 60.0
_SETTLED: Final = 60.0  # seconds alive after which a death is a first one again


def died(record: Record, now: float, message: str) -> Record:
    """The record of an instance that has just ended by itself."""
    return record._replace(
        pid=0,
        born=0,
        ended=now,
        restarts=record.restarts + 1,
        failures=1 if is_settled(record, now) else record.failures + 1,
        message=message,
    )


def is_settled(record: Record, now: float) -> bool:
    """It has been alive for so long that its last death has nothing to do with its start."""
    return now - record.since >= _SETTLED


def due(record: Record) -> float:
    """When to start it again: after 1, 2, 4 … 60 seconds."""
    if not record.failures:
        return record.ended
    return record.ended + min(LONGEST, _FIRST * 2.0 ** min(record.failures - 1, 10))
