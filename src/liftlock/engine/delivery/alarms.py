"""The alerts of an environment: conditions are measured, and people told when one has held.

That an alert is raised or cleared is a fact before anybody is told of it, and that a channel has
taken it in is another: so a `kill -9` in between makes somebody hear of it twice, never not at all.
For how long a condition has held is kept in mind only; whoever takes over begins to count anew.

The conditions are about what users have now: the revision that succeeded last.
"""

from collections.abc import Collection
from functools import partial
from typing import Final, cast

from liftlock.engine.delivery import blueprint as blueprints
from liftlock.engine.delivery.bench import Bench
from liftlock.engine.delivery.ground import Stand
from liftlock.engine.delivery.holding import Holding
from liftlock.engine.delivery.ports import Meter
from liftlock.engine.delivery.work import Work
from liftlock.language.settings.model import Alert, Condition, Settings
from liftlock.observe import alerts
from liftlock.observe.alerts import Alarm, Cleared, Event, Raised
from liftlock.observe.notify.notice import Undelivered, of_alert
from liftlock.rollout import facts as f
from liftlock.rollout import quantities
from liftlock.rollout.analysis import of_condition
from liftlock.rollout.environment import Told
from liftlock.rollout.reading import Reading
from liftlock.rollout.templates import INTERVAL
from liftlock.rollout.trouble import Trouble

LONGEST: Final = 86400.0  # seconds for which a channel is tried
OFTEN: Final = 1.0  # seconds between two looks at what is known anyway


class Alarms:
    def __init__(self, bench: Bench, holding: Holding, work: Work) -> None:
        self._bench = bench
        self._holding = holding
        self._work = work
        self._alarms: dict[str, Alarm] = {}
        self._due: dict[str, float] = {}
        self._settings: tuple[str, Settings] = ('', Settings())

    def look(self, stand: Stand, now: float) -> float:
        """Measure what is due; when something is due next."""
        known = {one.name: one for one in self._read(stand.settings).alerts}
        self._clear(known.keys(), 'it is no longer in liftlock.yml', now)
        for name in self._alarms.keys() - known.keys():
            del self._alarms[name], self._due[name]
        for name, alert in known.items():
            if self._due.get(name, 0.0) <= now and _can_be_measured(alert, stand):
                self._due[name] = now + (OFTEN if _about_health(alert) else INTERVAL)
                self._alarms.setdefault(name, self._begun(name))
                self._work.start(f'alert:{name}', partial(self._measure, alert, stand, now))
        return min(self._due.values(), default=float('inf'))

    def _clear(self, but: Collection[str], message: str, now: float) -> None:
        """Those alerts that nobody asks about any more."""
        cleared = [
            f.AlertCleared(name, fact.severity, message, now - at, fact.notify)
            for name, (fact, at) in self._holding.environment.alerts.items()
            if name not in but
        ]
        if cleared:
            self._holding.append(cleared)

    def see_to(self, now: float) -> None:
        """That channels hear what they have not heard yet, and nothing is raised where nothing
        runs."""
        if not self._holding.environment.stable:
            self._clear((), 'nothing runs there any more', now)
        for (seq, channel), told in self._holding.environment.untold.items():
            task = partial(self._tell, seq, channel, told, now)
            self._work.start(f'notify:{channel}:{seq}', task)

    def _begun(self, name: str) -> Alarm:
        raised = self._holding.environment.alerts.get(name)
        return Alarm(raised.at, raised.at) if raised else Alarm()

    def _read(self, digest: str) -> Settings:
        if self._settings[0] != digest:
            self._settings = digest, blueprints.settings(self._holding.blueprint(digest))
        return self._settings[1]

    async def _measure(self, alert: Alert, stand: Stand, now: float) -> None:
        reading = await self._reading(alert, stand)
        before = self._alarms.get(alert.name)
        if before is None:  # it has been taken out meanwhile
            return
        self._alarms[alert.name], event = alerts.look(before, alert, reading, now)
        if event is not None:
            self._holding.append([_fact(event)])

    async def _reading(self, alert: Alert, stand: Stand) -> Reading:
        environment = self._holding.environment
        if _about_health(alert):
            healthy = environment.healthy
            value = None if healthy is None else float(not healthy)
            return Reading(value, message=environment.health_message)
        meter, revisions = cast(Meter, stand.target), (environment.stable, '')
        analysis, reader = of_condition(alert.condition), f'alert:{alert.name}'
        return await self._bench.measure(analysis, meter, revisions, {}, reader)

    async def _tell(self, seq: int, channel: str, told: Told, now: float) -> None:
        place = self._holding.place
        governing = self._holding.environment.deployments[self._holding.number]
        settings = self._read(governing.request.settings)
        notice = of_alert(_event(told), f'{settings.app or place.repository}/{place.name}')
        failed = ''
        try:
            if channel not in settings.notify:
                raise Undelivered(f'notify: does not set up "{channel}"')
            secrets = self._bench.secrets(place)
            await self._bench.notify(channel, settings.notify[channel], secrets, notice)
        except Undelivered as error:
            failed = str(error)
            if now - told.at < LONGEST:
                raise Trouble(f'{channel} could not be told: {failed}', again=True) from None
        self._holding.append([f.AlertTold(seq, channel, failed)])


def _about_health(alert: Alert) -> bool:
    found = quantities.read(alert.condition.metric)
    return found is not None and found.kind == 'unhealthy'


def _can_be_measured(alert: Alert, stand: Stand) -> bool:
    return _about_health(alert) or stand.terms.capabilities.metrics


def _fact(event: Event) -> f.AlertRaised | f.AlertCleared:
    alert, message = event.alert, event.message
    notify = tuple(word.text for word in alert.notify)
    if isinstance(event, Raised):
        return f.AlertRaised(alert.name, alert.severity, message, notify)
    return f.AlertCleared(alert.name, alert.severity, message, event.lasted, notify)


def _event(told: Told) -> Event:
    fact, at = told
    alert = Alert(fact.alert, Condition('', '', 0.0, ''), 0.0, fact.severity)
    if isinstance(fact, f.AlertCleared):
        return Cleared(alert, at, fact.message, fact.lasted)
    return Raised(alert, at, fact.message)
