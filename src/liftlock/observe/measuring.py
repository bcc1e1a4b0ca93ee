"""One measurement of an analysis, wherever its numbers come from. It never raises and never takes
longer than the analysis allows: what went wrong is part of the reading."""

import asyncio
from collections.abc import Mapping

from liftlock.language.settings.model import Analysis
from liftlock.observe.metrics import command, prometheus, router, url
from liftlock.rollout import quantities
from liftlock.rollout.reading import Reading
from liftlock.rollout.trouble import Trouble


class Measuring:
    """Remembers which readers have asked the router: before the first time it counts nothing for
    them, which is no want of traffic."""

    def __init__(self) -> None:
        self._readers: set[tuple[str, str]] = set()

    async def __call__(
        self,
        analysis: Analysis,
        meter: router.Meter | None,
        revisions: tuple[str, str],
        env: Mapping[str, str],
        reader: str,
        directory: str = '',
    ) -> Reading:
        try:
            # A source that is patient itself says more precisely what it waited for.
            async with asyncio.timeout(analysis.timeout + 5.0):
                if analysis.metric:
                    return await self._router(analysis, meter, revisions, reader)
                return await _read(analysis, env, directory)
        except TimeoutError:
            return Reading(error=f'no reading within {analysis.timeout:g} s')
        except Trouble as trouble:
            return Reading(error=str(trouble))
        except OSError as error:
            return Reading(error=error.strerror or str(error))
        except (ValueError, LookupError) as error:  # what a router said is not what routers say
            return Reading(error=f'what was answered cannot be read: {error!r}')

    async def _router(
        self,
        analysis: Analysis,
        meter: router.Meter | None,
        revisions: tuple[str, str],
        reader: str,
    ) -> Reading:
        reading = await router.read(analysis, meter, revisions, reader)
        first = (reader, revisions[0]) not in self._readers
        if reading.error or not first:
            return reading
        self._readers.add((reader, revisions[0]))
        quantity = quantities.of(analysis)
        return Reading(opened=True) if quantity.windowed and not reading.requests else reading


async def _read(analysis: Analysis, env: Mapping[str, str], directory: str) -> Reading:
    if analysis.prometheus:
        return await prometheus.read(analysis, env)
    if analysis.url:
        return await url.read(analysis)
    return await command.read(analysis, env, directory)
