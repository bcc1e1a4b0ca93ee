"""How long a run will take, going by how long its jobs took before.

Jobs are put on the free places in the order of the plan, each as soon as what it needs is done:
the same that the engine does, with the clock left out.
"""

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush

from liftlock.language.records import NamedTuple
from liftlock.plan.graph import Node


class Estimate(NamedTuple):
    """`seconds` from the first start to the last end; `unknown` jobs count as nothing."""

    seconds: float
    unknown: tuple[str, ...]  # keys of jobs that have never succeeded here


class _Work(NamedTuple):
    key: str
    needs: tuple[str, ...]
    lasts: tuple[float, ...]  # a leg each


def estimate(nodes: tuple[Node, ...], past: Mapping[str, float], places: int) -> Estimate | None:
    """`past` is seconds by key of a job or leg. None if nothing is known of any job."""
    work = tuple(_flat(nodes, past, ()))
    unknown = tuple(one.key for one in work if not one.lasts)
    if len(unknown) == len(work):
        return None
    ends: dict[str, float] = {}
    free = [0.0] * max(places, 1)
    heapify(free)
    for one in work:
        ready = max((ends.get(need, 0.0) for need in one.needs), default=0.0)
        ends[one.key] = ready
        for seconds in one.lasts:
            end = max(heappop(free), ready) + seconds
            heappush(free, end)
            ends[one.key] = max(ends[one.key], end)
    return Estimate(max(ends.values()), unknown)


def _flat(
    nodes: tuple[Node, ...], past: Mapping[str, float], above: tuple[str, ...]
) -> Iterator[_Work]:
    """Jobs in the order of stages; those of a call need what the call needs, and it needs them."""
    for node in sorted(nodes, key=lambda node: node.stage):
        if node.outcome == 'skipped':
            continue
        needs = (*above, *node.needs)
        if node.uses:
            inside = tuple(_flat(node.inside, past, needs))
            yield from inside
            yield _Work(node.key, (*needs, *(one.key for one in inside)), (0.0,))
        else:
            yield _Work(node.key, needs, tuple(_lasts(node, past)))


def _lasts(node: Node, past: Mapping[str, float]) -> Iterator[float]:
    if node.legs == ():
        known = past.get(node.key)
        if known is not None:
            yield known
        return
    legs = [seconds for key, seconds in past.items() if key.startswith(f'{node.key}[')]
    if not legs:
        return
    if node.legs is None:  # as many as there were
        yield from legs
        return
    mean = sum(legs) / len(legs)
    for number in range(len(node.legs)):
        yield past.get(f'{node.key}[{number}]', mean)
