"""`liftlock retry`: the last deployment again, which did not succeed."""

import click

from liftlock.cli import follow, here
from liftlock.engine.delivery import requests
from liftlock.engine.delivery.alive import ensure


@click.command('retry', short_help='Try the last deployment again, which did not succeed.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--wait', is_flag=True, help='Go on following while it waits for a person.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@click.pass_obj
def command(state: str | None, /, environment: str, no_follow: bool, wait: bool, json: bool) -> int:
    """Try the last deployment to ENVIRONMENT again: the same version, with the settings it had.

    It is a new deployment, and needs the approvals that any does.
    """
    asked = here.look(state)
    place = here.place(asked, environment)
    number = requests.retry(asked.store, place, asked.by)
    ensure(asked.where.state)
    if no_follow:
        follow.told(place, number, json)
        return 0
    return follow.follow(asked, place, number, 0, json=json, wait=wait)
