"""`liftlock reject`: what waits is not deployed."""

import click

from liftlock.cli import onrecord, remote, reviewing
from liftlock.engine.delivery import approvals
from liftlock.errors import FAILED


@click.command('reject', short_help='Reject a deployment that waits.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--number', type=int, default=0, metavar='N', help='Of the deployment.')
@click.option('--comment', default='', metavar='TEXT', help='Why, for the history.')
@click.option('-y', '--yes', is_flag=True, help='Do not ask.')
@remote.option
@click.pass_obj
def command(
    state: str | None, /, environment: str, number: int, comment: str, yes: bool, server: str
) -> int:
    """Reject what waits to be deployed to ENVIRONMENT. A job that waits for it fails."""
    if server:
        from liftlock.cli.remote import reviews

        return reviews.reject(server, environment, number, {'comment': comment}, yes=yes)
    asked, wanted = reviewing.find(state, environment, number)
    reviewing.show(wanted)
    approvals.refuse_rejection(wanted, asked.by, asked.where.config.teams)
    if not reviewing.agreed(f'Reject it for {wanted.stream.place.name}?', yes=yes):
        return FAILED
    approvals.reject(wanted, asked.by, comment)
    onrecord.put(asked, wanted.stream.place, 'deployment rejected', wanted.one.number, comment)
    reviewing.told(asked, wanted)
    return 0
