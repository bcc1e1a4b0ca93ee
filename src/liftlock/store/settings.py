"""What people have set for a repository about its triggers; where nobody has, the defaults."""

from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan.statuses import NAME
from liftlock.store.database import Store

DAY: Final = 86400.0
LONGEST_NAME: Final = 100


class Settings(NamedTuple):
    """`status_name` is that of the aggregate; `badges`: whether everybody may see them; `catch_up`:
    how many seconds old a missed slot of a schedule may be to be made good, 0 if none is."""

    statuses: bool = True
    status_name: str = NAME
    badges: bool = False
    catch_up: float = DAY


def of(store: Store, repository: int) -> Settings:
    query = """
        SELECT statuses, status_name, badges, catch_up FROM trigger_settings
        WHERE repository = ?"""
    with store.reading() as sql:
        row = sql.execute(query, (repository,)).fetchone()
    return Settings() if row is None else Settings(bool(row[0]), row[1], bool(row[2]), row[3])


def change(store: Store, repository: int, wanted: Settings) -> None:
    """UserError for what cannot be."""
    name = wanted.status_name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UserError(f'"{name}" cannot be the name of a status', 'liftlock, or ci/required, say')
    if not 0 <= wanted.catch_up <= 366 * DAY:
        raise UserError('a slot is made good after a year at most')
    with store.transaction() as sql:
        sql.execute(
            'INSERT INTO trigger_settings (repository, statuses, status_name, badges, catch_up)'
            ' VALUES (?, ?, ?, ?, ?) ON CONFLICT (repository) DO UPDATE SET'
            ' statuses = excluded.statuses, status_name = excluded.status_name,'
            ' badges = excluded.badges, catch_up = excluded.catch_up',
            (
                repository,
                int(wanted.statuses),
                name,
                int(wanted.badges),
                float(wanted.catch_up),
            ),
        )
