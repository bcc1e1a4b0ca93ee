"""`liftlock audit`: what people have done, and whether the record of it is whole."""

import json as jsons
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime

import click

from liftlock.cli import remote, wiring
from liftlock.errors import FAILED, UserError
from liftlock.language.printable import harmless
from liftlock.store import audit
from liftlock.store.audit import Entry


@click.group('audit', short_help='Show, export and verify what people have done on the server.')
def command() -> None:
    """What people have done: each entry is chained to the one before by its hash.

    The hash of the newest entry, kept elsewhere, proves everything before it: write down what
    `verify` prints now and then, and give it to a later `verify --since`.
    """


@command.command('verify')
@click.option('--since', default='', metavar='NUMBER:HASH', help='An entry that is known to be.')
@remote.option
@click.pass_obj
def verify(state: str | None, /, since: str, server: str) -> int:
    """Look whether any entry was changed or is missing, and print the newest one's hash."""
    number, known = _known(since)
    if server:
        from liftlock.cli.remote import audits

        broken, newest, kept = audits.look(server, number)
    else:
        with closing(wiring.opened(wiring.place(state))) as store:
            broken = audit.broken(store)
            newest = audit.listed(store, limit=1)
            kept = audit.entry(store, number) if number else None
    if broken:
        print(f'Entry {broken} is not what it was, or one before it is missing.')
        return FAILED
    if number and (kept is None or kept.hash != known):
        print(f'Entry {number} is missing, or is another one: the record was written anew.')
        return FAILED
    if not newest:
        print('There are no entries.')
        return 0
    print(f'All {newest[0].seq} entries are as they were written.')
    print(f'{newest[0].seq}:{newest[0].hash}')
    return 0


@command.command('export')
@click.option(
    '--after',
    type=click.IntRange(min=0),
    default=0,
    metavar='NUMBER',
    help='Only those after this one.',
)
@click.option('--json', is_flag=True, help='One object a line, with the hashes.')
@remote.option
@click.pass_obj
def export(state: str | None, /, after: int, json: bool, server: str) -> None:
    """Print entries, oldest first."""
    if server:
        from liftlock.cli.remote import audits

        _print(audits.after(server, after), json)
        return
    with closing(wiring.opened(wiring.place(state))) as store:
        _print(audit.after(store, after), json)


def _print(entries: Iterable[Entry], json: bool) -> None:
    for one in entries:
        print(jsons.dumps(one._asdict(), ensure_ascii=False) if json else _line(one))


def _line(one: Entry) -> str:
    at = datetime.fromtimestamp(one.at, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')
    parts = (one.what, one.about, one.detail, f'from {one.address}' if one.address else '')
    return harmless(f'{one.seq}  {at}  {one.who}  {", ".join(filter(None, parts))}')


def _known(since: str) -> tuple[int, str]:
    number, _, known = since.partition(':')
    if since and not (number.isdecimal() and known):
        raise UserError(f'"{since}" is no entry', 'as `liftlock audit verify` printed it')
    return int(number or 0), known
