"""Lists of runs for people who look for one: filters, pages by key, and what there is to choose."""

from collections.abc import Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.store.database import Store
from liftlock.store.runs import RUNS, Run


class Filter(NamedTuple):
    """'' lets everything through. `text` is looked for in titles, names and commits."""

    repository: str = ''
    workflow: str = ''
    event: str = ''
    branch: str = ''
    actor: str = ''
    status: str = ''
    text: str = ''


WHERE: Final = """
WHERE (:repository = '' OR repository = :repository)
  AND (:workflow = '' OR :workflow IN (workflow, name) OR workflow LIKE '%/' || :workflow
       OR workflow LIKE '%/' || :workflow || '.yml' OR workflow LIKE '%/' || :workflow || '.yaml')
  AND (:event = '' OR event = :event)
  AND (:branch = '' OR ref IN (:branch, 'refs/heads/' || :branch, 'refs/tags/' || :branch))
  AND (:actor = '' OR actor = :actor)
  AND (:status = '' OR :status IN (status, conclusion))
  AND (:text = '' OR title LIKE :like ESCAPE '\\' OR name LIKE :like ESCAPE '\\'
       OR substr(sha, 1, length(:text)) = :text)"""


def newest(
    store: Store, wanted: Filter, *, before: int = 0, after: int = 0, limit: int = 25
) -> list[Run]:
    """Newest first: those older than the run `before`, or the nearest that are newer than
    `after`."""
    up = bool(after) and not before
    order = 'id > :after ORDER BY id' if up else '(:before = 0 OR id < :before) ORDER BY id DESC'
    escaped = wanted.text.replace('\\', '\\\\').replace('%', '\\%').replace('_', '\\_')
    given = wanted._asdict() | {
        'before': before,
        'after': after,
        'limit': limit,
        'like': f'%{escaped}%',
    }
    with store.reading() as sql:
        rows = sql.execute(f'{RUNS}{WHERE} AND {order} LIMIT :limit', given)
        found = [Run(*row) for row in rows]
    return found[::-1] if up else found


def repositories(store: Store) -> list[str]:
    """All that have runs or environments, in order of their names."""
    query = 'SELECT repository FROM runs UNION SELECT repository FROM environments ORDER BY 1'
    with store.reading() as sql:
        return [row[0] for row in sql.execute(query)]


def choices(store: Store, repository: str = '', among: int = 2000) -> Mapping[str, list[str]]:
    """What the filters could be set to, from the newest runs."""
    query = f"""
        SELECT {{0}}, COUNT(*) FROM (SELECT * FROM runs WHERE :repository IN ('', repository)
                                     ORDER BY id DESC LIMIT {among})
        WHERE {{0}} != '' GROUP BY {{0}} ORDER BY 2 DESC, 1 LIMIT 50"""  # noqa: S608 - our own words
    found = {}
    with store.reading() as sql:
        for name in ('name', 'event', 'ref', 'actor'):
            rows = sql.execute(query.format(name), {'repository': repository})
            found[name] = [row[0] for row in rows]
    return found


def counts(store: Store) -> Mapping[tuple[str, str], int]:
    """How many runs there are, by status and conclusion."""
    query = 'SELECT status, conclusion, COUNT(*) FROM runs GROUP BY status, conclusion'
    with store.reading() as sql:
        return {(status, conclusion): number for status, conclusion, number in sql.execute(query)}


def newest_fact(store: Store, run: int = 0) -> int:
    """The `seq` of the newest fact, of all runs or of one."""
    query = 'SELECT COALESCE(MAX(seq), 0) FROM facts'
    with store.reading() as sql:
        if run:
            (seq,) = sql.execute(f'{query} WHERE run = ?', (run,)).fetchone()
        else:
            (seq,) = sql.execute(query).fetchone()
    return int(seq)
