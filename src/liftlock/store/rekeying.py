"""Another key for everything that is sealed: opened with the old one and sealed with the new one,
all of it in one transaction.

The new key lies beside the old one before anything is sealed with it, and takes its place when all
is. Who is killed in between finds either the old key with what it has sealed, or both keys: doing
it again then ends what was begun. The old key stays as `….old`: backups of before need it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from liftlock.errors import UserError
from liftlock.store import repositories, sealing, secrets
from liftlock.store.database import Store
from liftlock.store.sealing import Key
from liftlock.store.secrets import Scope


def rekey(store: Store, file: Path) -> int:
    """How many values have the new key now. UserError: nothing has changed."""
    draft = file.with_name(f'{file.name}.new')
    old = sealing.read_key(file)
    if draft.exists() and _used(store) == {sealing.read_key(draft).id}:
        _replace(file, draft)  # all was sealed, and then it was killed
        return 0
    draft.unlink(missing_ok=True)
    count = seal_again(store, old, sealing.make_key(draft))
    _replace(file, draft)
    return count


def seal_again(store: Store, old: Key, new: Key) -> int:
    """How many values have the new key now. UserError: nothing has changed."""
    with store.transaction(durable=True) as sql:
        if sql.execute("SELECT 1 FROM tasks WHERE sealed != '' AND state != 'over'").fetchone():
            raise UserError(
                'jobs wait that were given secrets by hand', 'try again when they have ended'
            )
        return sum(1 for _ in _secrets(sql, old, new)) + sum(1 for _ in _forges(sql, old, new))


def _secrets(sql: Any, old: Key, new: Key) -> Iterator[None]:
    query = 'SELECT repository, environment, kind, name, sealed, "key" FROM secrets'
    for repository, environment, kind, name, sealed, key in sql.execute(query).fetchall():
        scope = Scope(repository, environment)
        purpose = secrets.purpose(kind, scope, name)
        again = _again(f'the {kind} {name} of {repository}', bytes(sealed), key, old, new, purpose)
        sql.execute(
            'UPDATE secrets SET sealed = ?, "key" = ?'
            ' WHERE repository = ? AND environment = ? AND kind = ? AND name = ?',
            (again, new.id, repository, environment, kind, name),
        )
        yield


def _forges(sql: Any, old: Key, new: Key) -> Iterator[None]:
    for number, name, key, *kept in sql.execute(
        'SELECT id, name, "key", secret, token FROM repositories'
    ).fetchall():
        for what, sealed in zip(('secret', 'token'), kept, strict=True):
            if sealed is None:
                continue
            purpose = repositories.purpose(number, what)
            again = _again(f'the {what} of {name}', bytes(sealed), key, old, new, purpose)
            sql.execute(
                f'UPDATE repositories SET {what} = ?, "key" = ? WHERE id = ?',  # noqa: S608
                (again, new.id, number),
            )
            yield


def _again(what: str, sealed: bytes, key: str, old: Key, new: Key, purpose: str) -> bytes:
    if key != old.id:
        raise UserError(
            f'{what} was encrypted with another key', 'remove it, or put the right key back'
        )
    try:
        return new.seal(old.open(sealed, purpose), purpose)
    except ValueError as error:
        raise UserError(
            f'{what} cannot be decrypted: {error}', 'remove it, or set it anew'
        ) from None


def _used(store: Store) -> set[str]:
    """Which keys have sealed something."""
    with store.reading() as sql:
        rows = sql.execute('SELECT DISTINCT "key" FROM secrets').fetchall()
        rows += sql.execute(
            'SELECT DISTINCT "key" FROM repositories WHERE secret IS NOT NULL OR token IS NOT NULL'
        ).fetchall()
    return {key for (key,) in rows}


def _replace(file: Path, draft: Path) -> None:
    kept = file.with_name(f'{file.name}.old')
    kept.unlink(missing_ok=True)
    os.link(file, kept)
    draft.replace(file)
    number = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
