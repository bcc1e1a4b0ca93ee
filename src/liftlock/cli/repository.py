"""`liftlock repository`: whose events the server of this store takes in."""

import json as jsons
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from liftlock.cli import entrusted, person, remote, wiring
from liftlock.errors import UserError
from liftlock.store import audit, repositories
from liftlock.store.repositories import FORGES, FORKS, Draft, Repository

Decorated = TypeVar('Decorated', bound=Callable[..., Any])
NEW: Final = 'new'  # instead of a file: make one
MADE: Final = """\
In the settings of the forge, add a webhook:
  address       the server's, then {path}
  content type  application/json
  secret        {secret}
The secret is not shown again."""
_OPTIONS: Final = (
    click.option('--url', metavar='URL', help='What git fetches: https, ssh or a path.'),
    click.option(
        '--forge', type=click.Choice([*FORGES[1:], 'none']), help='Where it lives. [default: none]'
    ),
    click.option('--web', metavar='URL', help='Where people look at it.'),
    click.option('--branch', metavar='NAME', help='The default one. [default: ask git]'),
    click.option('--trusted/--untrusted', default=None, help='Its jobs may run on the host.'),
    click.option('--forks', type=click.Choice(FORKS), help='Whose pull requests simply run.'),
    click.option(
        '--poll', 'interval', type=float, metavar='SECONDS', help='Look by itself; 0: no.'
    ),
    click.option('--active/--inactive', default=None, help='Whether events are taken in.'),
    click.option('--token', metavar='FILE', help="The forge's token; - reads standard input."),
    click.option('--secret', metavar='FILE', help="The webhook's; `new` makes one, - reads it."),
    remote.option,
)


def _options(function: Decorated) -> Decorated:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.group('repository', short_help='Register repositories with the server.')
def command() -> None:
    """Repositories whose pushes, pull requests and schedules start workflows on the server."""


@command.command('add')
@click.argument('name', metavar='OWNER/NAME')
@_options
@click.pass_obj
def add(state: str | None, /, name: str, server: str, **given: Any) -> None:
    """Register OWNER/NAME. With a forge, a secret for its webhook is made and shown once."""
    if not given['url']:
        raise UserError('git must know where it is', 'give --url')
    if given['forge'] not in (None, 'none') and given['secret'] is None:
        given['secret'] = NEW
    said, shown = _said(given, '')
    if server:
        from liftlock.cli.remote import repositories as there

        made = there.add(server, {'name': name, **said})
    else:
        where = wiring.place(state)
        with closing(wiring.opened(where)) as store:
            by, draft = person.name(), Draft(**{'name': name, **said})
            made = repositories.add(store, draft, by, wiring.key_file(where))
            audit.write(store, by, 'repository added', made.name, made.url)
    print(f'{made.name} is registered as number {made.id}.')
    if shown:
        print(MADE.format(path=f'/hooks/{made.id}', secret=shown))


@command.command('set')
@click.argument('name', metavar='OWNER/NAME')
@_options
@click.pass_obj
def change(state: str | None, /, name: str, server: str, **given: Any) -> None:
    """Change what is said of OWNER/NAME; what is not named stays."""
    said, shown = _said(given, _find(state, server, name).forge)
    if server:
        from liftlock.cli.remote import repositories as there

        made = there.change(server, name, said)
    else:
        where = wiring.place(state)
        with closing(wiring.opened(where)) as store:
            was, by = repositories.named(store, name), person.name()
            values = {field: getattr(was, field) for field in repositories.FIELDS}
            draft = Draft(**{**values, **said})
            made = repositories.change(store, was.id, draft, wiring.key_file(where))
            audit.write(store, by, 'repository changed', made.name, ', '.join(said))
    print(f'{made.name} is changed.')
    if shown:
        print(MADE.format(path=f'/hooks/{made.id}', secret=shown))


