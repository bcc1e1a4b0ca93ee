"""Repositories whose events the server takes in: where they are, and whom they may trust.

The secret of a webhook, and the token with which git and the forge's API are asked, rest sealed by
the key of the stored secrets; nothing shows them again.
"""

import json
import re
import secrets
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import sealing
from liftlock.store.database import Store
from liftlock.store.sealing import Key

FORGES: Final = ('', 'github', 'gitea', 'forgejo', 'gitlab')
FORKS: Final = ('never', 'outsiders', 'first-time', 'always')
SCHEMES: Final = ('http', 'https', 'ssh', 'git', 'file')
SOONEST: Final = 10.0  # seconds between two looks
_NAME: Final = re.compile(r'[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+')
_SCP: Final = re.compile(r'[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:[^:].*')


class Repository(NamedTuple):
    """`forks` says whose pull requests from outside run without being asked about: never any
    (`never`: they are not run at all), members only (`outsiders` wait for approval), everybody but
    those who come for the `first-time`, or `always` everybody. `interval` is seconds, 0: nobody
    looks by himself. `signed` and `known`: whether it has a webhook secret, a token."""

    id: int
    name: str
    url: str
    forge: str = ''
    web: str = ''
    branch: str = ''
    trusted: bool = False
    forks: str = 'first-time'
    interval: float = 0.0
    active: bool = True
    created: float = 0.0
    by: str = ''
    signed: bool = False
    known: bool = False

    @property
    def default_branch(self) -> str:
        return self.branch or 'main'


class Draft(NamedTuple):
    """What somebody says of a repository. `secret` and `token`: None leaves what is there, ''
    removes it."""

    name: str
    url: str
    forge: str = ''
    web: str = ''
    branch: str = ''
    trusted: bool = False
    forks: str = 'first-time'
    interval: float = 0.0
    active: bool = True
    secret: str | None = None
    token: str | None = None


ROWS: Final = """
SELECT id, name, url, forge, web, branch, trusted, forks, "interval", active, created, "by",
       secret IS NOT NULL, token IS NOT NULL
FROM repositories """
FIELDS: Final = ('name', 'url', 'forge', 'web', 'branch', 'trusted', 'forks', 'interval', 'active')


def add(store: Store, draft: Draft, by: str, key_file: Path) -> Repository:
    """UserError for what cannot be, or is there already."""
    draft = checked(draft)
    with store.transaction(durable=True) as sql:
        if sql.execute('SELECT 1 FROM repositories WHERE name = ?', (draft.name,)).fetchone():
            raise UserError(f'{draft.name} is registered already', 'see: liftlock repository list')
        row = (*_row(draft), time.time(), by)
        (number,) = sql.execute(
            'INSERT INTO repositories (name, url, forge, web, branch, trusted, forks, "interval",'
            ' active, created, "by") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id',
            row,
        ).fetchone()
        _seal(sql, number, draft, key_file)
    return of(store, number)


def change(store: Store, number: int, draft: Draft, key_file: Path) -> Repository:
    """UserError for what cannot be. The name stays: runs, secrets and caches go by it."""
    draft = checked(draft)
    was = of(store, number)
    if draft.name.lower() != was.name.lower():
        raise UserError(f'{was.name} keeps its name', 'runs, secrets and caches go by it')
    if was.known and draft.token is None and not hosts(draft) <= hosts(was):
        raise UserError(
            f'the token of {was.name} is for {" and ".join(sorted(hosts(was))) or "nobody"}',
            'whoever names another place gives the token for it, too, or takes it out',
        )
    with store.transaction(durable=True) as sql:
        sql.execute(
            'UPDATE repositories SET url = ?, forge = ?, web = ?, branch = ?, trusted = ?,'
            ' forks = ?, "interval" = ?, active = ? WHERE id = ?',
            (*_row(draft)[1:], number),
        )
        _seal(sql, number, draft, key_file)
    return of(store, number)


def remove(store: Store, number: int) -> Repository:
    """Its runs stay; what was sent for it, and why what ran, goes."""
    was = of(store, number)
    with store.transaction(durable=True) as sql:
        sql.execute(
            'DELETE FROM decisions WHERE intake IN (SELECT id FROM intakes WHERE repository = ?)',
            (number,),
        )
        for table in ('hooks', 'intakes', 'known_authors'):
            sql.execute(f'DELETE FROM {table} WHERE repository = ?', (number,))  # noqa: S608
        sql.execute('DELETE FROM repositories WHERE id = ?', (number,))
    return was


def listed(store: Store) -> list[Repository]:
    with store.reading() as sql:
        return [_read(row) for row in sql.execute(ROWS + 'ORDER BY name').fetchall()]


def any_registered(store: Store) -> bool:
    with store.reading() as sql:
        return sql.execute('SELECT 1 FROM repositories LIMIT 1').fetchone() is not None


def of(store: Store, number: int) -> Repository:
    """UserError if there is none with this number."""
    with store.reading() as sql:
        row = sql.execute(ROWS + 'WHERE id = ?', (number,)).fetchone()
    if row is None:
        raise UserError(f'there is no repository {number}', 'see: liftlock repository list')
    return _read(row)


