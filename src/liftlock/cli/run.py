"""`liftlock run`: the words of the command. What they do is in `running`.

The two are apart so that git can look at the repository while Python reads the other rooms.
"""

from pathlib import Path
from typing import Any

import click

from liftlock.cli import options
from liftlock.errors import UserError
from liftlock.runner import repository


@click.command('run', short_help='Run the workflows that an event starts, here and now.')
@options.event_options
@click.option(
    '--from-step', default='', metavar='STEP', help='Go on at this step of the last run of --job.'
)
@click.option('--deploy', is_flag=True, help='If it is green, deploy to where its ref belongs.')
@click.option('--dry-run', is_flag=True, help='Say what would run, and run nothing.')
@click.option('--json', is_flag=True, help='Print facts, one JSON object a line.')
@click.option('-v', '--verbose', is_flag=True, help='Print every line of the logs.')
@click.option('--debug', is_flag=True, help='Step debugging on: ACTIONS_STEP_DEBUG, RUNNER_DEBUG.')
@click.option('--shell-on-failure', is_flag=True, help='Open a shell where a step failed.')
@click.option('--clean', is_flag=True, help='Run the last commit, not the files as they stand.')
@click.option(
    '--allow-missing-runners', is_flag=True, help='Skip jobs whose runs-on nobody here can serve.'
)
@click.option('--real-actions', is_flag=True, help='Run the originals, not our stand-ins.')
@click.option('--sandbox', is_flag=True, help='Confine every job that would run on this machine.')
@click.option(
    '--jobs', 'slots', type=click.IntRange(min=1), default=None, help='Jobs at the same time.'
)
@click.pass_obj
def command(state: str | None, /, **given: Any) -> int:
    """Run the workflows that EVENT (default: push) starts, with the files as they stand."""
    asked = options.asked(given)
    from_step = given.pop('from_step')
    if from_step:
        return _go_on(asked, from_step, given)
    here = Path.cwd()
    begun = repository.begin(here)
    from liftlock.cli import running

    ways = running.Ways(**{name: value for name, value in given.items() if value is not None})
    return running.run(state, asked, ways, here, begun)


def _go_on(asked: options.Asked, step: str, given: dict[str, Any]) -> int:
    """`rerun` of the last run, which says what it goes on from."""
    if given['deploy']:
        raise UserError('--deploy is for whole runs', 'deploy afterwards: liftlock deploy')
    from liftlock.cli import rerun

    kept = {name: given[name] for name in ('json', 'verbose', 'shell_on_failure', 'slots')}
    given_again = {'secret': asked.secret, 'secret_file': asked.secret_file, 'jobs': asked.jobs}
    context = click.get_current_context()
    status = context.invoke(rerun.command, run='last', from_step=step, **given_again, **kept)
    return int(status)
