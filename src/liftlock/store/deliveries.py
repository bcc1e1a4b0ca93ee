"""Environments and what is deployed to them, as rows and as facts."""

from collections.abc import Callable, Sequence
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.rollout.facts import DeploymentRequested, Fact, Stamped
from liftlock.store import ledger, names, owners
from liftlock.store.database import Store
from liftlock.store.journal import StaleToken as StaleToken
from liftlock.store.ledger import Behind as Behind
from liftlock.store.runs import KEEP


class Place(NamedTuple):
    """An environment. `owner` names the process that holds it, or held it last; '' if none did."""

    id: int
    repository: str
    name: str
    owner: str = ''
    token: int = 0


class Deployment(NamedTuple):
    """`started` and `finished` are 0.0 until then, `downtime` is seconds without an instance.

    status: waiting (for its protection), queued, in_progress, paused, completed. `message` says
    what it waits for, why it is paused or goes back, or how it ended.
    """

    environment: int
    number: int
    kind: str
    version: str
    version_id: str
    commit: str
    ref: str
    artifact: str
    image: str
    sources: str
    settings: str
    origin: str
    by: str
    reason: str
    run: int
    job: str
    status: str
    conclusion: str
    message: str
    created: float
    started: float
    finished: float
    downtime: float


class Held(UserError):
    """Another living process has claimed the environment."""


PLACES: Final = 'SELECT id, repository, name, owner, token FROM environments '
DEPLOYMENTS: Final = f"""
SELECT {', '.join(f'"{name}"' for name in Deployment._fields)}
FROM deployments """  # noqa: S608 - made of our own names
NUMBER: Final = """
SELECT COALESCE(MAX(number), 0) + 1 FROM deployments WHERE environment = ?"""


# --- environments


def environment(store: Store, repository: str, name: str, create: bool = True) -> Place:
    """The environment of this name, whatever its case. UserError if there is none to be found."""
    query = PLACES + 'WHERE repository = ? AND name = ?'
    with store.reading() as sql:
        row = sql.execute(query, (repository, name)).fetchone()
    if row is None and create:
        with store.transaction() as sql:
            sql.execute(
                'INSERT INTO environments (repository, name) VALUES (?, ?) ON CONFLICT DO NOTHING',
                (repository, name),
            )
            row = sql.execute(query, (repository, name)).fetchone()
    if row is None:
        known = ', '.join(one.name for one in environments(store) if one.repository == repository)
        raise UserError(
            f'nothing was ever deployed to an environment "{name}"',
            f'there are: {known}' if known else f'deploy to it: liftlock deploy {name}',
        )
    names.refuse_other(name, row[2], 'environment')
    return Place(*row)


def environments(store: Store) -> list[Place]:
    """All of them, by repository and in the order in which they were made."""
    with store.reading() as sql:
        return [Place(*row) for row in sql.execute(PLACES + 'ORDER BY repository, id')]


def claim(store: Store, environment: int, owner: str, free: Callable[[str], bool]) -> int:
    """Take the environment over, unless its owner lives (Held); return the new token."""
    with store.transaction() as sql:
        row = sql.execute(
            'SELECT name, owner, token FROM environments WHERE id = ?', (environment,)
        ).fetchone()
        if row is None:
            raise UserError(f'there is no environment {environment}')
        name, holder, token = row
        if holder == owner:
            return int(token)
        if holder and not free(holder):
            raise Held(
                f'{name} is held by process {owners.spoken(sql, holder)}',
                'let it finish, or end it',
            )
        sql.execute(
            'UPDATE environments SET owner = ?, token = token + 1 WHERE id = ?',
            (owner, environment),
        )
    return int(token) + 1


def place(store: Store, environment: int) -> Place:
    """The environment with this id. UserError if there is none."""
    with store.reading() as sql:
        row = sql.execute(PLACES + 'WHERE id = ?', (environment,)).fetchone()
    if row is None:
        raise UserError(f'there is no environment {environment}')
    return Place(*row)


# --- facts


def request(store: Store, environment: int, draft: DeploymentRequested) -> Stamped:
    """Write down that somebody wants this, under the environment's next number."""
    with store.transaction(durable=True) as sql:
        (number,) = sql.execute(NUMBER, (environment,)).fetchone()
        (stamped,) = ledger.append(sql, environment, [draft._replace(number=number)])
    return stamped


