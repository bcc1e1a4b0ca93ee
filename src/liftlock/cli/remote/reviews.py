"""Approving and rejecting on a server: the same is shown first, and the same asked."""

from typing import Any

from liftlock.cli import reviewing
from liftlock.cli.remote.client import Client
from liftlock.cli.remote.environments import Environments
from liftlock.cli.reviewing import Matter
from liftlock.errors import FAILED, UserError
from liftlock.language.records import NamedTuple
from liftlock.rollout.environment import fold
from liftlock.store.deliveries import Place


class Shown(NamedTuple):
    client: Client
    place: Place
    number: int
    version: str
    refused: str  # why an approval would not count
    hint: str


def approve(server: str, environment: str, number: int, said: dict[str, Any], *, yes: bool) -> int:
    """Exit code 1: the answer was no."""
    shown = _show(server, environment, number)
    name = shown.place.name
    question = f'Let it through to {name} in spite of that?'
    if not said['bypass']:
        question = f'Approve it for {name}?'
        if shown.refused:
            raise UserError(shown.refused, shown.hint)
    if not reviewing.agreed(question, yes=yes):
        return FAILED
    return _say(shown, 'approve', said)


def reject(server: str, environment: str, number: int, said: dict[str, Any], *, yes: bool) -> int:
    shown = _show(server, environment, number)
    if not reviewing.agreed(f'Reject it for {shown.place.name}?', yes=yes):
        return FAILED
    return _say(shown, 'reject', said)


def _show(server: str, environment: str, number: int) -> Shown:
    known = Environments(Client(server))
    place = known.here(environment)
    folded = fold(known.facts(place))
    waiting = [one for one in folded.waiting if number in (0, one.number)]
    if not waiting:
        which = f' under number {number}' if number else ''
        hint = f'see what goes on there: liftlock status {place.name} --server {server}'
        raise UserError(f'nothing that is to be deployed to {place.name} waits{which}', hint)
    if len(waiting) > 1:
        told = ', '.join(f'{one.number} ({one.version.name})' for one in waiting)
        raise UserError(f'several deployments to {place.name} wait: {told}', 'choose: --number N')
    one = waiting[0]
    told = known.client.get(f'/environments/{place.id}/approvals/{one.number}')
    changes = [(change['path'], change['lines']) for change in told['changes']]
    matter = Matter(place, one, folded.last, told['commits'], told['total'], changes)
    reviewing.show_matter(matter)
    return Shown(known.client, place, one.number, one.version.name, told['refused'], told['hint'])


def _say(shown: Shown, what: str, said: dict[str, Any]) -> int:
    body = {'number': shown.number, **said}
    told = shown.client.post(f'/environments/{shown.place.id}/{what}', body)
    reviewing.judged(shown.place.name, shown.version, told['judgement'], told['reason'])
    return 0
