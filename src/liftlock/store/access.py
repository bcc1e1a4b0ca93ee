"""Who may ask a server for what: tokens, and the sessions of those who are logged in.

Neither is kept, only their SHA-256: both are 32 random bytes, which nobody can guess, so nothing
slower is needed. A session ends with its token, or with its person's account; what its person may
is looked up at every request, so a change counts at once.
"""

import hashlib
import secrets
import time
from collections.abc import Collection
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store.database import Store
from liftlock.store.scopes import checked

PREFIX: Final = 'llt_'  # so that scanners for leaked secrets can know one
ROLES: Final = ('viewer', 'developer', 'maintainer', 'admin')  # each may what those before may
SESSION: Final = 7 * 86400.0  # seconds
LINKED: Final = 3600.0  # seconds that a link is good
UNUSED: Final = 86400.0  # seconds after which a session that nobody uses ends
SHOWN: Final = 16  # digits of a digest that name a session
_NOTED: Final = 60.0  # seconds between two notes that something was used

Source = tuple[str, str]  # the address that somebody comes from, and what his browser says it is
NOWHERE: Final = ('', '')


class Token(NamedTuple):
    """`used`, `expires` and `revoked` are 0.0 for never. `scopes`, with blanks between them, are
    what it is confined to; '' for nothing."""

    id: int
    person: str
    role: str
    label: str
    scopes: str
    created: float
    used: float
    expires: float
    revoked: float


class Session(NamedTuple):
    """`secret` is what the cookie holds; `token` or `user` is 0. `how` somebody came: token, link,
    password or oidc."""

    secret: str
    person: str
    role: str
    token: int = 0
    user: int = 0
    how: str = ''


class Visit(NamedTuple):
    """A session as others may see it. `id` is the beginning of its digest, good to end it by."""

    id: str
    person: str
    how: str
    created: float
    used: float
    expires: float
    address: str
    agent: str


TOKENS: Final = """
SELECT t.id, t.person, t.role, t.label, t.scopes, t.created, t.used, t.expires, t.revoked
FROM access_tokens AS t """
VALID: Final = """t.revoked = 0 AND (t.expires = 0 OR t.expires > :now) AND NOT EXISTS
    (SELECT 1 FROM people AS d WHERE d.folded = LOWER(t.person) AND d.disabled > 0)"""
SESSIONS: Final = f"""
FROM sessions AS s
LEFT JOIN access_tokens AS t ON t.id = s.token
LEFT JOIN people AS p ON p.id = s.person
WHERE s.expires > :now AND s.used > :unused
AND ((s.person > 0 AND p.disabled = 0) OR (s.person = 0 AND {VALID})) """


