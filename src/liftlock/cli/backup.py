"""`liftlock backup`: the store in one file."""

import os
import sys
from contextlib import closing
from pathlib import Path

import click

from liftlock.cli import wiring
from liftlock.errors import UserError
from liftlock.store import backup
from liftlock.store.database import Store


@click.command('backup', short_help='Write the whole store into one file.')
@click.argument('file')
@click.option('--database-only', is_flag=True, help='Leave out logs, blobs and sources.')
@click.pass_obj
def command(state: str | None, /, file: str, database_only: bool) -> int:
    """Write the store into FILE (`-`: standard output): tables as of one moment, logs, blobs and
    the snapshots of sources. It may be in use meanwhile.

    Keys are not among it (of secrets, of signatures, of OIDC): who has both has everything, so keep
    them apart. `liftlock restore` reads it, on SQLite or PostgreSQL, whichever it was written on.
    """
    where = wiring.place(state)
    if not wiring.has_store(where):
        raise UserError(f'there is no store in {where.state}')
    with closing(wiring.opened(where)) as store:
        if file == '-':
            told = backup.write(store, sys.stdout.buffer, database_only=database_only)
        else:
            told = _into(store, Path(file), database_only)
    size = '' if file == '-' else f', {Path(file).stat().st_size:,} bytes'
    print(f'{told.rows:,} rows and {told.files:,} files{size}', file=sys.stderr)
    if where.bucket and not database_only:
        print(f'Blobs are in {where.bucket}, and not in here.', file=sys.stderr)
    print(
        f'The keys are not in it: keep copies of {wiring.key_file(where)}, and of signing.pem and'
        f' oidc/ in {where.state}, somewhere else.',
        file=sys.stderr,
    )
    return 0


def _into(store: Store, file: Path, database_only: bool) -> backup.Told:
    """Under another name until it is whole. UserError."""
    if file.exists():
        raise UserError(f'{file} is there already', 'name another file')
    draft = file.with_name(f'{file.name}.part')
    try:
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(number, 'wb') as sink:
            told = backup.write(store, sink, database_only=database_only)
            sink.flush()
            os.fsync(sink.fileno())
        draft.rename(file)
    except OSError as error:
        raise UserError(f'cannot write {file}: {error.strerror}') from None
    finally:
        draft.unlink(missing_ok=True)
    return told
