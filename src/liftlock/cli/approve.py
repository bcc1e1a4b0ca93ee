"""`liftlock approve`: let a deployment go on that waits for people, or in spite of a rule."""

import click

from liftlock.cli import onrecord, remote, reviewing
from liftlock.engine.delivery import approvals
from liftlock.errors import FAILED, UserError


@click.command('approve', short_help='Approve a deployment that waits.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--number', type=int, default=0, metavar='N', help='Of the deployment.')
@click.option('--comment', default='', metavar='TEXT', help='For the history.')
@click.option('--bypass', is_flag=True, help='Pass over freezes, timers and missing approvals.')
@click.option('--reason', default='', metavar='TEXT', help='Why, with --bypass.')
@click.option('-y', '--yes', is_flag=True, help='Do not ask.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    environment: str,
    number: int,
    comment: str,
    bypass: bool,
    reason: str,
    yes: bool,
    server: str,
) -> int:
    """Approve what waits to be deployed to ENVIRONMENT, after showing what it is.

    An approval holds for this commit, this workflow and this liftlock.yml only. Exit code 1:
    the answer was no.
    """
    if reason and not bypass:
        raise UserError('--reason goes with --bypass', 'say something about an approval: --comment')
    if server:
        from liftlock.cli.remote import reviews

        said = {'comment': comment, 'bypass': bypass, 'reason': reason}
        return reviews.approve(server, environment, number, said, yes=yes)
    asked, wanted = reviewing.find(state, environment, number)
    reviewing.show(wanted)
    place, number = wanted.stream.place, wanted.one.number
    name = place.name
    if bypass:
        approvals.refuse_bypass(reason)
        if not reviewing.agreed(f'Let it through to {name} in spite of that?', yes=yes):
            return FAILED
        approvals.bypass(wanted, asked.by, reason)
        onrecord.put(asked, place, 'protection bypassed', number, reason)
    else:
        approvals.refuse_approval(wanted, asked.by, asked.where.config.teams)
        if not reviewing.agreed(f'Approve it for {name}?', yes=yes):
            return FAILED
        approvals.approve(wanted, asked.by, comment)
        onrecord.put(asked, place, 'deployment approved', number, comment)
    reviewing.told(asked, wanted)
    return 0
