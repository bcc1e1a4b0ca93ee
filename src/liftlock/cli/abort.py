"""`liftlock abort`: take a deployment back that goes on, or call off one that waits."""

import click

from liftlock.cli import follow, here, onrecord, remote
from liftlock.engine.delivery import requests


@click.command('abort', short_help='Take back a deployment that goes on or waits.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--number', type=int, default=0, metavar='N', help='Of the deployment.')
@click.option('--reason', default='', metavar='TEXT', help='For the history.')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    environment: str,
    number: int,
    reason: str,
    no_follow: bool,
    json: bool,
    server: str,
) -> int:
    """Traffic goes back to the version that ENVIRONMENT had before.

    Exit code 0: it was taken back, or had not begun.
    """
    if server:
        from liftlock.cli.remote import acting

        ways = {'no_follow': no_follow, 'wait': True, 'json': json}
        acting.act(server, environment, 'abort', {'number': number, 'reason': reason}, ways)
        return 0
    asked = here.look(state)
    place = here.place(asked, environment)
    after = follow.begin(asked, place)
    number = requests.abort(asked.store, place, asked.by, reason, number)
    onrecord.put(asked, place, 'deployment aborted', number, reason)
    here.ensure(asked)
    if no_follow:
        follow.told(place, number, json)
        return 0
    follow.follow(asked, place, number, after, json=json, wait=True)
    return 0
