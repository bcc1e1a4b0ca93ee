"""What a new controller knows of instances that were there before it."""

import asyncio
from collections.abc import Mapping

from liftlock.engine.delivery.healthwatch import MOMENT, HealthWatch
from liftlock.language.settings.model import HealthCheck
from liftlock.rollout.sight import Group, Instance

CHECK = HealthCheck('/health', healthy_threshold=1)
ONE = Instance('r1-1', 'r1', alive=True)


async def well(check: HealthCheck, one: Instance, env: Mapping[str, str]) -> str:
    return ''


def groups(
    watch: HealthWatch, one: Instance, checks: tuple[HealthCheck, ...], now: float, ready: float = 0
) -> Group:
    watch.look((one,), checks, {}, now)
    return watch.groups((one,), checks, ready, now)['r1']


def test_who_was_not_looked_at_yet_is_unknown_and_not_sick() -> None:
    async def scene() -> None:
        watch = HealthWatch(well, lambda: None)
        assert groups(watch, ONE, (CHECK,), 100.0).unknown == 1
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert groups(watch, ONE, (CHECK,), 100.2)[:3] == (1, 1, 0)

    asyncio.run(scene())


def test_who_is_well_for_too_short_a_time_is_unknown_until_it_counts() -> None:
    async def scene() -> None:
        watch = HealthWatch(well, lambda: None)
        groups(watch, ONE, (CHECK,), 100.0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert groups(watch, ONE, (CHECK,), 101.0, 20)[:3] == (1, 0, 1)
        assert groups(watch, ONE, (CHECK,), 121.0, 20)[:3] == (1, 1, 0)
        await watch.end()

    asyncio.run(scene())


def test_without_checks_it_has_a_moment_to_be_found_listening() -> None:
    async def scene() -> None:
        watch = HealthWatch(well, lambda: None)
        assert groups(watch, ONE, (), 100.0).unknown == 1
        assert groups(watch, ONE, (), 100.0 + MOMENT).unknown == 0
        deaf = groups(watch, ONE, (), 100.0 + MOMENT)
        assert (deaf.ready, deaf.message) == (0, 'r1-1: it does not listen yet')
        assert groups(watch, ONE._replace(ready=True), (), 104.0)[:3] == (1, 1, 0)

    asyncio.run(scene())
