"""What is going on in Envoy right now, by revision."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.targets.envoy import admin

_NAME: Final = re.compile(r'cluster\.(?P<revision>[^.@]+)@[^.]+\.(?P<leaf>\w+)')


class Gauges(NamedTuple):
    busy: int = 0  # requests in flight
    healthy: int = 0  # instances
    warming: bool = False  # not in use before every instance was asked once


def pattern(environment: str) -> str:
    """Of the revisions' own clusters: in those with a fallback nothing is in flight."""
    leaves = 'upstream_rq_active|membership_healthy|warming_state'
    return rf'^cluster\.[^.@]+@{re.escape(environment)}\.({leaves})$'


def by_revision(found: Mapping[str, str]) -> Mapping[str, Gauges]:
    made: dict[str, Gauges] = {}
    for name, value in found.items():
        matched = _NAME.fullmatch(name)
        if matched is not None:
            one = made.get(matched['revision'], Gauges())
            made[matched['revision']] = _with(one, matched['leaf'], int(value))
    return made


def _with(one: Gauges, leaf: str, value: int) -> Gauges:
    if leaf == 'upstream_rq_active':
        return one._replace(busy=value)
    if leaf == 'membership_healthy':
        return one._replace(healthy=value)
    return one._replace(warming=bool(value))


async def read(directory: Path, environment: str) -> Mapping[str, Gauges]:
    return by_revision(await admin.statistics(directory, pattern(environment)))
