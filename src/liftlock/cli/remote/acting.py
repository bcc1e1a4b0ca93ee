"""What people want of environments of a server: asked for there, and followed from here."""

from typing import Any

from liftlock.cli import follow
from liftlock.cli.remote.client import Client
from liftlock.cli.remote.environments import Environments
from liftlock.rollout.environment import fold
from liftlock.store.deliveries import Place


def act(
    server: str, environment: str, what: str, body: dict[str, object], ways: dict[str, Any]
) -> int:
    """`what` is promote, abort, rollback or retry; `ways` are `json`, `no_follow` and `wait`. The
    exit code of following it."""
    known = Environments(Client(server))
    place = known.here(environment)
    facts = known.facts(place)
    active = fold(facts).active
    told = known.client.post(f'/environments/{place.id}/{what}', body)
    after, number = max((one.seq for one in facts), default=0), told['number']
    taken_back = what == 'abort' or (active is not None and active.number == number)
    if what == 'promote' or not taken_back:
        return followed(known, place, number, after, ways)
    followed(known, place, number, after, {**ways, 'wait': True})
    return 0  # it was taken back, as it should be


def down(server: str, environment: str, reason: str) -> tuple[follow.Watched, int]:
    """What is taken down, and the `seq` after which that is told."""
    known = Environments(Client(server))
    place = known.here(environment)
    told = known.client.post(f'/environments/{place.id}/down', {'reason': reason})
    return known.watched(place), int(told['seq'])


def followed(
    known: Environments, place: Place, number: int, after: int, ways: dict[str, Any]
) -> int:
    json = bool(ways['json'])
    if ways.get('no_follow'):
        follow.told(place, number, json)
        return 0
    wait = bool(ways.get('wait'))
    return follow.watch(known.watched(place), number, after, json=json, wait=wait)
