"""Which blobs something refers to."""

from typing import Final

from liftlock.store.database import Store
from liftlock.store.sql import Sql

USED: Final = (
    'SELECT digest FROM artifacts',
    'SELECT digest FROM caches',
    'SELECT digest FROM reports',
    'SELECT digest FROM attestations',
    'SELECT artifact FROM returnable',
)
IS_USED: Final = ' UNION ALL '.join(
    f'SELECT 1 FROM ({query}) AS n{number} WHERE {query.split()[1]} = :digest'  # noqa: S608 - ours
    for number, query in enumerate(USED)
)


def used(store: Store) -> set[str]:
    """The digests of all blobs that something refers to."""
    with store.reading() as sql:
        return {digest for (digest,) in sql.execute(' UNION '.join(USED))}


def is_used(sql: Sql, digest: str) -> bool:
    """The same of one, within a transaction: so that nobody can begin to."""
    return sql.execute(f'{IS_USED} LIMIT 1', {'digest': digest}).fetchone() is not None
