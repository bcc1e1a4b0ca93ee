"""`liftlock login`: keep the token with which a server is asked from here."""

import sys

import click

from liftlock.cli.remote import VARIABLE
from liftlock.errors import UserError


@click.command('login', short_help='Keep the token with which a server is asked from here.')
@click.option(
    '--server', default='', metavar='URL', envvar=VARIABLE, help=f'[default: ${VARIABLE}]'
)
@click.option('--forget', is_flag=True, help='Keep it no more.')
def command(server: str, forget: bool) -> None:
    """Keep a token of the server in a file that only you may read.

    It is asked for, or read from the standard input; make one on the server's page Tokens, or by
    `liftlock token create` on its machine. LIFTLOCK_TOKEN goes before it.
    """
    from liftlock.cli.remote import credentials
    from liftlock.cli.remote.client import Client

    if not server:
        raise UserError('which server?', f'--server URL, or {VARIABLE}')
    address, file = credentials.address(server), credentials.place()
    kept = credentials.read(file)
    if forget:
        if kept.pop(address, None) is None:
            raise UserError(f'no token for {address} is kept here')
        credentials.write(file, kept)
        print(f'The token for {address} is kept no more.')
        return
    token = _token()
    if not token:
        raise UserError('no token was given')
    told = Client(address, token).get('/whoami')
    credentials.write(file, {**kept, address: token})
    print(f'{address} knows you as {told["name"]}, a {told["role"]}.')


def _token() -> str:
    if sys.stdin.isatty():
        return str(click.prompt('token', hide_input=True, err=True)).strip()
    return sys.stdin.readline(4096).strip()
