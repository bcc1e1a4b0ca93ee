"""Looks at instances with the environment's health checks, each in its own time.

Until an instance has been healthy for the first time it is looked at more often, so that a start
takes as long as the application needs and not as long as its interval.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liftlock.engine.delivery.ports import Probe
from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import HealthCheck
from liftlock.rollout import health
from liftlock.rollout.health import HEALTHY, UNKNOWN, Health
from liftlock.rollout.sight import Group, Instance

EAGER: Final = 0.25  # seconds between two looks at an instance that was never healthy
MOMENT: Final = 3.0  # seconds for who has no checks to be found listening


class _Watch(NamedTuple):
    """One check of one instance. `due` is when to look next, `ready_at` since when it is well."""

    health: Health
    due: float = 0.0
    was_healthy: bool = False


class HealthWatch:
    """`wake` is called when a verdict has changed."""

    def __init__(self, probe: Probe, wake: Callable[[], None]) -> None:
        self._probe = probe
        self._wake = wake
        self._watches: dict[tuple[str, int], _Watch] = {}
        self._ready: dict[str, float] = {}  # instance: since when
        self._met: dict[str, float] = {}  # instance: when it was seen first
        self._looking: dict[tuple[str, int], asyncio.Task[None]] = {}

    def look(
        self,
        instances: Sequence[Instance],
        checks: Sequence[HealthCheck],
        env: Mapping[str, str],
        now: float,
    ) -> None:
        """Start the looks that are due, and forget whoever is gone."""
        living = {one.id for one in instances if one.alive}
        for key in [key for key in self._watches if key[0] not in living]:
            del self._watches[key]
        for known in (self._ready, self._met):
            for gone in known.keys() - living:
                del known[gone]
        for name in living:
            self._met.setdefault(name, now)
        for one in instances:
            for number, check in enumerate(checks):
                if one.alive:
                    self._look((one.id, number), check, one, env, now)

    def _look(
        self,
        key: tuple[str, int],
        check: HealthCheck,
        instance: Instance,
        env: Mapping[str, str],
        now: float,
    ) -> None:
        watch = self._watches.setdefault(key, _Watch(Health()))
        if key in self._looking or now < watch.due:
            return
        pause = check.interval if watch.was_healthy else min(check.interval, EAGER)
        self._watches[key] = watch._replace(due=now + pause)
        self._looking[key] = asyncio.create_task(self._ask(key, check, instance, env))

    async def _ask(
        self,
        key: tuple[str, int],
        check: HealthCheck,
        instance: Instance,
        env: Mapping[str, str],
    ) -> None:
        try:
            wrong = await self._probe(check, instance, env)
        finally:
            del self._looking[key]
        watch = self._watches.get(key)
        if watch is None:
            return
        after = health.take(watch.health, check, wrong)
        self._watches[key] = watch._replace(
            health=after, was_healthy=watch.was_healthy or after.state == HEALTHY
        )
        if after.state != watch.health.state:
            self._wake()

    def verdict(self, instance: Instance, checks: Sequence[HealthCheck]) -> tuple[bool, str]:
        """Whether it is ready to serve, and if not, why."""
        if not instance.alive or instance.ready is False:
            return False, instance.message
        if not checks:
            return instance.ready is True, instance.message or 'it does not listen yet'
        for number, _ in enumerate(checks):
            watch = self._watches.get((instance.id, number))
            if watch is None or watch.health.state != HEALTHY:
                return False, (watch.health.message if watch else '') or 'not looked at yet'
        return True, ''

    def _is_unknown(self, instance: Instance, checks: Sequence[HealthCheck], now: float) -> bool:
        if not checks:
            return instance.ready is None and now - self._met.get(instance.id, now) < MOMENT
        watches = (self._watches.get((instance.id, number)) for number, _ in enumerate(checks))
        return any(watch is None or watch.health.state == UNKNOWN for watch in watches)

    def groups(
        self,
        instances: Sequence[Instance],
        checks: Sequence[HealthCheck],
        min_ready: float,
        now: float,
    ) -> dict[str, Group]:
        """Instances counted by revision; ready are those that have been it for `min_ready`."""
        found: dict[str, Group] = {}
        for one in instances:
            ready, why = self.verdict(one, checks)
            since = self._ready.setdefault(one.id, now) if ready else None
            if not ready:
                self._ready.pop(one.id, None)
            counts = since is not None and now - since >= min_ready
            early = ready and not counts
            before = found.get(one.revision, Group())
            found[one.revision] = Group(
                before.running + one.alive,
                before.ready + counts,
                before.unknown + (one.alive and (early or self._is_unknown(one, checks, now))),
                max(before.restarts, one.restarts),
                before.message or ('' if ready else f'{one.id}: {why}' if why else ''),
            )
        return found

    async def end(self) -> None:
        tasks = list(self._looking.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