@command.command('list')
@click.option('--json', is_flag=True, help='A list of objects.')
@remote.option
@click.pass_obj
def listing(state: str | None, /, json: bool, server: str) -> None:
    """List the repositories that are registered."""
    if server:
        from liftlock.cli.remote import repositories as there

        found = there.listed(server)
    else:
        with closing(wiring.opened(wiring.place(state))) as store:
            found = repositories.listed(store)
    if json:
        print(jsons.dumps([one._asdict() for one in found], ensure_ascii=False, indent=2))
        return
    if not found:
        print('None is registered. Begin with: liftlock repository add OWNER/NAME --url URL')
    for one in found:
        print(f'{one.id:>4}  {one.name:32}  {one.forge or "-":8}  {_told(one):28}  {one.url}')


@command.command('show')
@click.argument('name', metavar='OWNER/NAME')
@click.option('--json', is_flag=True, help='One object.')
@remote.option
@click.pass_obj
def show(state: str | None, /, name: str, json: bool, server: str) -> None:
    """Show what is said of OWNER/NAME, without its secrets."""
    one = _find(state, server, name)
    if json:
        print(jsons.dumps(one._asdict(), ensure_ascii=False, indent=2))
        return
    for field, value in (
        ('number', one.id),
        ('name', one.name),
        ('url', one.url),
        ('forge', one.forge or 'none'),
        ('web', one.web or '-'),
        ('default branch', one.branch or 'not asked yet'),
        ('jobs run in', 'the host' if one.trusted else 'the sandbox'),
        ('pull requests of forks', one.forks),
        ('polled', f'every {one.interval:g} s' if one.interval else 'never'),
        ('webhook', f'/hooks/{one.id}' + ('' if one.signed else ' (has no secret: all refused)')),
        ('token', 'stored' if one.known else 'none'),
        ('state', 'active' if one.active else 'inactive'),
    ):
        print(f'{field:24}{value}')


@command.command('remove')
@click.argument('name', metavar='OWNER/NAME')
@remote.option
@click.pass_obj
def remove(state: str | None, /, name: str, server: str) -> None:
    """Take in no more events of OWNER/NAME. Its runs stay."""
    if server:
        from liftlock.cli.remote import repositories as there

        one = there.remove(server, name)
    else:
        with closing(wiring.opened(wiring.place(state))) as store:
            one = repositories.remove(store, repositories.named(store, name).id)
            audit.write(store, person.name(), 'repository removed', one.name, one.url)
    print(f'{one.name} is registered no more.')


def _find(state: str | None, server: str, name: str) -> Repository:
    if server:
        from liftlock.cli.remote import repositories as there

        return there.find(server, name)
    with closing(wiring.opened(wiring.place(state))) as store:
        return repositories.named(store, name)


def _said(given: dict[str, Any], forge: str) -> tuple[dict[str, Any], str]:
    """Fields of a draft that are said anew, and the secret if one was made here. `forge` is that of
    before."""
    said = {field: value for field, value in given.items() if value is not None}
    if said.get('forge') == 'none':
        said['forge'] = ''
    forge = said.get('forge', forge)
    made = repositories.make_secret(forge) if said.get('secret') == NEW else ''
    for field in ('token', 'secret'):
        if field in said:
            said[field] = made if field == 'secret' and made else _value(said[field], field)
    return said, made


def _value(file: str, what: str) -> str:
    """From a file or the standard input: what stands on a command line, everybody can read."""
    if file != '-' and not Path(file).is_file():
        hint = f'write it into a file, or pipe it: --{what} -'
        raise UserError(f'--{what} names a file, and there is none called so', hint)
    return entrusted.value(what, file, hidden=True).strip()


def _told(one: Repository) -> str:
    words = ['trusted' if one.trusted else 'sandboxed']
    words += [] if one.active else ['inactive']
    words += [f'polled {one.interval:g} s'] if one.interval else []
    return ', '.join(words)
