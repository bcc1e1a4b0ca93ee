"""`on.schedule`: how often, and whether ever."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.reading.schedules import cron_problem
from liftlock.language.rule import Rule

TOO_OFTEN: Final = Rule(
    'cron-interval',
    Severity.WARNING,
    'A schedule fires more often than every five minutes.',
    "GitHub's shortest interval is five minutes: the times between are left out.",
    'Write `*/5 * * * *` or less often.',
)
NEVER: Final = Rule(
    'cron-never',
    Severity.WARNING,
    'A schedule names a day that none of its months has, such as the 31st of February.',
    'It never fires.',
    'Name a day that exists. For the end of a month, run on its first day, or daily and look.',
)
RULES: Final = (TOO_OFTEN, NEVER)
SHORTEST: Final = 5


def check(subject: Subject) -> Iterator[Diagnostic]:
    if isinstance(subject.document, Action):
        return
    for trigger in subject.document.on.values():
        for schedule in trigger.schedules:
            if cron_problem(str(schedule.cron.value)):
                continue  # that was told when the file was read
            gap = _gap(str(schedule.cron.value))
            if gap is None:
                message = 'no month of this schedule has that day: it never fires'
                yield subject.found(NEVER, schedule.cron.span, message)
            elif gap < SHORTEST:
                often = 'every minute' if gap == 1 else f'every {gap} minutes'
                message = f'this fires {often}; GitHub starts nothing more often than every 5'
                yield subject.found(TOO_OFTEN, schedule.cron.span, message, 'for example: */5')


def _gap(cron: str) -> int | None:
    """The fewest minutes between two firings, those over the end of an hour included.

    None for a day that never comes: of what the reader accepts, cronsim refuses only that.
    """
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    try:
        sim = CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError:
        return None
    minutes = sorted(sim.minutes)
    gaps = [later - earlier for earlier, later in pairwise(minutes)]
    if any((hour + 1) % 24 in sim.hours for hour in sim.hours):
        gaps.append(minutes[0] + 60 - minutes[-1])
    return min(gaps, default=60)
