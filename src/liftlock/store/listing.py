"""Lists of runs for people who look for one: filters, pages by key, and what there is to choose."""

from collections import Counter
from collections.abc import Iterable, Mapping
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


class Ended(NamedTuple):
    """A run that has: only what is counted. Times are 0.0 where it never began."""

    repository: str
    workflow: str
    name: str
    conclusion: str
    attempt: int
    created: float
    started: float
    finished: float


def ended(store: Store, since: float, until: float, repository: str = '') -> list[Ended]:
    """Those that ended from `since` on and before `until`."""
    query = f"""
        SELECT {', '.join(Ended._fields)} FROM runs
        WHERE status = 'completed' AND finished >= ? AND finished < ? AND ? IN ('', repository)
        ORDER BY id"""  # noqa: S608 - our own words
    with store.reading() as sql:
        return [Ended(*row) for row in sql.execute(query, (since, until, repository))]


# Of all runs the names of repositories: an index leads from each to the next, past what is between.
KNOWN: Final = """
    known (repository) AS (
        SELECT MIN(repository) FROM runs
        UNION ALL
        SELECT (SELECT MIN(repository) FROM runs WHERE repository > known.repository)
        FROM known WHERE known.repository IS NOT NULL
    )"""


def repositories(store: Store) -> list[str]:
    """All that are registered or have runs or environments, in order of their names."""
    query = f"""
        WITH RECURSIVE {KNOWN}
        SELECT repository FROM known WHERE repository IS NOT NULL
        UNION ALL SELECT repository FROM environments
        UNION ALL SELECT name FROM repositories"""  # noqa: S608 - our own words
    with store.reading() as sql:
        return sorted({row[0] for row in sql.execute(query)})


class Flow(NamedTuple):
    """A workflow that has run: its newest run's name, and how many runs there have been."""

    repository: str
    workflow: str
    name: str
    runs: int
    newest: int


def workflows(store: Store, repository: str = '', limit: int = 500) -> list[Flow]:
    """By repository; those that ran last first. An index leads from each to the next."""
    query = f"""
        WITH RECURSIVE {KNOWN},
        seen (repository, workflow) AS (
            SELECT repository,
                (SELECT MIN(workflow) FROM runs WHERE runs.repository = known.repository)
            FROM known WHERE repository IS NOT NULL AND ? IN ('', repository)
            UNION ALL
            SELECT repository, (SELECT MIN(workflow) FROM runs
                WHERE runs.repository = seen.repository AND runs.workflow > seen.workflow)
            FROM seen WHERE seen.workflow IS NOT NULL
        )
        SELECT runs.repository, runs.workflow, runs.name, runs.number, runs.id
        FROM seen JOIN runs ON runs.repository = seen.repository
            AND runs.workflow = seen.workflow
            AND runs.number = (SELECT MAX(newer.number) FROM runs AS newer
                WHERE newer.repository = seen.repository AND newer.workflow = seen.workflow)
        ORDER BY runs.repository, runs.id DESC LIMIT ?"""  # noqa: S608 - our own words
    with store.reading() as sql:
        return [Flow(*row) for row in sql.execute(query, (repository, limit))]


def of_workflow(store: Store, repository: str, workflow: str, limit: int = 30) -> list[Run]:
    """Newest first; `workflow` is the path. An index has them in this order."""
    query = f'{RUNS} WHERE repository = ? AND workflow = ? ORDER BY number DESC LIMIT ?'
    with store.reading() as sql:
        return [Run(*row) for row in sql.execute(query, (repository, workflow, limit))]


def since(store: Store, moment: float, repository: str = '', limit: int = 20_000) -> list[Run]:
    """Those that were made from the moment on, newest first."""
    query = f"{RUNS} WHERE created >= ? AND ? IN ('', repository) ORDER BY id DESC LIMIT ?"
    with store.reading() as sql:
        return [Run(*row) for row in sql.execute(query, (moment, repository, limit))]


CHOSEN: Final = ('name', 'event', 'ref', 'actor')


def choices(store: Store, repository: str = '', among: int = 500) -> Mapping[str, list[str]]:
    """What the filters could be set to, from the newest runs; what is most frequent comes first."""
    where = 'WHERE repository = ?' if repository else ''
    query = f"""
        SELECT {', '.join(CHOSEN)} FROM runs {where}
        ORDER BY id DESC LIMIT {among}"""  # noqa: S608 - our own words
    with store.reading() as sql:
        rows = sql.execute(query, (repository,) if repository else ()).fetchall()
    columns = zip(*rows, strict=True) if rows else ((),) * len(CHOSEN)
    return {name: _frequent(found) for name, found in zip(CHOSEN, columns, strict=True)}


def _frequent(values: Iterable[str], most: int = 50) -> list[str]:
    counted = Counter(value for value in values if value)
    return sorted(counted, key=lambda value: (-counted[value], value))[:most]


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
