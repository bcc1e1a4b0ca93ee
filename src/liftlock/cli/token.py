"""`liftlock token`: with which people and programs speak to the server of this store."""

import json as jsons
import time
from contextlib import closing

import click

from liftlock.cli import person, remote, wiring
from liftlock.cli.figures import span
from liftlock.store import access, audit


@click.group('token', short_help='Create, list and revoke tokens for the server.')
def command() -> None:
    """Tokens with which people log in, and programs ask the REST API.

    Whoever may read the store may do this: on the machine itself there is nobody to ask.
    """


@command.command('create')
@click.argument('name')
@click.option('--role', type=click.Choice(access.ROLES), default='developer', show_default=True)
@click.option('--label', default='', metavar='TEXT', help='What it is for.')
@click.option('--days', type=click.IntRange(min=1), help='Until it expires. [default: never]')
@click.option(
    '--scope', 'scopes', multiple=True, metavar='SCOPE', help='Only this of what the role may.'
)
@remote.option
@click.pass_obj
def create(
    state: str | None,
    /,
    name: str,
    role: str,
    label: str,
    days: int | None,
    scopes: tuple[str, ...],
    server: str,
) -> None:
    """Create a token of the person NAME, and print it once.

    With --scope it is good for the REST API alone, and there for what the scopes name:
    runs:read, runs:write, deployments:read, deployments:write, secrets:read, secrets:write,
    hooks:read, hooks:write, admin.
    """
    if server:
        from liftlock.cli.remote import tokens

        body = {'person': name, 'role': role, 'label': label, 'days': days or 0}
        print(tokens.create(server, {**body, 'scopes': list(scopes)}))
        return
    with closing(wiring.opened(wiring.place(state))) as store:
        text = access.create(store, name, role, label, float(days or 0), scopes)
        audit.write(store, person.name(), 'token created', name, f'{role} {label}'.strip())
    print(text)


@command.command('list')
@click.option('--json', is_flag=True, help='A list of objects.')
@remote.option
@click.pass_obj
def show(state: str | None, /, json: bool, server: str) -> None:
    """List tokens, without what they are."""
    if server:
        from liftlock.cli.remote import tokens

        found = tokens.listed(server)
    else:
        with closing(wiring.opened(wiring.place(state))) as store:
            found = access.listed(store)
    if json:
        print(jsons.dumps([one._asdict() for one in found], ensure_ascii=False, indent=2))
        return
    now = time.time()
    for one in found:
        used = f'used {span(now - one.used)} ago' if one.used else 'never used'
        state_ = 'revoked' if one.revoked else used
        confined = f'  [{one.scopes}]' if one.scopes else ''
        line = f'{one.id:>4}  {one.person:16}  {one.role:10}  {state_:16}  {one.label}{confined}'
        print(line.rstrip())


@command.command('revoke')
@click.argument('number', type=int)
@remote.option
@click.pass_obj
def revoke(state: str | None, /, number: int, server: str) -> None:
    """Revoke the token NUMBER (see `token list`); whoever is logged in with it is out."""
    if server:
        from liftlock.cli.remote import tokens

        revoked = tokens.revoke(server, number)
    else:
        with closing(wiring.opened(wiring.place(state))) as store:
            revoked = access.revoke(store, number)
            audit.write(store, person.name(), 'token revoked', revoked.person, revoked.label)
    print(f'Token {number} of {revoked.person} is revoked.')