def append(
    store: Store,
    environment: int,
    facts: Sequence[Fact],
    token: int = 0,
    after: int | None = None,
) -> list[Stamped]:
    """Write facts and what follows from them in one transaction.

    `token` is the claim under which the writer acts; StaleToken if a newer one exists. 0 is a
    person, who needs no claim. `after` is the `seq` up to which the writer has read; Behind if
    there is something newer.
    """
    durable = any(isinstance(fact, ledger.DURABLE) for fact in facts)
    with store.transaction(durable=durable) as sql:
        return ledger.append(sql, environment, facts, token, after)


def facts(store: Store, environment: int, after: int = 0) -> list[Stamped]:
    """Facts of the environment with a `seq` above `after`, in order."""
    with store.reading() as sql:
        return ledger.read(sql, environment, after)


def latest(store: Store) -> dict[int, int]:
    """The newest fact's `seq` of every environment that has one."""
    query = 'SELECT environment, MAX(seq) FROM deployment_facts GROUP BY environment'
    with store.reading() as sql:
        return dict(sql.execute(query).fetchall())


# --- deployments


def find(store: Store, environment: int, number: int) -> Deployment:
    """UserError if there is none of that number."""
    with store.reading() as sql:
        row = sql.execute(
            DEPLOYMENTS + 'WHERE environment = ? AND number = ?', (environment, number)
        ).fetchone()
    if row is None:
        raise UserError(f'there is no deployment {number}', 'see `liftlock deployments`')
    return Deployment(*row)


def listed(
    store: Store,
    *,
    environment: int = 0,
    status: str = '',
    kind: str = '',
    version: str = '',
    limit: int = 20,
    after: tuple[float, int, int] = (0.0, 0, 0),
) -> list[Deployment]:
    """Newest first; of all environments where none is given. `status` or a conclusion; `version`
    is a name, an id, or the beginning of a commit. What comes `after` the one with this (created,
    environment, number)."""
    query = (
        DEPLOYMENTS
        + """
        WHERE (:environment = 0 OR environment = :environment)
          AND (:status = '' OR :status IN (status, conclusion))
          AND (:kind = '' OR :kind = kind)
          AND (:version = '' OR :version IN (version, version_id)
               OR substr("commit", 1, length(:version)) = :version)
          AND (:created = 0 OR created < :created
               OR (created = :created AND environment > :place)
               OR (created = :created AND environment = :place AND number < :number))
        ORDER BY created DESC, environment, number DESC LIMIT :limit"""
    )
    given = {
        'environment': environment,
        'status': status,
        'kind': kind,
        'version': version,
        'limit': limit,
        'created': after[0],
        'place': after[1],
        'number': after[2],
    }
    with store.reading() as sql:
        return [Deployment(*row) for row in sql.execute(query, given)]


def count_waiting(store: Store) -> int:
    """How many wait to be let through, everywhere."""
    query = "SELECT COUNT(*) FROM deployments WHERE status = 'waiting'"
    with store.reading() as sql:
        return int(sql.execute(query).fetchone()[0])


def underway(store: Store, run: int) -> list[Deployment]:
    """Those of a run's jobs that have not ended."""
    query = DEPLOYMENTS + "WHERE run = ? AND kind = 'job' AND status != 'completed'"
    with store.reading() as sql:
        return [Deployment(*row) for row in sql.execute(query, (run,))]


def needed_sources(store: Store) -> list[tuple[str, str]]:
    """Snapshots, as (store, commit), of what is under way or can be gone back to."""
    with store.reading() as sql:
        return sql.execute(
            """SELECT DISTINCT sources, "commit" FROM returnable WHERE sources != ''"""
        ).fetchall()


# --- texts, by their digests


def keep(store: Store, text: str) -> str:
    """Keep a text for good; its digest."""
    name = digest.of(text)
    with store.transaction() as sql:
        sql.execute(KEEP, (name, text))
    return name


def text(store: Store, digest: str) -> str:
    """The text that has been kept under this digest. KeyError if none was."""
    with store.reading() as sql:
        row = sql.execute('SELECT body FROM requests WHERE digest = ?', (digest,)).fetchone()
    if row is None:
        raise KeyError(digest)
    body: str = row[0]
    return body
