"""Secrets and variables of repositories and environments: encrypted where they rest.

Both are kept alike; only variables are ever shown. Names are GitHub's, so they are the same in any
case, and kept in upper case. What is set, and by whom, stands in facts of its own, without values.
"""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import names, sealing
from liftlock.store.database import Store
from liftlock.store.sealing import Key
from liftlock.store.sql import Sql

SECRET: Final = 'secret'  # noqa: S105 - a kind
VARIABLE: Final = 'variable'
SERVER: Final = 'the server'
LARGEST: Final = 48 * 1024  # bytes of a value, as on GitHub
SET: Final = """
INSERT INTO secrets (repository, environment, kind, name, sealed, "key", at, "by")
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (repository, environment, kind, name) DO UPDATE SET
    repository = excluded.repository, environment = excluded.environment,
    sealed = excluded.sealed, "key" = excluded."key", at = excluded.at, "by" = excluded."by"
"""
_NAME: Final = re.compile(r'[A-Za-z_][A-Za-z0-9_]*')


class Scope(NamedTuple):
    """Whose they are. `environment` is '' for those of the whole repository, `repository` '' for
    those of the server, which all repositories have that say nothing else."""

    repository: str
    environment: str = ''


class Entry(NamedTuple):
    """What may be told of a secret. `at` is when it was set."""

    environment: str
    name: str
    at: float
    by: str


class Happened(NamedTuple):
    """`fact` is set or removed."""

    at: float
    fact: str
    environment: str
    name: str
    by: str


