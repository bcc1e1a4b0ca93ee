"""`liftlock variable`: what workflows see as `vars.NAME`, and everybody may read."""

import click

from liftlock.cli import entrusted
from liftlock.errors import UserError
from liftlock.store.secrets import VARIABLE, merged


@click.group('variable', short_help='Set, show, list and remove variables.')
def command() -> None:
    """Variables of a repository, or of one of its environments: `vars.NAME` in workflows."""


@command.command('set')
@click.argument('name')
@click.argument('value', required=False)
@entrusted.scope_options
@click.option('--from-file', default='', metavar='FILE', help='The value is what this file holds.')
@click.pass_obj
def put(
    state: str | None,
    /,
    name: str,
    value: str | None,
    environment: str,
    repo: str,
    server: str,
    from_file: str,
) -> None:
    """Set the variable NAME; without VALUE it is asked for, or read from the standard input."""
    if value is not None and from_file:
        raise UserError('a value and --from-file exclude each other')
    desk = entrusted.desk(state, VARIABLE, environment, repo, server)
    entrusted.doubt(desk)
    if value is None:
        value = entrusted.value(f'variable {name}', from_file, hidden=False)
    desk.safe.set(desk.scope, name, value, desk.by)
    print(f'The variable {name.upper()} of {entrusted.told(desk.scope)} is set.')


@command.command('get')
@click.argument('name')
@entrusted.scope_options
@click.pass_obj
def get(state: str | None, /, name: str, environment: str, repo: str, server: str) -> None:
    """Print the value of NAME; with --env, as jobs of that environment see it."""
    desk = entrusted.desk(state, VARIABLE, environment, repo, server)
    found = merged(desk.safe.values(desk.scope.repository), environment)
    if name.upper() not in found:
        known = ', '.join(sorted(found))
        hint = f'there are: {known}' if known else 'see: liftlock variable list'
        raise UserError(f'{entrusted.told(desk.scope)} has no variable {name.upper()}', hint)
    print(found[name.upper()])


@command.command('list')
@entrusted.scope_options
@click.option('--history', is_flag=True, help='Who set and removed what, and when.')
@click.option('--json', is_flag=True, help='A list of objects.')
@click.pass_obj
def listing(
    state: str | None, /, environment: str, repo: str, server: str, history: bool, json: bool
) -> None:
    """List the variables of the repository and its environments."""
    desk = entrusted.desk(state, VARIABLE, environment, repo, server)
    repository = desk.scope.repository
    if history:
        entrusted.show_history(desk.safe.history(repository), json=json)
        return
    found = desk.safe.listed(repository, environment or None)
    if not found and not json:
        print(f'{entrusted.told(desk.scope)} has none. Set one with: liftlock variable set NAME')
        return
    entrusted.show(found, desk.safe.values(repository), json=json)


@command.command('remove')
@click.argument('name')
@entrusted.scope_options
@click.pass_obj
def remove(state: str | None, /, name: str, environment: str, repo: str, server: str) -> None:
    """Remove the variable NAME."""
    desk = entrusted.desk(state, VARIABLE, environment, repo, server)
    desk.safe.remove(desk.scope, name, desk.by)
    print(f'The variable {name.upper()} of {entrusted.told(desk.scope)} is removed.')
