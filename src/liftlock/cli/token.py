"""`liftlock token`: with which people and programs speak to the server of this store."""

import json as jsons
import time
from contextlib import closing

import click

from liftlock.cli import person, wiring
from liftlock.cli.figures import span
from liftlock.store import access, audit
from liftlock.store.database import open_store


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
@click.pass_obj
def create(state: str | None, /, name: str, role: str, label: str, days: int | None) -> None:
    """Create a token of the person NAME, and print it once."""
    with closing(open_store(wiring.place(state).state)) as store:
        text = access.create(store, name, role, label, float(days or 0))
        audit.write(store, person.name(), 'token created', name, f'{role} {label}'.strip())
    print(text)


@command.command('list')
@click.option('--json', is_flag=True, help='A list of objects.')
@click.pass_obj
def show(state: str | None, /, json: bool) -> None:
    """List tokens, without what they are."""
    with closing(open_store(wiring.place(state).state)) as store:
        found = access.listed(store)
    if json:
        print(jsons.dumps([one._asdict() for one in found], ensure_ascii=False, indent=2))
        return
    now = time.time()
    for one in found:
        used = f'used {span(now - one.used)} ago' if one.used else 'never used'
        state_ = 'revoked' if one.revoked else used
        print(f'{one.id:>4}  {one.person:16}  {one.role:10}  {state_:16}  {one.label}'.rstrip())


@command.command('revoke')
@click.argument('number', type=int)
@click.pass_obj
def revoke(state: str | None, /, number: int) -> None:
    """Revoke the token NUMBER (see `token list`); whoever is logged in with it is out."""
    with closing(open_store(wiring.place(state).state)) as store:
        revoked = access.revoke(store, number)
        audit.write(store, person.name(), 'token revoked', revoked.person, revoked.label)
    print(f'Token {number} of {revoked.person} is revoked.')
