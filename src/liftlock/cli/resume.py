"""`liftlock resume`: take up a run where the facts of an interrupted one end."""

from typing import Any

import click

from liftlock.cli import goingon, person, stored, wiring
from liftlock.cli.goingon import Ways
from liftlock.errors import UserError
from liftlock.store import owners, runs
from liftlock.store.database import Store


@click.command('resume', short_help='Take up a run that was interrupted where it stopped.')
@click.argument('run', required=False, metavar='[RUN]')
@goingon.ways_options
@click.pass_obj
def command(state: str | None, /, run: str | None, **given: Any) -> int:
    """Take up RUN (default: the last interrupted one) where it stopped.

    Jobs that had finished are not run again. A job that was running starts again in a new
    workspace, unless it deploys to an environment: then it fails as lost. Secrets that were given
    by hand are asked for again; those of `liftlock secret` are found.
    """
    ways = Ways(**given)
    works = wiring.open_works(wiring.place(state), slots=ways.slots or 0)
    found = runs.find(works.store, run) if run else _interrupted(works.store)
    if found.status == 'completed':
        raise UserError(
            f'run {found.id} has finished', f'start it again with: liftlock rerun {found.id}'
        )
    if not owners.dead(works.store, found.owner):
        raise UserError(
            f'run {found.id} is being carried out by process {found.owner.partition("-")[0]}',
            f'watch it with: liftlock logs {found.id} --follow',
        )
    seen = works.store.facts(found.id)[-1].seq
    word = f'Run {found.id}: {found.name} goes on where it stopped.'
    terms = stored.again(works, found.id, goingon.terms(ways), person.name())
    return goingon.go_on(works, found.id, ways, terms, seen, word)


def _interrupted(store: Store) -> runs.Run:
    left = [run for run in runs.unfinished(store) if owners.dead(store, run.owner)]
    if not left:
        raise UserError('no run was interrupted', 'see `liftlock runs`')
    return left[-1]
