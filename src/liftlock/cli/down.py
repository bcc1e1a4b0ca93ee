"""`liftlock down`: end what runs in an environment."""

import time

import click

from liftlock.cli import here
from liftlock.cli.follow import REVIVE
from liftlock.engine.delivery import requests
from liftlock.engine.delivery.alive import ensure
from liftlock.errors import UserError
from liftlock.rollout.facts import Withdrawn
from liftlock.store import deliveries

PATIENCE = 120.0  # seconds; requests are answered first, and programs have time to end


@click.command('down', short_help='Take down everything that runs in an environment.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--reason', default='', metavar='TEXT', help='For the history.')
@click.pass_obj
def command(state: str | None, /, environment: str, reason: str) -> None:
    """Instances are ended and ports closed; the history and the versions remain, and
    `liftlock deploy` brings one back. A cluster or a service of somebody else is left alone."""
    asked = here.look(state)
    place = here.place(asked, environment)
    ensure(asked.where.state)
    seq = requests.down(asked.store, place, asked.by, reason)
    ensure(asked.where.state)
    end, looked = time.monotonic() + PATIENCE, time.monotonic()
    while not any(
        isinstance(one.fact, Withdrawn) for one in deliveries.facts(asked.store, place.id, seq)
    ):
        if time.monotonic() > end:
            raise UserError(
                f'{place.name} is not down after {PATIENCE:g} s',
                f'see what still runs: liftlock status {place.name}',
            )
        time.sleep(0.05)
        if time.monotonic() - looked > REVIVE:  # who was killed is started again
            ensure(asked.where.state)
            looked = time.monotonic()
    print(f'{place.name} is down')
