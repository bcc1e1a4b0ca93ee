"""`liftlock hooks`: bare repositories on this machine tell the server what is pushed to them."""

import sys
from pathlib import Path

import click

from liftlock.cli.figures import count
from liftlock.cli.hooks import installing, proving, registering
from liftlock.cli.hooks.sender import letters, spool, talking
from liftlock.cli.remote import VARIABLE, credentials
from liftlock.errors import UserError

DEFAULT = 'http://127.0.0.1:8765'


@click.group('hooks', short_help='Have bare repositories tell the server of pushes.')
def command() -> None:
    """Hooks of bare repositories, as on a machine where git is served by ssh.

    With them a push starts workflows, the pusher sees which, `git push -o ci.wait` shows him how
    they go on, and `-o ci.skip` starts none.
    """


@command.command('install')
@click.option('--bare', 'path', required=True, metavar='PATH', help='The repository.')
@click.option('--name', default='', metavar='OWNER/NAME', help='[default: of its path]')
@click.option(
    '--server',
    default='',
    metavar='URL',
    envvar=VARIABLE,
    help=f'Tell this one. [default: ${VARIABLE}, or {DEFAULT}]',
)
@click.option(
    '--token-file', metavar='FILE', help='Register it on that server by this token; - reads it.'
)
@click.option('--url', default='', metavar='URL', help='What that server fetches. [default: PATH]')
@click.option('--id', 'number', type=int, metavar='N', help='Its number on a server elsewhere.')
@click.option('--secret-file', metavar='FILE', help='With --id: its secret; - reads it.')
@click.option(
    '--gate', multiple=True, metavar='BRANCH', help='Take pushes only when merge_group is green.'
)
@click.option('--gate-minutes', default=30.0, show_default=True, metavar='N')
@click.option('--chain', is_flag=True, help='Run hooks that are there before ours.')
@click.pass_obj
def install(
    state: str | None,
    /,
    path: str,
    name: str,
    server: str,
    token_file: str | None,
    url: str,
    number: int | None,
    secret_file: str | None,
    gate: tuple[str, ...],
    gate_minutes: float,
    chain: bool,
) -> None:
    """Install a post-receive hook (and, with --gate, a pre-receive hook) into a bare repository.

    The repository is registered in this store if it is not. Where the server has another store,
    give a token of it, with which the repository is registered there (with the scope hooks:write,
    and an admin's if the server is to fetch a path); or register it and give its number and secret.
    The server is asked once, and a warning printed if it would not take what the hook tells.
    """
    place = installing.find(Path(path))
    server = credentials.address(server or DEFAULT)
    if number is not None or secret_file is not None:
        known = registering.told(name, number, secret_file)
    elif token_file is not None:
        known = registering.elsewhere(server, token_file, place, name, url)
    else:
        known = registering.here(state, place, name)
    settings = letters.Settings(server, known.number, known.name, known.secret, gate, gate_minutes)
    installing.install(place, settings, chain=chain)
    print(f'{place.directory} tells {server} of every push to {known.name}.')
    for pattern in gate:
        print(f'Pushes to {pattern} are taken when what starts on merge_group is green.')
    for index, line in enumerate(proving.warnings(settings)):
        print(line if index else f'liftlock: warning: {line}', file=sys.stderr)


@command.command('uninstall')
@click.option('--bare', 'path', required=True, metavar='PATH', help='The repository.')
@click.option('--force', is_flag=True, help='Also if something has not been told yet.')
def uninstall(path: str, force: bool) -> None:
    """Take the hooks out again; those that were there before are put back."""
    place = installing.find(Path(path))
    unsent = len(spool.Spool(place.home).waiting())
    if unsent and not force:
        raise UserError(
            f'{place.directory} has {count(unsent, "letter")} not sent yet',
            'send them by `liftlock hooks flush --bare PATH`, or give --force',
        )
    installing.uninstall(place)
    print(f'{place.directory} tells nobody of pushes any more.')


@command.command('flush')
@click.option('--bare', 'path', required=True, metavar='PATH', help='The repository.')
def flush(path: str) -> int:
    """Send what could not be sent when it was pushed."""
    place = installing.find(Path(path))
    if not (place.home / 'settings.json').exists():
        raise UserError(f'{place.directory} has no hooks of ours', 'liftlock hooks install --bare')
    server = talking.Server(letters.read_settings(place.home))
    sent, why = spool.flush(place.home, server)
    left = len(spool.Spool(place.home).waiting())
    print(f'{sent} sent, {left} left.')
    if why:
        raise UserError(why)
    return 0
