"""Which database the store is on: SQLite beside the logs, unless somebody names another."""

from collections.abc import Mapping
from pathlib import Path

from liftlock.errors import UserError


def named(env: Mapping[str, str]) -> str:
    """Its URL, from a file or from a variable; '' if none is named. UserError."""
    file = env.get('LIFTLOCK_DATABASE_FILE')
    if not file:
        return _checked(env.get('LIFTLOCK_DATABASE', ''))
    try:
        return _checked(Path(file).read_text(encoding='utf-8').strip().partition('\n')[0])
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else 'it is no text'
        raise UserError(f'cannot read the address of the database from {file}: {why}') from None


def _checked(url: str) -> str:
    if not url:
        return ''
    from liftlock.store.engines import address

    return address.checked(url)
