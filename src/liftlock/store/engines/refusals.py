"""What PostgreSQL refuses, in words that a person can act on."""

import re
from typing import Final

import psycopg

from liftlock.errors import UserError
from liftlock.store.engines import address
from liftlock.store.sql import CutOff, Unreachable

# Of what is said when a connection cannot be made: trying again will not help.
FINAL: Final = (
    ('password authentication failed', 'check the user and the password'),
    ('no password supplied', 'put the password into ~/.pgpass, or into the file of the address'),
    ('authentication failed', 'check how the server wants this user to log in (pg_hba.conf)'),
    ('no pg_hba.conf entry', 'let this machine in: pg_hba.conf on the server'),
    ('role "', 'create the user, or name another one in the address'),
    ('database "', 'create it: createdb, or CREATE DATABASE'),
    ('Name or service not known', 'check the name of the host'),
    ('invalid ', 'check the address'),
    ('certificate', 'see sslmode, sslrootcert, sslcert and sslkey in the address'),
    ('SSL', 'see sslmode in the address'),
)
FULL: Final = ('53100', '53200')  # disk, memory
LOCKED: Final = '55P03'
ENDED: Final = ('25P03', '57P01', '57P02', '57P03', '57P05')  # put out, or the server ends
READ_ONLY: Final = '25006'
DENIED: Final = '42501'
TAKEN: Final = ('42P07', '42710')  # a table, a collation
NO_ICU: Final = '0A000'
BROKEN: Final = ('XX001', 'XX002', '58030')


def may_pass(error: psycopg.Error) -> bool:
    """Whether it may go when one waits: the server is starting, or has too many guests."""
    said = str(error)
    return isinstance(error, psycopg.OperationalError) and not any(
        words in said for words, _ in FINAL
    )


def is_last_word(error: psycopg.Error) -> bool:
    """Whether the server has closed the connection with it."""
    return error.sqlstate in ENDED


def is_nul(error: psycopg.DataError) -> bool:
    return 'NUL' in str(error)


def explained(error: psycopg.Error, url: str, *, lost: bool) -> Exception:
    """As a person can act on it; the error itself where it is a bug of ours."""
    where, said = address.shown(url), _first_line(error)
    code = error.sqlstate or ''
    if lost and (isinstance(error, psycopg.OperationalError) or is_last_word(error)):
        return _unreachable(where, str(error), said)
    if code in FULL:
        return UserError(f'cannot write to {where}: {said}', 'free some space on its machine')
    if code == LOCKED:
        return UserError(f'{where} was locked by other writers for too long: {said}')
    if code == READ_ONLY:
        return UserError(
            f'cannot write to {where}: it is read-only ({said})',
            'name the primary server, or add target_session_attrs=read-write to the address',
        )
    if code == DENIED:
        return UserError(
            f'the user of {where} may not do this: {said}',
            'make it the owner of its database',
        )
    if code in BROKEN:
        return UserError(f'{where} is damaged: {said}', 'see the log of PostgreSQL')
    return error


def of_schema(error: psycopg.Error, url: str) -> Exception:
    """What went wrong when tables were made."""
    where = address.shown(url)
    if error.sqlstate in TAKEN:
        return UserError(
            f'{where} holds tables of something else ({_first_line(error)})',
            'give Liftlock a database of its own',
        )
    if error.sqlstate == NO_ICU:
        return UserError(f'the PostgreSQL of {where} was built without ICU: {_first_line(error)}')
    return error


def cut_off(url: str) -> CutOff:
    return CutOff(
        f'the connection to {address.shown(url)} was lost, and nothing was written',
        'try it again',
    )


def unknown_outcome(url: str) -> Unreachable:
    return Unreachable(
        f'the connection to {address.shown(url)} was lost, and it is not known whether the last'
        ' thing was written',
        'look at what is there before you try it again',
    )


def _unreachable(where: str, whole: str, said: str) -> Unreachable:
    hint = next((hint for words, hint in FINAL if words in whole), '')
    return Unreachable(
        f'cannot reach the database {where}: {said}',
        hint or 'is PostgreSQL running there, and can it be reached from this machine?',
    )


def _first_line(error: psycopg.Error) -> str:
    """Of several addresses that were tried, what became of the first one."""
    said = str(error).strip() or 'no reason was told'
    tried = re.search(r'failed: (?!connection to server)(.+)', said)
    return (tried[1] if tried else said.splitlines()[0]).removeprefix('FATAL:').strip()