def create(
    store: Store,
    person: str,
    role: str,
    label: str = '',
    days: float = 0.0,
    scopes: Collection[str] = (),
) -> str:
    """A new token, which is told this once. 0 days: it never expires. UserError."""
    confined = ' '.join(checked(scopes))
    if role not in ROLES:
        raise UserError(f'there is no role "{role}"', f'there are: {", ".join(ROLES)}')
    if not person.strip() or not person.isprintable():
        raise UserError('a token belongs to somebody', 'name the person')
    text = PREFIX + secrets.token_urlsafe(32)
    now = time.time()
    expires = now + days * 86400 if days else 0.0
    row = person.strip(), role, label, confined, digest(text), now, expires
    with store.transaction(durable=True) as sql:
        sql.execute(
            'INSERT INTO access_tokens (person, role, label, scopes, digest, created, expires)'
            ' VALUES (?, ?, ?, ?, ?, ?, ?)',
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
        row = sql.execute(query, {'digest': digest(text), 'now': now}).fetchone()
    if row is None:
        return None
    token = Token(*row)
    if token.used < now - _NOTED:
        with store.transaction() as sql:
            sql.execute('UPDATE access_tokens SET used = ? WHERE id = ?', (now, token.id))
    return token


# --- links, good once for a session of a token


def link(store: Store, text: str) -> str:
    """What a link to the session of this token holds; told this once."""
    code, now = secrets.token_urlsafe(24), time.time()
    with store.transaction(durable=True) as sql:
        sql.execute('DELETE FROM links WHERE expires <= ?', (now,))
        sql.execute(
            'INSERT INTO links (digest, token, expires)'
            ' SELECT ?, id, ? FROM access_tokens WHERE digest = ?',
            (digest(code), now + LINKED, digest(text)),
        )
    return code


def linked(store: Store, code: str) -> bool:
    """Whether the link is still good; it is not used up."""
    query = 'SELECT 1 FROM links WHERE digest = ? AND expires > ?'
    with store.reading() as sql:
        return sql.execute(query, (digest(code), time.time())).fetchone() is not None


def redeem(store: Store, code: str) -> Token | None:
    """The token, if it and the link are good now. The link is used up: of several who come with
    it, by several servers, one gets in."""
    now = time.time()
    with store.transaction(durable=True) as sql:
        used = sql.execute(
            'DELETE FROM links WHERE digest = ? RETURNING token, expires', (digest(code),)
        ).fetchone()
        if used is None or used[1] <= now:
            return None
        query = TOKENS + f'WHERE t.id = :token AND {VALID}'
        row = sql.execute(query, {'token': used[0], 'now': now}).fetchone()
    return Token(*row) if row else None


# --- sessions


def begin(store: Store, token: Token, how: str = 'token', source: Source = NOWHERE) -> Session:
    """A session that is as good as the token."""
    secret = _begin(store, token.id, 0, how, source)
    return Session(secret, token.person, token.role, token=token.id, how=how)


def welcome(store: Store, user: int, how: str, source: Source = NOWHERE) -> Session:
    """A session of an account."""
    secret = _begin(store, 0, user, how, source)
    found = session(store, secret)
    assert found is not None
    return found


def _begin(store: Store, token: int, user: int, how: str, source: Source) -> str:
    secret, now = secrets.token_urlsafe(32), time.time()
    row = digest(secret), token, user, how, now, now, now + SESSION, source[0], source[1][:200]
    with store.transaction() as sql:
        sql.execute('DELETE FROM sessions WHERE expires < ? OR used < ?', (now, now - UNUSED))
        sql.execute(
            'INSERT INTO sessions'
            ' (digest, token, person, how, created, used, expires, address, agent)'
            ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
            row,
        )
    return secret


def session(store: Store, secret: str, *, use: bool = True) -> Session | None:
    """What the cookie stands for, if it is good now. `use`: this counts as using it."""
    now, kept = time.time(), digest(secret)
    query = f"""
        SELECT COALESCE(p.name, t.person), COALESCE(p.role, t.role), s.token, s.person, s.how,
               s.used
        {SESSIONS} AND s.digest = :digest"""
    given = {'digest': kept, 'now': now, 'unused': now - UNUSED}
    with store.reading() as sql:
        row = sql.execute(query, given).fetchone()
    if row is None:
        return None
    if use and row[-1] < now - _NOTED:
        with store.transaction() as sql:
            sql.execute('UPDATE sessions SET used = ? WHERE digest = ?', (now, kept))
    return Session(secret, *row[:-1])


def visits(store: Store, person: str = '') -> list[Visit]:
    """Who is logged in now, the last to come first; of one person, if one is named."""
    now = time.time()
    query = f"""
        SELECT s.digest, COALESCE(p.name, t.person), s.how, s.created, s.used, s.expires,
               s.address, s.agent
        {SESSIONS} AND (:person = '' OR LOWER(COALESCE(p.name, t.person)) = :person)
        ORDER BY s.created DESC"""
    given = {'now': now, 'unused': now - UNUSED, 'person': person.lower()}
    with store.reading() as sql:
        return [Visit(row[0][:SHOWN], *row[1:]) for row in sql.execute(query, given)]


def visit(session: Session) -> str:
    """By which its own session is known in a list of them."""
    return digest(session.secret)[:SHOWN]


def end(store: Store, session: Session) -> None:
    with store.transaction() as sql:
        sql.execute('DELETE FROM sessions WHERE digest = ?', (digest(session.secret),))


def end_visit(store: Store, identity: str, person: str = '') -> Visit:
    """`person`: only if it is his. UserError if there is none."""
    for one in visits(store, person):
        if one.id == identity:
            with store.transaction(durable=True) as sql:
                sql.execute('DELETE FROM sessions WHERE SUBSTR(digest, 1, ?) = ?', (SHOWN, one.id))
            return one
    raise UserError('there is no such session')


def digest(text: str) -> str:
    return hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()