def named(store: Store, name: str) -> Repository:
    """UserError if none is called so."""
    found = find(store, name)
    if found is None:
        raise UserError(
            f'{name} is not registered here', f'liftlock repository add {name} --url URL'
        )
    return found


def find(store: Store, name: str) -> Repository | None:
    with store.reading() as sql:
        row = sql.execute(ROWS + 'WHERE name = ?', (name,)).fetchone()
    return None if row is None else _read(row)


def learn_branch(store: Store, number: int, branch: str) -> None:
    """What git has told of the default branch."""
    with store.transaction() as sql:
        sql.execute('UPDATE repositories SET branch = ? WHERE id = ?', (branch, number))


# --- what nobody is shown again


def make_secret(forge: str = '') -> str:
    """A new one for a webhook, in the form that its forge wants."""
    import base64

    if forge == 'gitlab':  # which signs with what it calls a signing token
        return 'whsec_' + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def secret(store: Store, number: int, key_file: Path) -> str:
    """With which its webhooks are signed; '' if it has none. UserError if it cannot be opened."""
    return _opened(store, number, 'secret', key_file)


def token(store: Store, number: int, key_file: Path) -> str:
    """With which git and the forge's API are asked; '' if it has none. UserError."""
    return _opened(store, number, 'token', key_file)


def _seal(sql: Any, number: int, draft: Draft, key_file: Path) -> None:
    for what, text in (('secret', draft.secret), ('token', draft.token)):
        if text is None:
            continue
        if not text:
            sql.execute(f'UPDATE repositories SET {what} = NULL WHERE id = ?', (number,))  # noqa: S608
            continue
        key = sealing.make_key(key_file)
        sealed = key.seal(text, purpose(number, what))
        sql.execute(
            f'UPDATE repositories SET {what} = ?, "key" = ? WHERE id = ?',  # noqa: S608
            (sealed, key.id, number),
        )


def _opened(store: Store, number: int, what: str, key_file: Path) -> str:
    with store.reading() as sql:
        row = sql.execute(
            f'SELECT {what}, "key" FROM repositories WHERE id = ?',  # noqa: S608
            (number,),
        ).fetchone()
    if row is None or row[0] is None:
        return ''
    key: Key = sealing.read_key(key_file)
    try:
        return key.open(bytes(row[0]), purpose(number, what))
    except ValueError as error:
        raise UserError(
            f'the {what} of repository {number} cannot be decrypted: {error}', 'set it anew'
        ) from None


def purpose(number: int, what: str) -> str:
    """What is authenticated with it. Never change it: nothing could be opened again."""
    return json.dumps(['liftlock-1', 'repository', number, what])


# --- what can be


def checked(draft: Draft) -> Draft:
    """UserError for what cannot be."""
    name = draft.name.strip().strip('/')
    if not _NAME.fullmatch(name):
        raise UserError(f'"{draft.name}" is no repository', 'name it as in owner/name')
    for field, known in (('forge', FORGES), ('forks', FORKS)):
        given = getattr(draft, field)
        if given not in known:
            told = ', '.join(one for one in known if one)
            raise UserError(f'"{given}" is no value for {field}', f'there are: {told}')
    if draft.web and not draft.web.startswith(('https://', 'http://')):
        raise UserError(f'"{draft.web}" is no web address', 'begin it with https://')
    if draft.interval and draft.interval < SOONEST:
        raise UserError(f'nobody looks more often than every {SOONEST:.0f} seconds')
    branch = draft.branch.strip().removeprefix('refs/heads/')
    url = checked_url(draft.url.strip())
    return draft._replace(name=name, url=url, branch=branch, web=draft.web.rstrip('/'))


def checked_url(url: str) -> str:
    """UserError for what git is not to fetch: a password in it would be on view everywhere, and
    some words make git run programs."""
    if url.startswith('/') or _SCP.fullmatch(url):
        return url
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or (parts.scheme != 'file' and not parts.hostname):
        raise UserError(
            f'"{url}" is nothing that git can fetch here',
            'give https://…, ssh://…, git@host:owner/name.git or an absolute path',
        )
    if parts.password or (parts.username and parts.scheme in ('http', 'https')):
        raise UserError(
            'the address has a name or a password in it', 'leave it out, and give a token instead'
        )
    return url


def hosts(one: Repository | Draft) -> frozenset[str]:
    """Who is shown the token: the address of git, if it goes by http, and that of the forge."""
    found = set()
    for address in filter(None, (one.url, one.web)):
        parts = urlsplit(address)
        if parts.scheme in ('http', 'https'):
            found.add(f'{parts.scheme}://{parts.netloc}'.lower())
        elif parts.hostname or _SCP.fullmatch(address):
            host = parts.hostname or address.partition('@')[2].partition(':')[0]
            found.add(f'https://{host}'.lower())
    return frozenset(found)


def _row(draft: Draft) -> tuple[str | float | int, ...]:
    values = draft._asdict()
    found = (values[field] for field in FIELDS)
    return tuple(int(value) if isinstance(value, bool) else value for value in found)


def _read(row: tuple[Any, ...]) -> Repository:
    one = Repository(*row)
    return one._replace(
        trusted=bool(one.trusted),
        active=bool(one.active),
        signed=bool(one.signed),
        known=bool(one.known),
    )
