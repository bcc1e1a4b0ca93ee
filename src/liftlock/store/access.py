"""Who may ask a server for what: tokens, and the sessions that were begun with them.

Neither is kept, only their SHA-256: both are 32 random bytes, which nobody can guess, so nothing
slower is needed. A session ends with its token.
"""

import hashlib
import secrets
import time
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store.database import Store

PREFIX: Final = 'llt_'  # so that scanners for leaked secrets can know one
ROLES: Final = ('viewer', 'developer', 'maintainer', 'admin')  # each may what those before may
SESSION: Final = 7 * 86400.0  # seconds
UNUSED: Final = 86400.0  # seconds after which a session that nobody uses ends
_NOTED: Final = 60.0  # seconds between two notes that something was used


class Token(NamedTuple):
    """`used`, `expires` and `revoked` are 0.0 for never."""

    id: int
    person: str
    role: str
    label: str
    created: float
    used: float
    expires: float
    revoked: float


class Session(NamedTuple):
    """`secret` is what the cookie holds."""

    secret: str
    token: Token


TOKENS: Final = """
SELECT t.id, t.person, t.role, t.label, t.created, t.used, t.expires, t.revoked
FROM access_tokens AS t """
VALID: Final = 't.revoked = 0 AND (t.expires = 0 OR t.expires > :now)'


def create(store: Store, person: str, role: str, label: str = '', days: float = 0.0) -> str:
    """A new token, which is told this once. 0 days: it never expires. UserError."""
    if role not in ROLES:
        raise UserError(f'there is no role "{role}"', f'there are: {", ".join(ROLES)}')
    if not person.strip() or not person.isprintable():
        raise UserError('a token belongs to somebody', 'name the person')
    text = PREFIX + secrets.token_urlsafe(32)
    now = time.time()
    row = person.strip(), role, label, _digest(text), now, now + days * 86400 if days else 0.0
    with store.transaction(durable=True) as sql:
        sql.execute(
            'INSERT INTO access_tokens (person, role, label, digest, created, expires)'
            ' VALUES (?, ?, ?, ?, ?, ?)',
            row,
        )
    return text


def listed(store: Store) -> list[Token]:
    with store.reading() as sql:
        return [Token(*row) for row in sql.execute(TOKENS + 'ORDER BY t.id')]


def revoke(store: Store, token: int) -> Token:
    """UserError if there is none, or it was revoked before."""
    with store.transaction(durable=True) as sql:
        row = sql.execute(TOKENS + 'WHERE t.id = ?', (token,)).fetchone()
        if row is None or row[-1]:
            raise UserError(f'there is no token {token} that could be revoked')
        sql.execute('UPDATE access_tokens SET revoked = ? WHERE id = ?', (time.time(), token))
        sql.execute('DELETE FROM sessions WHERE token = ?', (token,))
    return Token(*row)


def find(store: Store, text: str) -> Token | None:
    """The token, if it is good now."""
    now = time.time()
    query = TOKENS + f'WHERE t.digest = :digest AND {VALID}'
    with store.reading() as sql:
        row = sql.execute(query, {'digest': _digest(text), 'now': now}).fetchone()
    if row is None:
        return None
    token = Token(*row)
    if token.used < now - _NOTED:
        with store.transaction() as sql:
            sql.execute('UPDATE access_tokens SET used = ? WHERE id = ?', (now, token.id))
    return token


# --- sessions


def begin(store: Store, token: Token) -> Session:
    text = secrets.token_urlsafe(32)
    now = time.time()
    with store.transaction() as sql:
        sql.execute('DELETE FROM sessions WHERE expires < ?', (now,))
        row = _digest(text), token.id, now, now, now + SESSION
        sql.execute('INSERT INTO sessions VALUES (?, ?, ?, ?, ?)', row)
    return Session(text, token)


def session(store: Store, text: str) -> Session | None:
    """What the cookie stands for, if it is good now."""
    now, digest = time.time(), _digest(text)
    query = TOKENS.replace('t.revoked\n', 't.revoked, s.used\n') + (
        f'JOIN sessions AS s ON s.token = t.id WHERE s.digest = :digest AND {VALID}'
        ' AND s.expires > :now AND s.used > :now - :unused'
    )
    with store.reading() as sql:
        row = sql.execute(query, {'digest': digest, 'now': now, 'unused': UNUSED}).fetchone()
    if row is None:
        return None
    if row[-1] < now - _NOTED:
        with store.transaction() as sql:
            sql.execute('UPDATE sessions SET used = ? WHERE digest = ?', (now, digest))
    return Session(text, Token(*row[:-1]))


def end(store: Store, session: Session) -> None:
    with store.transaction() as sql:
        sql.execute('DELETE FROM sessions WHERE digest = ?', (_digest(session.secret),))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()
