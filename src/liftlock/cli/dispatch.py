"""`liftlock dispatch`: start a workflow of a repository on a server."""

import click

from liftlock.cli import options, remote, standing
from liftlock.errors import UserError


@click.command('dispatch', short_help='Start a workflow of a repository on a server.')
@click.argument('workflow')
@click.option('--ref', default='', metavar='REF', help='A branch or a tag. [default: the main one]')
@click.option('--input', 'inputs', multiple=True, metavar='NAME=VALUE', help='An input.')
@click.option(
    '--repo', default='', metavar='OWNER/NAME', help='Registered there. [default: the one here]'
)
@click.option('--no-follow', is_flag=True, help='Return at once.')
@click.option('--json', is_flag=True, help='Facts, one object a line.')
@click.option('-v', '--verbose', is_flag=True, help='Print every line of the logs.')
@remote.option
def command(
    workflow: str,
    ref: str,
    inputs: tuple[str, ...],
    repo: str,
    no_follow: bool,
    json: bool,
    verbose: bool,
    server: str,
) -> int:
    """Start WORKFLOW (its file, its path or its name) as of a branch of the repository that the
    server knows, and watch. What stands here uncommitted is not sent: `liftlock run` runs that.

    The exit code is the run's.
    """
    if not server:
        raise UserError(
            'which server?', f'--server URL or {remote.VARIABLE}; to run it here: liftlock run'
        )
    from liftlock.cli.remote import starting

    name = repo or standing.identity()
    if not name:
        raise UserError('which repository?', 'stand in it, or say --repo owner/name')
    body = {'workflow': workflow, 'ref': ref, 'inputs': options.pairs(inputs, '--input')}
    ways = starting.Ways(no_follow, json, verbose)
    return starting.dispatch(server, name, body, ways)
