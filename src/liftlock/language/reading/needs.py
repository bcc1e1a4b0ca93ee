"""Whether the jobs of a file can be put in an order at all, in GitHub's words."""

from collections.abc import Mapping, Sequence

from liftlock.language.reading import hints
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.source import Span
from liftlock.language.template import Literal


def check(needs: Mapping[str, Sequence[Literal]], where: Span, mistakes: Mistakes) -> None:
    """`needs` has every job by its id, in the order of the file."""
    ids = {name.lower(): name for name in needs}
    if all(needs.values()):
        mistakes.add(
            where, 'needs', 'The workflow must contain at least one job with no dependencies.'
        )
        return
    for name, unmet in _unordered(needs).items():
        for need in unmet:
            other = str(need.value)
            if other.lower() in ids:
                message = (
                    f"Job '{name}' depends on job '{other}' which creates a cycle in the "
                    'dependency graph.'
                )
                mistakes.add(need.span, 'needs', message)
            else:
                message = f"Job '{name}' depends on unknown job '{other}'."
                mistakes.add(need.span, 'needs', message, hints.nearest(other, needs))


def _unordered(needs: Mapping[str, Sequence[Literal]]) -> dict[str, list[Literal]]:
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
