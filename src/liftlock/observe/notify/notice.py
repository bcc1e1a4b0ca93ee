"""What people are told, before it is put into a channel's form."""

from datetime import UTC, datetime
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Alert
from liftlock.observe.alerts import Cleared, Event, Raised

CRITICAL: Final = 'critical'
WARNING: Final = 'warning'
INFO: Final = 'info'


class Notice(NamedTuple):
    """`key` is the same for what belongs together: an alert that is raised and cleared. `severity`
    is critical, warning or info; `at` seconds since 1970. `source` is what it is about, `url` where
    more is to be seen."""

    key: str
    title: str
    text: str
    severity: str
    at: float
    cleared: bool = False
    source: str = ''
    url: str = ''

    @property
    def time(self) -> str:
        return datetime.fromtimestamp(self.at, UTC).isoformat(timespec='seconds')

    @property
    def mark(self) -> str:
        return 'CLEARED' if self.cleared else self.severity.upper()


class Undelivered(Exception):
    """Nobody was told; the message says why, without any secret."""


def of_alert(event: Event, source: str, url: str = '') -> Notice:
    """`source` names the application and environment: shop/production."""
    alert, text = event.alert, event.message
    if isinstance(event, Cleared):
        text = f'{text}; it lasted for {duration(event.lasted)}'
    title = f'{alert.name} ({source})' if source else alert.name
    cleared = not isinstance(event, Raised)
    return Notice(_key(alert, source), title, text, alert.severity, event.at, cleared, source, url)


def _key(alert: Alert, source: str) -> str:
    return f'liftlock/{source}/{alert.name}'


def duration(seconds: float) -> str:
    """1 h 5 min, 3 min 20 s, 12 s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f'{hours} h {minutes} min'
    return f'{minutes} min {rest} s' if minutes else f'{rest} s'
