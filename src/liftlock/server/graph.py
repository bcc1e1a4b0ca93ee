"""The graph of a run's jobs as SVG: layers from left to right, a matrix folded into one node.

A node stands one layer behind the last that it needs. Within a layer nodes are ordered by the mean
place of what they need, so that few lines cross. Every node is a link, and says in words what its
colour says. The page lists the same jobs with what they need, for whoever cannot see this.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from liftlock.language.records import NamedTuple

WIDTH: Final = 188
HEIGHT: Final = 40
GAP: Final = 14
ACROSS: Final = 56  # between layers, for the lines
EDGE: Final = 8
LETTERS: Final = 20  # of a name that fit
ORDER: Final = ('failure', 'cancelled', 'running', 'queued', 'waiting', 'success', 'skipped')
SIGNS: Final = {
    'success': 'M-4 0 l3 3 l5 -6',
    'failure': 'M-3 -3 l6 6 M3 -3 l-6 6',
    'cancelled': 'M-3 3 l6 -6',
    'skipped': 'M-3 0 h6',
    'running': 'M0 -3 v3 l2 2',
    'queued': 'M0 -3 v3 l2 2',
    'waiting': '',
}


class Node(NamedTuple):
    """`done` of `legs` have ended; `legs` is 1 where there is no matrix."""

    id: str
    name: str
    state: str
    href: str = ''
    needs: tuple[str, ...] = ()
    done: int = 0
    legs: int = 1
    note: str = ''  # how long, say


def worst(states: Iterable[str]) -> str:
    """What is told of several at once. Skipped legs count only where all are."""
    found = set(states)
    if found == {'success', 'skipped'}:
        return 'success'
    return next((state for state in ORDER if state in found), 'waiting')


def layers(nodes: Sequence[Node]) -> list[list[Node]]:
    """From left to right, each from top to bottom. What needs itself in a circle stands first."""
    known = {node.id: node for node in nodes}
    depth: dict[str, int] = {}

    def of(identity: str, above: frozenset[str]) -> int:
        if identity not in depth:
            needs = [one for one in known[identity].needs if one in known and one not in above]
            depth[identity] = 1 + max((of(one, above | {identity}) for one in needs), default=-1)
        return depth[identity]

    for node in nodes:
        of(node.id, frozenset())
    found: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        found[depth[node.id]].append(node)
    places: dict[str, float] = {}
    for layer in found:
        layer.sort(key=lambda node: _mean(node, places))  # stable: else as in the file
        places |= {node.id: float(row) for row, node in enumerate(layer)}
    return found


def _mean(node: Node, places: Mapping[str, float]) -> float:
    known = [places[one] for one in node.needs if one in places]
    return sum(known) / len(known) if known else 0.0


def svg(nodes: Sequence[Node], title: str) -> str:
    ordered = layers(nodes)
    tallest = max((len(layer) for layer in ordered), default=0)
    width = len(ordered) * (WIDTH + ACROSS) - ACROSS + 2 * EDGE
    height = tallest * (HEIGHT + GAP) - GAP + 2 * EDGE
    spots = {
        node.id: (EDGE + column * (WIDTH + ACROSS), EDGE + row * (HEIGHT + GAP))
        for column, layer in enumerate(ordered)
        for row, node in enumerate(layer)
    }
    lines = ''.join(
        _line(spots[need], spots[node.id]) for node in nodes for need in node.needs if need in spots
    )
    boxes = ''.join(_box(node, *spots[node.id]) for layer in ordered for node in layer)
    return (
        f'<svg class="graph" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        f' role="group" aria-label="{escape(title)}">{lines}{boxes}</svg>'
    )


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    x, y = start[0] + WIDTH, start[1] + HEIGHT // 2
    to, at = end[0], end[1] + HEIGHT // 2
    half = ACROSS // 2
    bend = f'C{to - half} {y} {to - half} {at} {to} {at}'
    straight = f'H{to - ACROSS}' if to - x > ACROSS else ''
    return f'<path class="edge" d="M{x} {y}{straight}{bend}"/>'


def _box(node: Node, x: int, y: int) -> str:
    name = node.name if len(node.name) <= LETTERS else f'{node.name[: LETTERS - 1]}…'
    ended = f'{node.done} of {node.legs}' if node.legs > 1 else ''
    note = ' · '.join(part for part in (node.state, ended, node.note) if part)
    said = f'{node.name}: {note}'
    behind = (
        f'<rect class="behind" x="4" y="4" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        if node.legs > 1
        else ''
    )
    drawn = (
        f'{behind}<rect class="box" width="{WIDTH}" height="{HEIGHT}" rx="7"/>'
        f'<g transform="translate(18 20)"><circle class="dot" r="8"/>'
        f'<path class="sign" d="{SIGNS.get(node.state, "")}"/></g>'
        f'<text class="name" x="34" y="17">{escape(name)}</text>'
        f'<text class="note" x="34" y="31">{escape(note)}</text>'
    )
    inner = f'<a href="{escape(node.href)}">{drawn}</a>' if node.href else drawn
    return (
        f'<g class="node is-{escape(node.state)}" transform="translate({x} {y})">'
        f'<title>{escape(said)}</title>{inner}</g>'
    )
