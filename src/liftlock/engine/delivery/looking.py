"""A look at a place, with what probes say of it, as the core wants to see it."""

from liftlock.engine.delivery.ground import Stand
from liftlock.engine.delivery.healthwatch import HealthWatch
from liftlock.language.settings.model import HealthCheck
from liftlock.rollout.sight import Instance, Seen, Sight


def watched(stand: Stand, sight: Sight) -> tuple[Instance, ...]:
    """Whom probes look at. A place that is updated as a whole is looked at from outside, by its
    URL."""
    if not stand.terms.capabilities.in_place:
        return sight.instances
    if not (sight.settled and checks(stand)):
        return ()
    return (Instance('url', sight.revision, alive=True),)


def checks(stand: Stand) -> tuple[HealthCheck, ...]:
    found, url = stand.environment.health_checks, stand.environment.url.rstrip('/')
    if not stand.terms.capabilities.in_place:
        return found
    return tuple(
        one._replace(endpoint=url + one.endpoint) if one.endpoint.startswith('/') else one
        for one in found
        if url or not one.endpoint.startswith('/')
    )


def seen(stand: Stand, sight: Sight, health: HealthWatch, now: float) -> Seen:
    """Without what only the controller knows: what is under way, and since when it looks."""
    known, min_ready = checks(stand), stand.environment.min_ready_seconds
    groups = health.groups(watched(stand, sight), known, min_ready, now)
    settled, message = sight.settled, sight.message
    if stand.terms.capabilities.in_place and settled and known:
        group = groups.get(sight.revision)
        settled = bool(group and group.ready)
        message = (group.message if group else '') or message
    return Seen(
        groups,
        sight.routes,
        sight.revision,
        settled,
        sight.failed,
        message,
        paused=sight.paused,
    )
