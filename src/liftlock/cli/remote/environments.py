"""Environments as a server tells of them: their facts are folded here, as those of a store are."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from liftlock.cli import standing
from liftlock.cli.follow import Watched
from liftlock.cli.remote.client import Client
from liftlock.engine.delivery.standing import Live, Standing
from liftlock.errors import UserError
from liftlock.gates.freezes import Frozen
from liftlock.rollout import facts as f
from liftlock.rollout import wire
from liftlock.rollout.environment import Environment
from liftlock.rollout.sight import Group, Sight
from liftlock.store.deliveries import Deployment, Place


class Environments:
    def __init__(self, client: Client) -> None:
        self.client = client
        self._known: dict[int, Standing] = {}

    def listed(self) -> list[Place]:
        return [_place(one) for one in self._documents()]

    def find(self, name: str) -> Place:
        return standing.choose(self.listed(), name)

    def here(self, name: str) -> Place:
        """One of the repository in which somebody stands; with '' the only one."""
        known, mine = self.listed(), standing.identity()
        if ':' in name or not mine:
            return standing.choose(known, name) if name else _only(known)
        own = [one for one in known if one.repository == mine]
        if not name:
            return _only(own)
        return standing.choose(own or known, name)

    def look(self, places: Iterable[Place]) -> list[Standing]:
        """Each fact is read once, however often somebody looks."""
        wanted = {one.id for one in places}
        documents = [one for one in self._documents() if one['id'] in wanted]
        return [self._look(one) for one in documents]

    def facts(self, place: Place, after: int = 0) -> list[f.Stamped]:
        found: list[f.Stamped] = []
        while True:
            page = self.client.get(f'/environments/{place.id}/facts', after=after)
            found += [_stamped(place, one) for one in page['facts']]
            if not page['more']:
                return found
            after = found[-1].seq

    def newest(self, place: Place) -> int:
        """The `seq` of the last fact: what comes after it follows from what is asked for now."""
        return max((one.seq for one in self.facts(place)), default=0)

    def watched(self, place: Place) -> Watched:
        """The server sees to it itself that somebody carries it out."""
        return Watched(place, lambda seq: self.facts(place, seq), lambda: None)

    def deployments(self, place: Place | None, limit: int, **given: str) -> list[Deployment]:
        ids = {(one.repository, one.name): one.id for one in self.listed()}
        which = {'environment': place.id if place else None, **given}
        told = self.client.each('/deployments', 'deployments', limit, **which)
        return [_deployment(one, ids) for one in told]

    # ---

    def _documents(self) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = self.client.get('/environments')['environments']
        return found

    def _look(self, told: Mapping[str, Any]) -> Standing:
        place = _place(told)
        known = self._known.get(place.id) or Standing(place, Environment())
        new = self.facts(place, known.environment.seq)
        for stamped in new:
            known.environment.take(stamped)
        found = known._replace(
            facts=(*known.facts, *new),
            live=_live(self.client.get(f'/environments/{place.id}/live')),
            frozen=tuple(Frozen(one['reason'], one['until']) for one in told['frozen']),
            follows=told['sync'] is not None,
        )
        self._known[place.id] = found
        return found


def _place(told: Mapping[str, Any]) -> Place:
    return Place(told['id'], told['repository'], told['environment'])


def _only(known: list[Place]) -> Place:
    if len(known) == 1:
        return known[0]
    names = ', '.join(one.name for one in known)
    raise UserError('which environment?', f'there are: {names}' if names else 'there is none yet')


def _live(told: Mapping[str, Any]) -> Live:
    sight = wire.record_of(Sight, told['sight']) if told['sight'] else None
    groups = {name: wire.record_of(Group, one) for name, one in told['groups'].items()}
    return Live(told['watched'], sight, groups, told['address'], told['preview'])


def _stamped(place: Place, told: Mapping[str, Any]) -> f.Stamped:
    record = {name: value for name, value in told.items() if name not in ('seq', 'at')}
    return f.Stamped(told['seq'], place.id, told['at'], wire.load(json.dumps(record)))


def _deployment(told: Mapping[str, Any], ids: Mapping[tuple[str, str], int]) -> Deployment:
    known = {name: told[name] for name in Deployment._fields if name in told}
    known['environment'] = ids[told['repository'], told['environment']]
    return Deployment(**known)
