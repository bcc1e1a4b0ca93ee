"""All files that Envoy reads, made of what the router knows of all environments."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.targets.envoy import bootstrap, clusters, entry, listeners, names, routes
from liftlock.targets.envoy.entry import Entry

Resources: TypeAlias = list[dict[str, Any]]


class Documents(NamedTuple):
    """Resources by file, in the order in which Envoy has to have them: a route to a cluster that
    is not there yet would be refused."""

    endpoints: Mapping[str, Resources]
    clusters: Resources
    routes: Mapping[str, Resources]
    listeners: Resources

    def files(self) -> Mapping[str, Resources]:
        return {
            **self.endpoints,
            bootstrap.CLUSTERS: self.clusters,
            **self.routes,
            bootstrap.LISTENERS: self.listeners,
        }


def make(entries: Iterable[Entry]) -> Documents:
    endpoints: dict[str, Resources] = {}
    those: Resources = []
    ways: dict[str, Resources] = {}
    entrances: Resources = []
    for one in sorted(entries, key=lambda one: one.part.environment):
        endpoints |= _endpoints(one)
        those += _clusters(one)
        ways |= _routes(one)
        if one.shown is not None:
            entrances += listeners.listeners(one.part)
    return Documents(endpoints, those, ways, entrances)


def _endpoints(one: Entry) -> Mapping[str, Resources]:
    environment = one.part.environment
    return {
        clusters.endpoints_file(environment, revision): [
            clusters.endpoints(environment, revision, addresses)
        ]
        for revision, addresses in entry.clusters(one).items()
    }


def _clusters(one: Entry) -> Resources:
    environment = one.part.environment
    plain = [
        clusters.cluster(environment, revision, one.part.health)
        for revision in sorted(entry.clusters(one))
    ]
    return plain + [clusters.guarded(environment, *pair) for pair in entry.guards(one)]


def _routes(one: Entry) -> Mapping[str, Resources]:
    if one.shown is None:
        return {}
    environment = one.part.environment
    found = {}
    if one.part.listen:
        path = listeners.routes_file(names.public(environment))
        found[path] = [routes.public(environment, one.shown)]
    if one.part.preview:
        path = listeners.routes_file(names.preview(environment))
        found[path] = [routes.preview(environment, one.shown)]
    return found