class Safe:
    """Those of one kind, in one store. The key is looked for when it is needed."""

    def __init__(self, store: Store, key_file: Path | None = None, kind: str = SECRET) -> None:
        """`key_file` None: in the store's directory."""
        self._store = store
        self._file = key_file or store.directory / sealing.FILE
        self._kind = kind
        self._key: Key | None = None

    def set(self, scope: Scope, name: str, value: str, by: str) -> None:
        """UserError for a name or a value that cannot be."""
        name = checked(name, self._kind)
        refuse(value, f'the {self._kind} {name}')
        with self._store.transaction(durable=True) as sql:
            kept = sql.execute('SELECT "key" FROM secrets LIMIT 1').fetchone()
            self._refuse_other(sql, scope)
            key = self._open() if kept else sealing.make_key(self._file)
            if kept and kept[0] != key.id:
                raise self._other_key()
            sealed = key.seal(value, purpose(self._kind, scope, name))
            row = (*scope, self._kind, name, sealed, key.id, time.time(), by)
            sql.execute(SET, row)
            sql.execute(*self._happened('set', scope, name, by))

    def remove(self, scope: Scope, name: str, by: str) -> None:
        """UserError if there is none."""
        which = (*scope, self._kind, name.upper())
        with self._store.transaction(durable=True) as sql:
            self._refuse_other(sql, scope)
            done = sql.execute(
                'DELETE FROM secrets'
                ' WHERE repository = ? AND environment = ? AND kind = ? AND name = ?',
                which,
            )
            if not done.rowcount:
                raise UserError(f'there is no {self._kind} {name.upper()} {_of(scope)}')
            sql.execute(*self._happened('removed', scope, name.upper(), by))

    def listed(self, repository: str, environment: str | None = None) -> list[Entry]:
        """Without values: the repository's first, then environment by environment; of one scope
        only, if `environment` is given."""
        query = """
            SELECT environment, name, at, "by" FROM secrets
            WHERE repository = ? AND kind = ? AND (? = 1 OR environment = ?)
            ORDER BY environment, name"""
        given = repository, self._kind, int(environment is None), environment or ''
        with self._store.reading() as sql:
            return [Entry(*row) for row in sql.execute(query, given)]

    def history(self, repository: str) -> list[Happened]:
        """Oldest first."""
        query = """
            SELECT at, fact, environment, name, "by" FROM secret_facts
            WHERE repository = ? AND kind = ? ORDER BY seq"""
        with self._store.reading() as sql:
            return [Happened(*row) for row in sql.execute(query, (repository, self._kind))]

    def values(self, repository: str) -> dict[str, dict[str, str]]:
        """By environment, in lower case, and by name: '' holds those of the whole repository, and
        of the server those that it has not.

        UserError if the key is not there, or a row was tampered with.
        """
        query = """
            SELECT repository, environment, name, sealed, "key" FROM secrets
            WHERE repository IN ('', ?) AND kind = ? ORDER BY repository"""
        with self._store.reading() as sql:
            rows = sql.execute(query, (repository, self._kind)).fetchall()
        found: dict[str, dict[str, str]] = {}
        for owner, environment, name, sealed, key in rows:  # the server's come first
            value = self._value(Scope(owner, environment), name, sealed, key)
            found.setdefault(environment.lower(), {})[name] = value
        return found

    def of(self, repository: str, environment: str = '') -> dict[str, str]:
        """What counts in an environment: its own before the repository's, those before the
        server's."""
        return merged(self.values(repository), environment)

    def _refuse_other(self, sql: Sql, scope: Scope) -> None:
        """UserError where the database takes another scope for this one."""
        query = """
            SELECT repository, environment FROM secrets WHERE repository = ? AND environment = ?"""
        for repository, environment in sql.execute(query, scope):
            names.refuse_other(scope.repository, repository, 'repository')
            names.refuse_other(scope.environment, environment, 'environment')

    def _value(self, scope: Scope, name: str, sealed: bytes, key: str) -> str:
        opened = self._open()
        if opened.id != key:
            raise self._other_key()
        try:
            return opened.open(sealed, purpose(self._kind, scope, name))
        except ValueError as error:
            raise UserError(
                f'the {self._kind} {name} {_of(scope)} cannot be decrypted: {error}',
                f'set it anew: liftlock {self._kind} set {name}',
            ) from None

    def _open(self) -> Key:
        if self._key is None:
            self._key = sealing.read_key(self._file)
        return self._key

    def _other_key(self) -> UserError:
        return UserError(
            f'the stored secrets were encrypted with another key than that in {self._file}',
            'put the right one back, or remove the secrets and set them anew',
        )

    def _happened(
        self, fact: str, scope: Scope, name: str, by: str
    ) -> tuple[str, tuple[str | float, ...]]:
        return (
            'INSERT INTO secret_facts (at, fact, repository, environment, kind, name, "by")'
            ' VALUES (?, ?, ?, ?, ?, ?, ?)',
            (time.time(), fact, *scope, self._kind, name, by),
        )


def purpose(kind: str, scope: Scope, name: str) -> str:
    """What is authenticated with a value. Never change it: nothing could be opened again."""
    return json.dumps(['liftlock-1', kind, *map(str.lower, scope), name])


def merged(values: Mapping[str, Mapping[str, str]], environment: str) -> dict[str, str]:
    """`values` as a safe gives them."""
    own = values.get(environment.lower(), {}) if environment else {}
    return {**values.get('', {}), **own}


def checked(name: str, kind: str) -> str:
    """The name in upper case. UserError for one that GitHub would refuse."""
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot be the name of a {kind}',
            'letters, digits and underscores; no digit first',
        )
    if name.upper().startswith('GITHUB_'):
        raise UserError(f'"{name}" cannot be the name of a {kind}', 'GITHUB_ is reserved')
    return name.upper()


def refuse(value: str, what: str) -> None:
    """UserError for a value that nobody could use."""
    if not value:
        raise UserError(f'{what} has no value', 'to have it no more, remove it')
    if '\0' in value:
        raise UserError(f'{what} holds a NUL character, which no environment variable can')
    if len(value.encode()) > LARGEST:
        raise UserError(
            f'{what} is larger than {LARGEST // 1024} KiB',
            'encrypt the file, commit it, and store its passphrase',
        )


def _of(scope: Scope) -> str:
    return f'of {scope.environment or scope.repository or SERVER}'
