"""What the router knows of an environment: what is wanted, what Envoy shows, and who is leaving.

A change of routes goes through three entries. Each is kept in a file before Envoy hears of it, so
that whoever comes after a kill goes on from there:

    arriving   the new clusters are there, the old routes hold
    shown      the new routes hold, those who left them finish what they have begun
    settled    nobody is leaving any more
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from liftlock.language.records import NamedTuple
from liftlock.rollout.sight import Routes
from liftlock.targets.envoy import routes as routing
from liftlock.targets.envoy.part import Part, part_document, part_of, routes_document, routes_of


class Entry(NamedTuple):
    """`shown` None: nothing is routed yet, and no port listens. `leaving` are the endpoints of
    revisions that are not routed to any more, but may have requests in flight; `spare` are guards
    that only the routes before have named. Envoy must not lose either before it has the new ones.
    """

    part: Part
    shown: Routes | None = None
    leaving: Mapping[str, tuple[str, ...]] = {}
    spare: tuple[tuple[str, str], ...] = ()


def arriving(before: Entry | None, part: Part) -> Entry:
    if before is None or before.shown is None:
        return Entry(part)
    stay = before.shown.revisions() - part.routes.revisions()
    known = {**before.part.endpoints, **before.leaving}
    kept = [*before.leaving, *(one for one in sorted(stay) if one not in before.leaving)]
    leaving = {one: known.get(one, ()) for one in kept if one not in part.routes.revisions()}
    old = {*before.spare, *routing.guards(before.shown)} - {*routing.guards(part.routes)}
    return Entry(part, before.shown, leaving, tuple(sorted(old)))


def shown(before: Entry) -> Entry:
    return before._replace(shown=before.part.routes)


def settled(before: Entry, gone: Iterable[str]) -> Entry:
    left = {one: before.leaving[one] for one in before.leaving if one not in set(gone)}
    return before._replace(leaving=left, spare=())


def changed(before: Entry, endpoints: Mapping[str, tuple[str, ...]]) -> Entry:
    """Only those that are named have changed."""
    part = before.part._replace(endpoints={**before.part.endpoints, **endpoints})
    leaving = {one: endpoints.get(one, some) for one, some in before.leaving.items()}
    return before._replace(part=part, leaving=leaving)


def clusters(entry: Entry) -> Mapping[str, tuple[str, ...]]:
    """The endpoints of every revision that Envoy has to know."""
    wanted = {one: entry.part.endpoints.get(one, ()) for one in entry.part.routes.revisions()}
    return {**entry.leaving, **wanted}


def guards(entry: Entry) -> Iterator[tuple[str, str]]:
    yield from sorted({*routing.guards(entry.part.routes), *entry.spare})


def rising(entry: Entry) -> tuple[str, ...]:
    """Who is about to get more requests than now, and so has to be healthy first."""
    old, new = entry.shown or Routes(), entry.part.routes
    more = [name for name, weight in new.weights if weight > old.weight(name)]
    asked = {(one.matches, one.revision) for one in old.headers}
    more += [one.revision for one in new.headers if (one.matches, one.revision) not in asked]
    return tuple(dict.fromkeys(more))


def document(entry: Entry) -> dict[str, Any]:
    return {
        'part': part_document(entry.part),
        'shown': None if entry.shown is None else routes_document(entry.shown),
        'leaving': {name: list(some) for name, some in entry.leaving.items()},
        'spare': [list(pair) for pair in entry.spare],
    }


def of(found: Mapping[str, Any]) -> Entry:
    return Entry(
        part_of(found['part']),
        None if found['shown'] is None else routes_of(found['shown']),
        {name: tuple(some) for name, some in found['leaving'].items()},
        tuple((revision, fallback) for revision, fallback in found['spare']),
    )
