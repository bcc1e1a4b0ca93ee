"""`liftlock rollback`: go back to a version that was well."""

import click

from liftlock.cli import follow, here
from liftlock.engine.delivery import requests
from liftlock.engine.delivery.alive import ensure


@click.command('rollback', short_help='Go back to an earlier version.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--to', default='', metavar='VERSION', help='[default: the one before]')
@click.option('--reason', default='', metavar='TEXT', help='For the history.')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@click.pass_obj
def command(
    state: str | None, /, environment: str, to: str, reason: str, no_follow: bool, json: bool
) -> int:
    """Go back to a version that has succeeded in ENVIRONMENT, as it was: it is not built again.

    Where it still stands, this is one change of routes. Going back needs no approval. Afterwards
    nothing is deployed by itself until somebody deploys.
    """
    asked = here.look(state)
    place = here.place(asked, environment)
    after = follow.begin(asked, place)
    number = requests.rollback(asked.store, place, to, asked.by, reason)
    ensure(asked.where.state)
    if no_follow:
        follow.told(place, number, json)
        return 0
    return follow.follow(asked, place, number, after, json=json)
