"""Passwords, as argon2id makes them: with salt and parameters in one text.

The parameters are the second choice of RFC 9106, for where memory is dear: 64 MiB, three passes,
four lanes. Hashing takes some hundredths of a second: never do it on an event loop.
"""

from functools import cache
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 12  # characters
LONGEST: Final = 1024  # bytes


def refuse(password: str, name: str) -> None:
    """UserError for one that is easily guessed."""
    if len(password) < SHORTEST:
        raise UserError(
            f'the password is shorter than {SHORTEST} characters',
            'some words that nobody else would put together are easy to keep in mind',
        )
    if len(password.encode()) > LONGEST:
        raise UserError(f'the password is longer than {LONGEST} bytes')
    if name.lower() in password.lower() and len(password) < len(name) + SHORTEST:
        raise UserError('the password holds the name', 'choose another one')
    if len(set(password)) < 5:
        raise UserError('the password repeats a few characters', 'choose another one')


def hashed(password: str) -> str:
    return _hasher().hash(password)


def fits(password: str, kept: str) -> bool:
    """'' for `kept` takes as long as any other, and is false."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password.encode()) > LONGEST:
        return False
    try:
        return _hasher().verify(kept or _nobodys(), password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def outdated(kept: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> 'PasswordHasher':
    from argon2 import PasswordHasher, profiles

    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobodys() -> str:
    """What is compared where nobody has that name, so that time does not tell who has."""
    return hashed('of nobody')
