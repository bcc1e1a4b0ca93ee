"""`liftlock rerun`: jobs of a finished run once more, as another attempt."""

from typing import Any

import click

from liftlock.cli import goingon, person, remote, stored, wiring
from liftlock.cli.goingon import Ways
from liftlock.errors import UserError
from liftlock.store import runs

AS_IT_IS = (
    'It goes on in the workspace as the last attempt left it: what its steps changed stays changed.'
)


@click.command('rerun', short_help='Run jobs of a finished run again, as another attempt.')
@click.argument('run', metavar='RUN')
@click.option('--failed', is_flag=True, help='Only the jobs that failed, and those that need them.')
@click.option('-j', '--job', 'jobs', multiple=True, metavar='JOB', help='Only this job, likewise.')
@click.option(
    '--from-step', default='', metavar='STEP', help='Go on at this step of the one --job.'
)
@goingon.ways_options
@remote.option
@click.pass_obj
def command(
    state: str | None,
    /,
    run: str,
    failed: bool,
    jobs: tuple[str, ...],
    from_step: str,
    server: str,
    **given: Any,
) -> int:
    """Run all jobs of RUN (a number, or `last`) again, on the same sources.

    Jobs that are not run again keep their results and outputs. The earlier attempts' logs and
    facts are kept.
    """
    if failed and jobs:
        raise UserError('--failed and --job exclude each other')
    ways = Ways(**given)
    if server:
        return _there(server, run, failed, jobs, from_step, ways)
    terms = goingon.terms(ways)
    works = wiring.open_works(wiring.place(state), slots=ways.slots or 0)
    found = runs.find(works.store, run)
    terms = stored.again(works, found.id, terms, person.name())
    before = works.store.facts(found.id)[-1].seq
    works.engine.rerun(found.id, terms.secrets, failed=failed, jobs=jobs, from_step=from_step)
    word = f'Run {found.id}: {found.name}, attempt {found.attempt + 1}.'
    if from_step:
        word = f'{word} {AS_IT_IS}'
    return goingon.go_on(works, found.id, ways, terms, before, word)


def _there(
    server: str, run: str, failed: bool, jobs: tuple[str, ...], from_step: str, ways: Ways
) -> int:
    from liftlock.cli.remote import starting

    if ways.secret or ways.secret_file:
        hint = 'store it there: liftlock secret set NAME --server URL'
        raise UserError('a secret is not sent along to a server', hint)
    if ways.shell_on_failure or ways.slots:
        raise UserError('--shell-on-failure and --jobs are for runs of this machine')
    body = {'failed': failed, 'jobs': list(jobs), 'from_step': from_step}
    return starting.rerun(server, run, body, starting.Ways(False, ways.json, ways.verbose))
