"""`liftlock down`: end what runs in an environment."""

import time

import click

from liftlock.cli import here, onrecord, remote
from liftlock.cli.follow import PERIOD, REVIVE, Watched
from liftlock.engine.delivery import requests
from liftlock.errors import UserError
from liftlock.rollout.facts import Stamped, Withdrawn
from liftlock.store import deliveries

PATIENCE = 120.0  # seconds; requests are answered first, and programs have time to end


@click.command('down', short_help='Take down everything that runs in an environment.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--reason', default='', metavar='TEXT', help='For the history.')
@remote.option
@click.pass_obj
def command(state: str | None, /, environment: str, reason: str, server: str) -> None:
    """Instances are ended and ports closed; the history and the versions remain, and
    `liftlock deploy` brings one back. A cluster or a service of somebody else is left alone."""
    if server:
        from liftlock.cli.remote import acting

        watched, seq = acting.down(server, environment, reason)
    else:
        watched, seq = _ask(here.look(state), environment, reason)
    _wait(watched, seq)
    print(f'{watched.place.name} is down')


def _ask(asked: here.Here, environment: str, reason: str) -> tuple[Watched, int]:
    place = here.place(asked, environment)
    here.ensure(asked)
    seq = requests.down(asked.store, place, asked.by, reason)
    onrecord.put(asked, place, 'taken down', detail=reason)

    def facts(after: int) -> list[Stamped]:
        return deliveries.facts(asked.store, place.id, after)

    return Watched(place, facts, lambda: here.ensure(asked)), seq


def _wait(watched: Watched, seq: int) -> None:
    """UserError if it is not down in time."""
    watched.revive()
    end, looked = time.monotonic() + PATIENCE, time.monotonic()
    while not any(isinstance(one.fact, Withdrawn) for one in watched.facts(seq)):
        if time.monotonic() > end:
            raise UserError(
                f'{watched.place.name} is not down after {PATIENCE:g} s',
                f'see what still runs: liftlock status {watched.place.name}',
            )
        time.sleep(PERIOD)
        if time.monotonic() - looked > REVIVE:  # who was killed is started again
            watched.revive()
            looked = time.monotonic()
