"""Addresses of databases, as `--database` takes them."""

from urllib.parse import urlsplit

from liftlock.errors import UserError

SCHEMES = ('postgresql', 'postgres')


def checked(address: str) -> str:
    """UserError for what is no address of a database."""
    scheme, found, _ = address.partition('://')
    if not found or scheme not in SCHEMES:
        raise UserError(
            f'"{shown(address)}" is no address of a database',
            'for example: postgresql://liftlock@db.example.org/liftlock',
        )
    return address


def shown(address: str) -> str:
    """The address without a password and without settings."""
    if '://' not in address:
        return address.partition(' ')[0] if '=' not in address else '…'
    parts = urlsplit(address)
    person, at, host = parts.netloc.rpartition('@')
    return f'{parts.scheme}://{person.partition(":")[0]}{at}{host}{parts.path}'
