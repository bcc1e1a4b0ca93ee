"""Which runs a server carries out: whoever serves next goes on with those that have not ended."""

from liftlock.store.database import Store


def note(store: Store, run: int, who: str) -> None:
    """`who` asked for it."""
    with store.transaction() as sql:
        sql.execute(
            'INSERT INTO served (run, who) VALUES (?, ?)'
            ' ON CONFLICT (run) DO UPDATE SET who = excluded.who',
            (run, who),
        )


def forget(store: Store, run: int) -> None:
    with store.transaction() as sql:
        sql.execute('DELETE FROM served WHERE run = ?', (run,))


def left(store: Store) -> list[tuple[int, str]]:
    """(run, who asked for it), oldest first."""
    with store.reading() as sql:
        return [(run, who) for run, who in sql.execute('SELECT run, who FROM served ORDER BY run')]
