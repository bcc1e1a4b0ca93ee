"""Measurements as a line a thumb wide: what an analysis has seen so far."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout import facts as f

WIDTH: Final = 130
HEIGHT: Final = 26
MOST: Final = 60  # points; the newest


class Series(NamedTuple):
    """One analysis of one deployment. `failed` are the places of measurements that were bad."""

    name: str
    values: tuple[float, ...]
    failed: tuple[int, ...]
    measured: int


def series(facts: Iterable[f.Stamped], number: int) -> dict[tuple[str, str], Series]:
    """By stage and analysis, of the deployment with this number."""
    found: dict[tuple[str, str], list[f.Measured]] = {}
    for stamped in facts:
        fact = stamped.fact
        if isinstance(fact, f.Measured) and fact.number == number and fact.value is not None:
            found.setdefault((fact.stage, fact.analysis), []).append(fact)
    return {key: _series(key[1], measured) for key, measured in found.items()}


def _series(name: str, measured: Sequence[f.Measured]) -> Series:
    shown = measured[-MOST:]
    failed = tuple(at for at, one in enumerate(shown) if one.phase == 'failed')
    return Series(name, tuple(one.value or 0.0 for one in shown), failed, len(measured))


def svg(series: Series) -> str:
    """Its height is from nought, or the least value, to the greatest one."""
    values = series.values
    low, high = min(0.0, *values), max(values)
    scale = (HEIGHT - 4) / ((high - low) or 1.0)
    step = WIDTH / max(len(values) - 1, 1)
    spots = [(at * step, HEIGHT - 2 - (value - low) * scale) for at, value in enumerate(values)]
    path = 'M' + 'L'.join(f'{x:.1f} {y:.1f}' for x, y in spots)
    bad = ''.join(
        f'<circle cx="{spots[at][0]:.1f}" cy="{spots[at][1]:.1f}" r="2"/>' for at in series.failed
    )
    told = f'{series.name}: {series.measured} times, the last {values[-1]:g}, at most {high:g}'
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(told)}">'
        f'<path d="{path}"/>{bad}</svg>'
    )
