"""`liftlock cancel`: stop a run, whichever process carries it out."""

import click

from liftlock.cli import wiring
from liftlock.store import runs


@click.command('cancel', short_help='Stop a run, as GitHub does: steps with always() still run.')
@click.argument('run', metavar='RUN')
@click.option('--force', is_flag=True, help='At once: not even always() holds it up.')
@click.pass_obj
def command(state: str | None, /, run: str, force: bool) -> None:
    """Stop RUN (a number, or `last`)."""
    works = wiring.open_works(wiring.place(state))
    found = runs.find(works.store, run)
    works.engine.cancel(found.id, 'cancelled by a person', force=force)
    if runs.find(works.store, str(found.id)).status == 'completed':
        print(f'Run {found.id} is cancelled.')
    else:
        print(f'Run {found.id} is asked to stop. Watch it with: liftlock logs {found.id} --follow')
