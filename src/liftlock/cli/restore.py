"""`liftlock restore`: a store out of one file."""

import sys
import time
from contextlib import closing
from pathlib import Path

import click

from liftlock.cli import wiring
from liftlock.errors import UserError
from liftlock.store import restoring
from liftlock.store.backup import Told
from liftlock.store.database import Store


@click.command('restore', short_help='Make a store out of a backup.')
@click.argument('file')
@click.pass_obj
def command(state: str | None, /, file: str) -> int:
    """Make a store out of FILE (`-`: standard input), which `liftlock backup` wrote: in --state,
    and in --database if one is named. Both must be empty.

    Put the keys back yourself: without the key of the secrets these cannot be read.
    """
    where = wiring.place(state)
    with closing(wiring.opened(where)) as store:
        told = _from(store, file)
    day = time.strftime('%Y-%m-%d %H:%M', time.localtime(told.created))
    print(f'{told.rows:,} rows and {told.files:,} files of {day} (Liftlock {told.version})')
    if not wiring.key_file(where).exists():
        print(f'Stored secrets need their key: put it back to {wiring.key_file(where)}')
    return 0


def _from(store: Store, file: str) -> Told:
    if file == '-':
        return restoring.read(store, sys.stdin.buffer)
    try:
        with Path(file).open('rb') as source:
            return restoring.read(store, source)
    except OSError as error:
        raise UserError(f'cannot restore from {file}: {error.strerror}') from None
