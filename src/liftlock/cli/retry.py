"""`liftlock retry`: the last deployment again, which did not succeed."""

import click

from liftlock.cli import follow, here, onrecord, remote
from liftlock.engine.delivery import requests


@click.command('retry', short_help='Try the last deployment again, which did not succeed.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--wait', is_flag=True, help='Go on following while it waits for a person.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    environment: str,
    no_follow: bool,
    wait: bool,
    json: bool,
    server: str,
) -> int:
    """Try the last deployment to ENVIRONMENT again: the same version, with the settings it had.

    It is a new deployment, and needs the approvals that any does.
    """
    if server:
        from liftlock.cli.remote import acting

        ways = {'no_follow': no_follow, 'wait': wait, 'json': json}
        return acting.act(server, environment, 'retry', {}, ways)
    asked = here.look(state)
    place = here.place(asked, environment)
    number = requests.retry(asked.store, place, asked.by)
    onrecord.put(asked, place, 'deployment tried again', number)
    here.ensure(asked)
    if no_follow:
        follow.told(place, number, json)
        return 0
    return follow.follow(asked, place, number, 0, json=json, wait=wait)
