"""Measurements from a real Envoy, judged: a good and a bad version behind it, and real requests."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from e2e.delivery.router.scene import Scene, opened, until
from liftlock.language.settings.model import Analysis, Condition
from liftlock.observe.measuring import Measuring
from liftlock.rollout.analysis import Judgement, Tally, assess, judge, measured, take
from liftlock.rollout.sight import Routes, Window

HALF = Routes((('r1', 50), ('r2', 50)))
OVER_5 = Condition('', '>', 5.0, '%')


class Meter:
    """The counts of one environment."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    async def counted(self, revision: str, reader: str) -> Window:
        return await self._scene.router.counted('shop', revision, reader)


async def run(scene: Scene, analysis: Analysis, ask: Callable[[], Awaitable[object]]) -> Judgement:
    """Measures until the analysis has ended; before each measurement somebody asks."""
    measuring, meter, tally = Measuring(), Meter(scene), Tally()
    for at in range(1, 100):
        reading = await measuring(analysis, meter, ('r2', 'r1'), {}, 'x')
        fact = measured(1, 'step-1', 'x', reading, assess(analysis, reading, tally))
        tally = take(tally, fact, float(at))
        found = judge(analysis, tally, 0.0, float(at))
        if found.phase != 'running':
            return found
        await ask()
    raise AssertionError(f'it never ended: {tally}')


def judged(analysis: Analysis, *words: str, path: str = '/', count: int = 300) -> Judgement:
    """Of a new version that was started with these words, with half of the traffic."""

    async def story() -> Judgement:
        async with opened() as scene:
            scene.start('r1')
            scene.start('r2', *words)
            await scene.put(HALF)
            return await run(scene, analysis, lambda: scene.ask(count, path))

    return asyncio.run(story())


def test_a_good_version_passes() -> None:
    analysis = Analysis('error_rate', failure=OVER_5, interval=1.0, measurements=2)
    found = judged(analysis)
    assert found.phase == 'successful'
    assert found.message.startswith('2 of 2 measurements good; the last: error rate 0 % (0 of 1')


def test_a_broken_version_fails_and_its_neighbour_is_not_blamed() -> None:
    found = judged(Analysis('error_rate', failure=OVER_5, interval=1.0, measurements=2), '--broken')
    assert found.phase == 'failed'
    assert found.message.startswith('error rate 100 % (')


@pytest.mark.parametrize(('words', 'phase'), [((), 'successful'), (('--broken',), 'failed')])
def test_both_versions_are_compared(words: tuple[str, ...], phase: str) -> None:
    analysis = Analysis('success_rate', baseline=True, interval=1.0, measurements=1)
    assert judged(analysis, *words).phase == phase


def test_too_few_requests_are_told() -> None:
    analysis = Analysis('error_rate', failure=OVER_5, interval=1.0, measurements=2)
    found = judged(analysis, count=4)
    assert found.phase == 'inconclusive'
    assert found.message.startswith('too little data in 2 measurements')


def test_latencies_are_counted_at_the_limit() -> None:
    """Answers take at least 60 ms: all of them too long for one limit, none for the other."""
    slow = Analysis('p95', failure=Condition('', '>', 50.0, 'ms'), measurements=1, min_requests=20)
    quick = slow._replace(failure=Condition('', '>', 2000.0, 'ms'))

    async def story() -> tuple[Judgement, Judgement]:
        async with opened() as scene:
            scene.start('r2')
            await scene.put(Routes((('r2', 100),)))
            measuring, meter = Measuring(), Meter(scene)

            async def timed() -> bool:
                """Envoy counts times a little later than requests."""
                window = await meter.counted('r2', 'watch')
                seen.append(window.latencies[-1][1] if window.latencies else 0)
                return sum(seen) >= 30

            found, seen = [], list[int]()
            tallies = [Tally(), Tally()]
            for turn in range(2):
                for place, analysis in enumerate((slow, quick)):
                    reading = await measuring(analysis, meter, ('r2', ''), {}, str(place))
                    fact = measured(1, 's', 'x', reading, assess(analysis, reading, tallies[place]))
                    tallies[place] = take(tallies[place], fact, 1.0)
                    found.append(judge(analysis, tallies[place], 0.0, 1.0))
                if not turn:
                    await meter.counted('r2', 'watch')
                    await scene.ask(30, '/slow/0.06')
                    await until(timed)
            return found[2], found[3]

    late, fine = asyncio.run(story())
    assert late.phase == 'failed'
    assert late.message.startswith('100 % slower than 50 ms (30 of 30 requests)')
    assert fine.phase == 'successful'
