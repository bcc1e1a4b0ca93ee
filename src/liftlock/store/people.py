"""People with an account: their role, what they may beyond it, and links to set a password by.

A name is written as people like it and compared in lower case. Of links only SHA-256 sums are
kept, of passwords what `passwords` makes of them. Whoever loses something (a role, his password,
the account) is logged out everywhere in the same transaction.
"""

import re
import secrets
import time
from collections.abc import Iterable
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import access
from liftlock.store.access import ROLES
from liftlock.store.database import Store

DEPLOYER: Final = 'deployer'  # of environments; a grant, no role
OIDC: Final = 'oidc'  # as the source of a grant
INVITED: Final = 3 * 86400.0  # seconds that a link to set a password is good
_NAME: Final = re.compile(r'[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}')


class User(NamedTuple):
    """`seen` and `disabled` are 0.0 for never; `issuer` is '' unless he comes by OpenID."""

    id: int
    name: str
    email: str
    role: str
    password: str
    issuer: str
    subject: str
    created: float
    seen: float
    disabled: float


class Grant(NamedTuple):
    """`repository` and `environment` are patterns. A deployer has both; any other role counts in
    the whole repository."""

    role: str
    repository: str
    environment: str = ''


USERS: Final = (
    'SELECT id, name, email, role, password, issuer, subject, created, seen, disabled FROM people '
)


def add(store: Store, name: str, role: str, email: str = '') -> User:
    """Somebody who cannot log in yet. UserError for a name that cannot be, or is taken."""
    checked_role(role)
    if not _NAME.fullmatch(name):
        raise UserError(
            f'"{name}" cannot be the name of an account', 'letters, digits and any of . _ @ + -'
        )
    row = name, name.lower(), email.strip(), role, time.time()
    with store.transaction(durable=True) as sql:
        if sql.execute('SELECT 1 FROM people WHERE folded = ?', (name.lower(),)).fetchone():
            raise UserError(f'there is somebody called {name} already', 'choose another name')
        sql.execute(
            'INSERT INTO people (name, folded, email, role, created) VALUES (?, ?, ?, ?, ?)', row
        )
        return _one(sql, 'folded = ?', name.lower())


def listed(store: Store) -> list[User]:
    with store.reading() as sql:
        return [User(*row) for row in sql.execute(USERS + 'ORDER BY folded')]


def record(user: User, grants: Iterable[Grant]) -> dict[str, Any]:
    """As programs are told of him: without his password's hash."""
    told = {name: value for name, value in user._asdict().items() if name != 'password'}
    password = bool(user.password)
    return {**told, 'password': password, 'grants': [one._asdict() for one in grants]}


def named(store: Store, name: str) -> User:
    """UserError if nobody is called that."""
    found = look(store, name)
    if found is None:
        raise UserError(f'nobody has an account called {name}', 'see: liftlock user list')
    return found


def look(store: Store, name: str) -> User | None:
    with store.reading() as sql:
        row = sql.execute(USERS + 'WHERE folded = ?', (name.lower(),)).fetchone()
    return User(*row) if row else None


def find(store: Store, identity: int) -> User:
    """UserError if there is none."""
    with store.reading() as sql:
        return _one(sql, 'id = ?', identity)


def any_password(store: Store) -> bool:
    """Whether anybody could log in with one."""
    with store.reading() as sql:
        query = "SELECT 1 FROM people WHERE password != '' AND disabled = 0 LIMIT 1"
        return sql.execute(query).fetchone() is not None


def seen(store: Store, user: User) -> None:
    with store.transaction() as sql:
        sql.execute('UPDATE people SET seen = ? WHERE id = ?', (time.time(), user.id))


def set_role(store: Store, user: User, role: str) -> None:
    checked_role(role)
    with store.transaction(durable=True) as sql:
        sql.execute('UPDATE people SET role = ? WHERE id = ?', (role, user.id))
        _log_out(sql, user)


def set_disabled(store: Store, user: User, *, disabled: bool) -> None:
    """A disabled person's tokens are good for nothing either, until he is enabled again."""
    with store.transaction(durable=True) as sql:
        at = time.time() if disabled else 0.0
        sql.execute('UPDATE people SET disabled = ? WHERE id = ?', (at, user.id))
        sql.execute('DELETE FROM invitations WHERE person = ?', (user.id,))
        _log_out(sql, user)


def set_password(store: Store, user: User, hashed: str) -> None:
    """Every session ends, and every link."""
    with store.transaction(durable=True) as sql:
        _set_password(sql, user, hashed)


def renew_password(store: Store, user: User, hashed: str) -> None:
    """The same password, hashed by other parameters: nobody need notice. Not if it has been
    changed meanwhile."""
    with store.transaction() as sql:
        sql.execute(
            'UPDATE people SET password = ? WHERE id = ? AND password = ?',
            (hashed, user.id, user.password),
        )


def checked_role(role: str) -> str:
    if role not in ROLES:
        raise UserError(f'there is no role "{role}"', f'there are: {", ".join(ROLES)}')
    return role


# --- links


def invite(store: Store, user: User, lasting: float = INVITED) -> str:
    """The code of a link by which this person sets a password; earlier ones are void."""
    code, now = secrets.token_urlsafe(32), time.time()
    with store.transaction(durable=True) as sql:
        sql.execute('DELETE FROM invitations WHERE person = ? OR expires < ?', (user.id, now))
        row = access.digest(code), user.id, now, now + lasting
        sql.execute(
            'INSERT INTO invitations (digest, person, created, expires) VALUES (?, ?, ?, ?)', row
        )
    return code


