"""The table that every measurement ends with."""

import json
import sys
from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One work. Figures are in `unit`; `goal` is the largest ratio of ours to the peer's.

    A ratio above the goal is marked; nothing fails by it, since a busy machine would do that.
    """

    work: str
    unit: str
    ours: float
    peer: float
    goal: float = 0.0
    least: float = 0.0  # our best time, where times vary
    peer_least: float = 0.0

    @property
    def ratio(self) -> float:
        return self.ours / self.peer if self.peer else 0.0


HEAD = ('work', 'ours', 'best', 'peer', 'best', 'ratio', 'goal', '')


def show(rows: Sequence[Row], peer: str, *, as_json: bool = False) -> None:
    if as_json:
        json.dump([{**row._asdict(), 'ratio': round(row.ratio, 4)} for row in rows], sys.stdout)
        print()
        return
    table = [(*HEAD[:3], peer, *HEAD[4:]), *map(_cells, rows)]
    widths = [max(len(line[index]) for line in table) for index in range(len(HEAD))]
    for line in table:
        first, *rest = line
        aligned = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        print('  '.join((first.ljust(widths[0]), *aligned)).rstrip(), flush=True)


def _cells(row: Row) -> tuple[str, ...]:
    verdict = '' if not row.goal else 'ok' if row.ratio <= row.goal else 'MISSED'
    return (
        row.work,
        _figure(row.ours, row.unit),
        _figure(row.least, row.unit) if row.least else '',
        _figure(row.peer, row.unit) if row.peer else '',
        _figure(row.peer_least, row.unit) if row.peer_least else '',
        f'{row.ratio:.2f}x' if row.peer else '',
        f'{row.goal:g}x' if row.goal else '',
        verdict,
    )


def _figure(number: float, unit: str) -> str:
    return f'{number:.0f} {unit}' if number >= 100 else f'{number:.1f} {unit}'
