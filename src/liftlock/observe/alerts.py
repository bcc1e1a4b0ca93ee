"""When an alert is raised, and when it is cleared: a fold of readings, by the rule of analyses.

A reading is judged as a measurement of an analysis would be, over the windows since the last vote
only: what was long ago must neither hide nor feed an alert. A condition must hold in every vote for
`duration` before the alert is raised, and it is cleared by the first vote in which it does not.
Where nothing can be said (no traffic, nobody answers) nothing changes: silence is no recovery.
"""

from typing import TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Alert
from liftlock.rollout.analysis import Measurement, assess, measured, of_condition
from liftlock.rollout.reading import Reading
from liftlock.rollout.tally import ERROR, FAILED, SMALL, Tally, take


class Alarm(NamedTuple):
    """Of one alert. It has held since `since`, and was raised at `raised`; None: it has not."""

    since: float | None = None
    raised: float | None = None
    tally: Tally = Tally()


class Raised(NamedTuple):
    alert: Alert
    at: float
    message: str


class Cleared(NamedTuple):
    """`lasted` is seconds since it was raised."""

    alert: Alert
    at: float
    message: str
    lasted: float


Event: TypeAlias = Raised | Cleared


def look(alarm: Alarm, alert: Alert, reading: Reading, now: float) -> tuple[Alarm, Event | None]:
    """After one more reading."""
    found = assess(of_condition(alert.condition), reading, alarm.tally)
    alarm = alarm._replace(tally=_counted(alarm.tally, reading, found, now))
    if found.phase == ERROR or found.weight in ('open', SMALL) or found.value is None:
        return alarm, None
    if found.phase == FAILED:
        return _held(alarm, alert, found.message, now)
    if alarm.raised is None:
        return alarm._replace(since=None), None
    cleared = Cleared(alert, now, found.message, now - alarm.raised)
    return alarm._replace(since=None, raised=None), cleared


def _counted(tally: Tally, reading: Reading, found: Measurement, now: float) -> Tally:
    after = take(tally, measured(0, '', '', reading, found), now)
    return Tally(block=after.block, total=after.block)


def _held(alarm: Alarm, alert: Alert, message: str, now: float) -> tuple[Alarm, Event | None]:
    since = now if alarm.since is None else alarm.since
    alarm = alarm._replace(since=since)
    if alarm.raised is not None or now - since < alert.duration:
        return alarm, None
    return alarm._replace(raised=now), Raised(alert, now, message)
