"""How well it goes: DORA's five figures of each environment, and how runs end and how long they
take; each with what it is a figure of."""

import time
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.engine import performance, trend
from liftlock.engine.trend import Day
from liftlock.language.figures import count, duration
from liftlock.language.records import NamedTuple
from liftlock.observe.dora import Figure
from liftlock.server import rendering, site
from liftlock.store import listing

DAY: Final = 86400.0
CHOICES: Final = (7, 30, 90)
NOTHING: Final = '\u2013'
FEW: Final = 5  # fewer say little
HOUR: Final = 3600.0
# What DORA's Quick Check asks for: so many answers, and these are their limits.
TIMES: Final = (
    (HOUR, 'less than an hour'),
    (DAY, 'less than a day'),
    (7 * DAY, 'a day to a week'),
    (30 * DAY, 'a week to a month'),
    (182 * DAY, 'one to six months'),
)
OFTEN: Final = (
    (3.0, 'on demand'),
    (1.0, 'between hourly and daily'),
    (1 / 7, 'between daily and weekly'),
    (1 / 30, 'between weekly and monthly'),
    (1 / 182, 'between monthly and every six months'),
)


class Told(NamedTuple):
    """One figure in words. `note` says of what it is one; `answer` is the Quick Check's."""

    name: str
    value: str
    note: str
    answer: str = ''
    few: bool = False


async def index(request: Request) -> Response:
    here, now = site.of(request), time.time()
    chosen = request.query_params.get('repository', '')
    days = next((n for n in CHOICES if str(n) == request.query_params.get('days')), 30)
    since = now - days * DAY
    found = performance.look(here.store, since, now, chosen)
    runs = listing.since(here.store, since, chosen)
    return rendering.page(
        request,
        'metrics.html',
        found=found,
        told=[(one, told(one.dora._asdict())) for one in found.environments],
        days=trend.days(runs, since, now),
        span=days,
        choices=CHOICES,
        chosen=chosen,
        repositories=listing.repositories(here.store),
        column=column,
        interval=trend.wilson,
    )


def told(dora: dict[str, Figure]) -> list[Told]:
    """DORA's five, in its own words and order."""
    frequency, lead = dora['frequency'], dora['lead_time']
    failure, recovery, rework = (
        dora[name] for name in ('failure_rate', 'recovery_time', 'rework_rate')
    )
    return [
        Told(
            'Deployment frequency',
            f'{frequency.value:.2g} a day' if frequency.value else NOTHING,
            f'{count(round(frequency.counted), "deployment")} in {frequency.among:.0f} days',
            _often(frequency.value or 0.0) if frequency.counted else '',
            frequency.counted < FEW,
        ),
        _time('Change lead time', lead, 'commit', 'median'),
        _share('Change fail rate', failure, 'change'),
        _time('Failed deployment recovery time', recovery, 'failed change', 'median'),
        _share('Deployment rework rate', rework, 'deployment'),
    ]


def _time(name: str, figure: Figure, what: str, how: str) -> Told:
    note = f'{how} of {count(round(figure.counted), what)}'
    if figure.value is None:
        return Told(name, NOTHING, note, few=True)
    answer = next((word for limit, word in TIMES if figure.value < limit), 'more than six months')
    return Told(name, duration(figure.value), note, answer, figure.counted < FEW)


def _share(name: str, figure: Figure, what: str) -> Told:
    note = f'{figure.counted:.0f} of {count(round(figure.among), what)}'
    if figure.value is None:
        return Told(name, NOTHING, note, few=True)
    low, high = trend.wilson(figure.counted, figure.among)
    between = f'truly {low * 100:.0f} to {high * 100:.0f} %'
    return Told(name, f'{figure.value * 100:.0f} %', note, between, figure.among < FEW)


def _often(value: float) -> str:
    return next((word for limit, word in OFTEN if value >= limit), 'less than every six months')


def column(day: Day, most: int) -> list[tuple[str, float, float]]:
    """(kind, from, height) of the parts of a day's column, in percent from the top."""
    at, found = 100.0, []
    parts = (('success', day.succeeded), ('failure', day.failed), ('cancelled', day.other))
    for kind, number in parts:
        height = number / max(most, 1) * 100
        at -= height
        if number:
            found.append((kind, round(at, 2), round(height, 2)))
    return found
