"""`liftlock user`: the people who have an account on the server of this store.

Whoever may read the store may do this: on the machine itself there is nobody to ask. By `--server`
an admin may; a password goes to nobody that way, but a link by which it is set.
"""

import json as jsons
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from liftlock.cli import doubts, person, remote, wiring
from liftlock.cli.entrusted import value
from liftlock.cli.figures import span
from liftlock.errors import UserError
from liftlock.store import access, audit, listing, people
from liftlock.store.database import Store
from liftlock.store.people import DEPLOYER, Grant, User

GRANTS = (DEPLOYER, 'developer', 'maintainer')


@click.group('user', short_help='Add, list and disable people who may log in to the server.')
def command() -> None:
    """People who have an account on the server: with a password, or by OpenID."""


@command.command('add')
@click.argument('name')
@click.option('--role', type=click.Choice(access.ROLES), default='developer', show_default=True)
@click.option('--email', default='', metavar='ADDRESS', help='By which OpenID knows them, too.')
@click.option('--password-stdin', is_flag=True, help='Read a password, instead of making a link.')
@click.option('--url', default='', metavar='URL', help='Where people reach the server.')
@remote.option
@click.pass_obj
def add(
    state: str | None,
    /,
    name: str,
    role: str,
    email: str,
    password_stdin: bool,
    url: str,
    server: str,
) -> None:
    """Make an account for NAME, and print a link by which its password is set, once."""
    if server:
        there = _there(password_stdin)
        print(_below(url or server, there.add(server, name, role, email)))
        return
    with _store(state) as store:
        hashed = _hashed(name) if password_stdin else ''
        user = people.add(store, name, role, email)
        _record(store, 'account made', user.name, role)
        if hashed:
            people.set_password(store, user, hashed)
            print(f'{user.name} may log in.')
        else:
            _print_link(store, user, url)


@command.command('list')
@click.option('--json', is_flag=True, help='A list of objects.')
@remote.option
@click.pass_obj
def show(state: str | None, /, json: bool, server: str) -> None:
    """List accounts."""
    if server:
        found = _there().listed(server)
    else:
        with _store(state) as store:
            users = people.listed(store)
            found = [people.record(one, people.grants(store, one.name)) for one in users]
    if json:
        print(jsons.dumps(found, ensure_ascii=False, indent=2))
        return
    now = time.time()
    for user in found:
        seen = f'here {span(now - user["seen"])} ago' if user['seen'] else 'never here'
        state_ = 'disabled' if user['disabled'] else seen
        grants = (Grant(**one) for one in user['grants'])
        also = ', '.join(f'{one.role} {_where(one)}' for one in grants)
        print(f'{user["name"]:20}  {user["role"]:10}  {state_:18}  {also}'.rstrip())


@command.command('role')
@click.argument('name')
@click.argument('role', type=click.Choice(access.ROLES))
@remote.option
@click.pass_obj
def role(state: str | None, /, name: str, role: str, server: str) -> None:
    """Give NAME another role; whoever is logged in has to log in again."""
    if server:
        name = _there().change(server, name, role=role)
    else:
        with _store(state) as store:
            user = people.named(store, name)
            people.set_role(store, user, role)
            _record(store, 'role changed', user.name, f'{user.role} → {role}')
            name = user.name
    print(f'{name} is a {role} now.')


@command.command('disable')
@click.argument('name')
@click.option('--undo', is_flag=True, help='Let them log in again.')
@remote.option
@click.pass_obj
def disable(state: str | None, /, name: str, undo: bool, server: str) -> None:
    """Log NAME out everywhere for good; tokens of that name are no longer heard either."""
    if server:
        name = _there().change(server, name, disabled=not undo)
    else:
        with _store(state) as store:
            user = people.named(store, name)
            people.set_disabled(store, user, disabled=not undo)
            _record(store, 'account enabled' if undo else 'account disabled', user.name)
            name = user.name
    print(f'{name} may log in again.' if undo else f'{name} is logged out, and disabled.')


@command.command('reset')
@click.argument('name')
@click.option('--password-stdin', is_flag=True, help='Read a password, instead of making a link.')
@click.option('--url', default='', metavar='URL', help='Where people reach the server.')
@remote.option
@click.pass_obj
def reset(state: str | None, /, name: str, password_stdin: bool, url: str, server: str) -> None:
    """Print a link by which NAME sets a new password, once, within three days."""
    if server:
        print(_below(url or server, _there(password_stdin).link(server, name)))
        return
    with _store(state) as store:
        user = people.named(store, name)
        if user.disabled:
            raise UserError(f'{user.name} is disabled', f'liftlock user disable --undo {user.name}')
        if password_stdin:
            people.set_password(store, user, _hashed(user.name))
            _record(store, 'password set', user.name)
            print(f'The password of {user.name} is changed; sessions have ended.')
        else:
            _record(store, 'link to set a password made', user.name)
            _print_link(store, user, url)


@command.command('grant')
@click.argument('name')
@click.argument('role', type=click.Choice(GRANTS))
@click.argument('where', metavar='REPOSITORY[:ENVIRONMENT]')
@click.option('--undo', is_flag=True, help='Take it again.')
@remote.option
@click.pass_obj
def grant(state: str | None, /, name: str, role: str, where: str, undo: bool, server: str) -> None:
    """Let NAME do more in one place.

    As a deployer of octo/shop:production, or of 'octo/*:staging', somebody deploys, promotes,
    aborts and rolls back there and nowhere else. As a developer or maintainer of octo/shop he has
    that role in this repository alone. Tokens of the same name have it, too.
    """
    repository, _, environment = where.partition(':')
    given = Grant(role, repository, environment)
    if server:
        _there().grant(server, name, given, undo=undo)
        if not undo:
            doubts.repository(repository, lambda: _there().repositories(server))
    else:
        with _store(state) as store:
            (people.ungrant if undo else people.grant)(store, name, given)
            _record(store, 'grant taken' if undo else 'granted', name, f'{role} {_where(given)}')
            if not undo:
                doubts.repository(repository, lambda: listing.repositories(store))
    print(f'{name} is {"no longer" if undo else "now"} {role} {_where(given)}.')


# ---


def _there(password_stdin: bool = False) -> Any:
    """What does it by a server."""
    if password_stdin:
        raise UserError(
            'no password is sent to a server', 'without --password-stdin there is a link to set it'
        )
    from liftlock.cli.remote import people as there

    return there


def _below(server: str, path: str) -> str:
    from liftlock.cli.remote import credentials

    return credentials.address(server) + path


@contextmanager
def _store(state: str | None) -> Iterator[Store]:
    store = wiring.opened(wiring.place(state))
    try:
        yield store
    finally:
        store.close()


def _hashed(name: str) -> str:
    from liftlock.store import passwords

    text = value(f'password of {name}', '', hidden=True)
    passwords.refuse(text, name)
    return passwords.hashed(text)


def _print_link(store: Store, user: User, url: str) -> None:
    code = people.invite(store, user)
    print(f'{url.rstrip("/")}/login/new/{code}')
    if not url:
        click.echo('  (behind the address of the server; good once, within three days)', err=True)


def _record(store: Store, what: str, about: str, detail: str = '') -> None:
    audit.write(store, person.name(), what, about, detail)


def _where(given: Grant) -> str:
    if given.environment:
        return f'of {given.repository}:{given.environment}'
    return f'in {given.repository}'