def invited(store: Store, code: str) -> User | None:
    """Whose link this is, if it is good now."""
    with store.reading() as sql:
        return _invited(sql, code)


def redeem(store: Store, code: str, hashed: str) -> User | None:
    """Set the password, and use the link up; None if that has been done, or was too late."""
    with store.transaction(durable=True) as sql:
        user = _invited(sql, code)
        if user is not None:
            _set_password(sql, user, hashed)
    return user


def _invited(sql: Any, code: str) -> User | None:
    row = sql.execute(
        'SELECT person FROM invitations WHERE digest = ? AND expires > ?',
        (access.digest(code), time.time()),
    ).fetchone()
    user = _one(sql, 'id = ?', row[0]) if row else None
    return user if user is not None and not user.disabled else None


def _set_password(sql: Any, user: User, hashed: str) -> None:
    sql.execute('UPDATE people SET password = ? WHERE id = ?', (hashed, user.id))
    sql.execute('DELETE FROM invitations WHERE person = ?', (user.id,))
    _log_out(sql, user)


# --- OpenID


def known_by(store: Store, issuer: str, subject: str) -> User | None:
    with store.reading() as sql:
        row = sql.execute(USERS + 'WHERE issuer = ? AND subject = ?', (issuer, subject)).fetchone()
    return User(*row) if row else None


def of_email(store: Store, email: str) -> User | None:
    """Who has it, if that is one person who is not linked yet."""
    with store.reading() as sql:
        query = USERS + "WHERE LOWER(email) = ? AND email != '' AND subject = ''"
        rows = sql.execute(query, (email.lower(),)).fetchall()
    return User(*rows[0]) if len(rows) == 1 else None


def is_taken(store: Store, name: str) -> bool:
    """Whether somebody has an account, a token or a grant of that name."""
    with store.reading() as sql:
        return any(
            sql.execute(query, (name.lower(),)).fetchone()
            for query in (
                'SELECT 1 FROM people WHERE folded = ?',
                'SELECT 1 FROM access_tokens WHERE LOWER(person) = ? AND revoked = 0 LIMIT 1',
                'SELECT 1 FROM person_grants WHERE folded = ? LIMIT 1',
            )
        )


def link(store: Store, user: User, issuer: str, subject: str) -> User:
    """From now on the provider says when it is he. UserError if it is somebody else already."""
    with store.transaction(durable=True) as sql:
        done = sql.execute(
            "UPDATE people SET issuer = ?, subject = ? WHERE id = ? AND subject = ''",
            (issuer, subject, user.id),
        )
        if not done.rowcount:
            raise UserError(f'{user.name} is somebody else for the provider')
        return _one(sql, 'id = ?', user.id)


# --- grants


def grant(store: Store, name: str, given: Grant) -> None:
    """UserError for what cannot be granted."""
    _checked(given)
    with store.transaction(durable=True) as sql:
        _grant(sql, name, given, '')


def ungrant(store: Store, name: str, given: Grant) -> None:
    """UserError if he has no such grant."""
    with store.transaction(durable=True) as sql:
        done = sql.execute(
            'DELETE FROM person_grants'
            ' WHERE folded = ? AND role = ? AND repository = ? AND environment = ?',
            (name.lower(), *given),
        )
        if not done.rowcount:
            raise UserError(f'{name} has no such grant')


def follow(store: Store, user: User, role: str, grants: Iterable[Grant]) -> User:
    """What the provider says of somebody, at each log-in. '' leaves the role as it is."""
    with store.transaction(durable=True) as sql:
        if role and role != user.role:
            sql.execute('UPDATE people SET role = ? WHERE id = ?', (role, user.id))
            _log_out(sql, user)
        which = (user.name.lower(), OIDC)
        sql.execute('DELETE FROM person_grants WHERE folded = ? AND source = ?', which)
        for given in grants:
            _grant(sql, user.name, given, OIDC)
        return _one(sql, 'id = ?', user.id)


def grants(store: Store, name: str) -> tuple[Grant, ...]:
    query = """
        SELECT role, repository, environment FROM person_grants
        WHERE folded = ? ORDER BY role, repository, environment"""
    with store.reading() as sql:
        return tuple(Grant(*row) for row in sql.execute(query, (name.lower(),)))


def _grant(sql: Any, name: str, given: Grant, source: str) -> None:
    sql.execute(
        'INSERT INTO person_grants (folded, role, repository, environment, source)'
        ' VALUES (?, ?, ?, ?, ?) ON CONFLICT (folded, role, repository, environment) DO NOTHING',
        (name.lower(), *given, source),
    )


def _checked(given: Grant) -> None:
    if given.role not in (DEPLOYER, 'developer', 'maintainer'):
        raise UserError(
            f'"{given.role}" cannot be granted', 'there are: deployer, developer, maintainer'
        )
    if '/' not in given.repository or not given.repository.isprintable():
        raise UserError(f'"{given.repository}" is no repository', 'as in octo/shop, or octo/*')
    if bool(given.environment) != (given.role == DEPLOYER):
        raise UserError('a deployer is one of environments, and nobody else is')


# ---


def _one(sql: Any, where: str, value: object) -> User:
    row = sql.execute(f'{USERS} WHERE {where}', (value,)).fetchone()
    if row is None:
        raise UserError('there is no such person')
    return User(*row)


def _log_out(sql: Any, user: User) -> None:
    sql.execute('DELETE FROM sessions WHERE person = ?', (user.id,))
