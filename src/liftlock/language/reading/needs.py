"""Whether the jobs of a file can be put in an order at all, in GitHub's words."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from liftlock.language.reading import hints
from liftlock.language.reading.mistakes import Gap, Mistakes
from liftlock.language.source import Span
from liftlock.language.template import Literal

Needs: TypeAlias = Mapping[str, Sequence[Literal]]


def check(needs: Needs, where: Span, mistakes: Mistakes) -> None:
    """`needs` has every job by its id, in the order of the file.

    GitHub also blames the jobs behind one with an unknown need, as if they made a circle. Where
    all mistakes are wanted, unknown needs are told first and then taken as met.
    """
    ids = {name.lower() for name in needs}
    complete = Gap('jobs') not in mistakes.gaps
    if mistakes.all:
        for name, others in needs.items():
            for need in others:
                if complete and str(need.value).lower() not in ids:
                    _unknown(name, need, needs, mistakes)
        needs = {
            name: [need for need in others if str(need.value).lower() in ids]
            for name, others in needs.items()
        }
    if all(needs.values()):
        if complete:
            message = 'The workflow must contain at least one job with no dependencies.'
            mistakes.add(where, 'needs', message)
        return
    for name, unmet in _unordered(needs).items():
        for need in unmet:
            if str(need.value).lower() in ids:
                message = (
                    f"Job '{name}' depends on job '{need.value}' which creates a cycle in the "
                    'dependency graph.'
                )
                mistakes.add(need.span, 'needs', message)
            else:
                _unknown(name, need, needs, mistakes)


def _unknown(name: str, need: Literal, needs: Needs, mistakes: Mistakes) -> None:
    message = f"Job '{name}' depends on unknown job '{need.value}'."
    others = (other for other in needs if other != name)
    mistakes.add(need.span, 'needs', message, hints.nearest(str(need.value), others))


def _unordered(needs: Needs) -> dict[str, list[Literal]]:
    """The jobs that would never start, each with what it would wait for."""
    wanted = {name: {str(need.value).lower() for need in needs[name]} for name in needs}
    dependents: dict[str, list[str]] = {}
    for name, others in wanted.items():
        for other in others:
            dependents.setdefault(other, []).append(name)
    done: set[str] = set()
    ready = [name for name, others in wanted.items() if not others]
    while ready:
        finished = ready.pop().lower()
        done.add(finished)
        for name in dependents.get(finished, ()):
            wanted[name].discard(finished)
            if not wanted[name]:
                ready.append(name)
    return {
        name: [need for need in needs[name] if str(need.value).lower() not in done]
        for name, others in wanted.items()
        if others
    }
