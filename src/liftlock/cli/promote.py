"""`liftlock promote`: let a paused deployment go on."""

import click

from liftlock.cli import follow, here, onrecord, remote
from liftlock.engine.delivery import requests


@click.command('promote', short_help='Let a paused deployment go on.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--full', is_flag=True, help='Leave out all pauses and analyses that are left.')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--wait', is_flag=True, help='Go on following while it waits for a person.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    environment: str,
    full: bool,
    no_follow: bool,
    wait: bool,
    json: bool,
    server: str,
) -> int:
    """Let the deployment to ENVIRONMENT go on that is paused.

    To deliver the version of another environment: liftlock deploy ENVIRONMENT --from OTHER.
    """
    if server:
        from liftlock.cli.remote import acting

        ways = {'no_follow': no_follow, 'wait': wait, 'json': json}
        return acting.act(server, environment, 'promote', {'full': full}, ways)
    asked = here.look(state)
    place = here.place(asked, environment)
    after = follow.begin(asked, place)
    number = requests.promote(asked.store, place, asked.by, full=full)
    onrecord.put(asked, place, 'deployment promoted', number, 'fully' if full else '')
    here.ensure(asked)
    if no_follow:
        follow.told(place, number, json)
        return 0
    return follow.follow(asked, place, number, after, json=json, wait=wait)
