"""`liftlock secret`: what workflows and deployments may know, and nobody else."""

from contextlib import closing

import click

from liftlock.cli import entrusted, person, wiring
from liftlock.store.secrets import SECRET


@click.group('secret', short_help='Store, list and remove secrets.')
def command() -> None:
    """Secrets of a repository, or of one of its environments.

    They are encrypted in the store, given to jobs as `secrets.NAME`, and hidden in every log.
    """


@command.command('set')
@click.argument('name')
@entrusted.scope_options
@click.option('--from-file', default='', metavar='FILE', help='The value is what this file holds.')
@click.pass_obj
def put(
    state: str | None, /, name: str, environment: str, repo: str, server: str, from_file: str
) -> None:
    """Store the secret NAME; its value is asked for, or read from the standard input."""
    desk = entrusted.desk(state, SECRET, environment, repo, server)
    entrusted.doubt(desk)
    value = entrusted.value(f'secret {name}', from_file, hidden=True)
    desk.safe.set(desk.scope, name, value, desk.by)
    print(f'The secret {name.upper()} of {entrusted.told(desk.scope)} is stored.')


@command.command('list')
@entrusted.scope_options
@click.option('--history', is_flag=True, help='Who set and removed what, and when.')
@click.option('--json', is_flag=True, help='A list of objects.')
@click.pass_obj
def listing(
    state: str | None, /, environment: str, repo: str, server: str, history: bool, json: bool
) -> None:
    """List the secrets of the repository and its environments, without their values."""
    desk = entrusted.desk(state, SECRET, environment, repo, server)
    repository = desk.scope.repository
    if history:
        entrusted.show_history(desk.safe.history(repository), json=json)
        return
    found = desk.safe.listed(repository, environment or None)
    if not found and not json:
        print(f'{entrusted.told(desk.scope)} has none. Store one with: liftlock secret set NAME')
        return
    entrusted.show(found, None, json=json)


@command.command('remove')
@click.argument('name')
@entrusted.scope_options
@click.pass_obj
def remove(state: str | None, /, name: str, environment: str, repo: str, server: str) -> None:
    """Remove the secret NAME."""
    desk = entrusted.desk(state, SECRET, environment, repo, server)
    desk.safe.remove(desk.scope, name, desk.by)
    print(f'The secret {name.upper()} of {entrusted.told(desk.scope)} is removed.')


@command.command('rekey')
@click.pass_obj
def rekey(state: str | None, /) -> None:
    """Encrypt everything in the store with a new key.

    That is secrets and variables of all repositories, and what is known of their forges. The old
    key stays beside the new one, with `.old` at its end: backups of before need it.
    """
    from liftlock.store import audit, rekeying

    where = wiring.place(state)
    with closing(wiring.opened(where)) as store:
        count = rekeying.rekey(store, wiring.key_file(where))
        audit.write(store, person.name(), 'secrets encrypted anew', '', f'{count} values')
    print(f'{count} values are encrypted with the new key in {wiring.key_file(where)}.')
