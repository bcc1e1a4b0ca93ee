"""How a place differs from what was deployed there, as far as a look at it tells."""

from collections.abc import Iterator

from liftlock.rollout.environment import BEFORE, Environment
from liftlock.rollout.sight import Group, Routes, Seen


def whole(environment: Environment, seen: Seen) -> str:
    """A place that is updated as a whole knows what it was updated to last; but not by name what
    was there before Liftlock."""
    stable = environment.stable
    if stable in ('', BEFORE, seen.revision):
        return ''
    there = _named(environment, seen.revision) if seen.revision else 'what Liftlock does not know'
    return f'{_named(environment, stable)} was deployed, {there} is there'


def replicas(environment: Environment, seen: Seen) -> str:
    """A place with instances and a router; what somebody is at already is left out."""
    return '\n'.join((*_instances(environment, seen), *_traffic(environment, seen)))


def _instances(environment: Environment, seen: Seen) -> Iterator[str]:
    for revision in sorted({*environment.wanted, *seen.groups}):
        if f'scale:{revision}' in seen.underway:
            continue
        wanted = environment.wanted.get(revision, 0)
        running = seen.groups.get(revision, Group()).running
        if running != wanted:
            yield f'{_named(environment, revision)}: {wanted} wanted, {running} running'


def _named(environment: Environment, revision: str) -> str:
    version = environment.versions.get(revision)
    return f'{version.name} ({revision})' if version else revision or 'something unknown'


def _traffic(environment: Environment, seen: Seen) -> Iterator[str]:
    wanted, found = environment.routes, seen.routes
    if found is not None and found != wanted and 'shift' not in seen.underway:
        yield f'traffic: {_weights(wanted)} is wanted, {_weights(found)} is'


def _weights(routes: Routes) -> str:
    told = ', '.join(f'{name} {percent} %' for name, percent in routes.weights)
    return told or 'none'
