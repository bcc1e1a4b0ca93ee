"""`liftlock cancel`: stop a run, whichever process carries it out."""

import click

from liftlock.cli import remote, wiring
from liftlock.store import runs


@click.command('cancel', short_help='Stop a run, as GitHub does: steps with always() still run.')
@click.argument('run', metavar='RUN')
@click.option('--force', is_flag=True, help='At once: not even always() holds it up.')
@remote.option
@click.pass_obj
def command(state: str | None, /, run: str, force: bool, server: str) -> None:
    """Stop RUN (a number, or `last`)."""
    number, ended = _there(server, run, force) if server else _here(state, run, force)
    if ended:
        print(f'Run {number} is cancelled.')
    else:
        print(f'Run {number} is asked to stop. Watch it with: liftlock logs {number} --follow')


def _here(state: str | None, run: str, force: bool) -> tuple[int, bool]:
    works = wiring.open_works(wiring.place(state))
    found = runs.find(works.store, run)
    works.engine.cancel(found.id, 'cancelled by a person', force=force)
    return found.id, runs.find(works.store, str(found.id)).status == 'completed'


def _there(server: str, run: str, force: bool) -> tuple[int, bool]:
    from liftlock.cli.remote.client import Client
    from liftlock.cli.remote.runs import Told

    past = Told(Client(server))
    found = past.find(run)
    told = past.client.post(f'/runs/{found.id}/cancel', {'force': force})
    return found.id, told['status'] == 'completed'
