"""`liftlock rollback`: go back to a version that was well."""

import click

from liftlock.cli import comeback, follow, goingon, here, onrecord, remote, stored, wiring
from liftlock.engine.delivery import requests, returns
from liftlock.engine.delivery.returns import Return


@click.command('rollback', short_help='Go back to an earlier version.')
@click.argument('environment', default='', metavar='[ENVIRONMENT]')
@click.option('--to', default='', metavar='VERSION', help='[default: the one before]')
@click.option('--reason', default='', metavar='TEXT', help='For the history.')
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    environment: str,
    to: str,
    reason: str,
    no_follow: bool,
    json: bool,
    server: str,
) -> int:
    """Go back to a version that has succeeded in ENVIRONMENT, as it was: it is not built again.

    What goes on is taken back. Where the old version still stands, this is one change of routes.
    Going back needs no approval. Afterwards
    nothing is deployed by itself until somebody deploys. Where jobs of workflows deploy, the
    earlier version's job is run again, here, until it has ended.
    """
    if server:
        from liftlock.cli.remote import acting

        ways = {'no_follow': no_follow, 'wait': False, 'json': json}
        return acting.act(server, environment, 'rollback', {'to': to, 'reason': reason}, ways)
    asked = here.look(state)
    place = here.place(asked, environment)
    if (back := returns.find(asked.store, place, to, reason)) is not None:
        return _run_again(asked, back, json=json)
    after = follow.begin(asked, place)
    went = requests.rollback(asked.store, place, to, asked.by, reason)
    onrecord.put(asked, place, 'rolled back', went.number, to)
    here.ensure(asked)
    if no_follow:
        follow.told(place, went.number, json)
        return 0
    status = follow.follow(asked, place, went.number, after, json=json, wait=went.aborted)
    return 0 if went.aborted else status


def _run_again(asked: here.Here, back: Return, *, json: bool) -> int:
    ways = goingon.Ways(json=json)
    works = wiring.open_works(asked.where)
    try:
        terms = stored.again(works, back.run, goingon.terms(ways), asked.by)
        onrecord.put(asked, back.place, 'rolled back', detail=f'to {back.to.version.name}')
        return comeback.go(works, back, ways, terms)
    finally:
        works.close()
