"""What one environment wants of the router."""

from collections.abc import Mapping
from typing import Any

from liftlock.language.records import NamedTuple
from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes


class Health(NamedTuple):
    """How Envoy itself asks the instances. An empty path: whether the port can be connected to.
    Times are seconds."""

    path: str = ''
    interval: float = 1.0
    timeout: float = 1.0
    healthy: int = 1
    unhealthy: int = 2


class Part(NamedTuple):
    """`environment` is a slug. `endpoints` are host:port by revision. `preview` 0: no such
    entrance. An entrance is open to other machines only where `public` says so: a port that a user
    chose is, one that was picked is not. `grace` bounds the wait for requests in flight."""

    environment: str
    listen: int
    preview: int = 0
    routes: Routes = Routes()
    endpoints: Mapping[str, tuple[str, ...]] = {}
    health: Health = Health()
    grace: float = 30.0
    public: bool = False
    public_preview: bool = False


def routes_document(routes: Routes) -> dict[str, Any]:
    return {
        'weights': [list(pair) for pair in routes.weights],
        'preview': routes.preview,
        'headers': [
            {
                'name': one.name,
                'revision': one.revision,
                'matches': [match._asdict() for match in one.matches],
            }
            for one in routes.headers
        ],
        'mirrors': [one._asdict() for one in routes.mirrors],
        'fallback': routes.fallback,
    }


def routes_of(document: Mapping[str, Any]) -> Routes:
    return Routes(
        weights=tuple((name, weight) for name, weight in document['weights']),
        preview=document['preview'],
        headers=tuple(
            HeaderRoute(
                one['name'], tuple(Match(**match) for match in one['matches']), one['revision']
            )
            for one in document['headers']
        ),
        mirrors=tuple(Mirror(**one) for one in document['mirrors']),
        fallback=document['fallback'],
    )


def part_document(part: Part) -> dict[str, Any]:
    return {
        **part._asdict(),
        'routes': routes_document(part.routes),
        'endpoints': {revision: list(some) for revision, some in part.endpoints.items()},
        'health': part.health._asdict(),
    }


def part_of(document: Mapping[str, Any]) -> Part:
    return Part(
        **{
            **document,
            'routes': routes_of(document['routes']),
            'endpoints': {name: tuple(some) for name, some in document['endpoints'].items()},
            'health': Health(**document['health']),
        }
    )
