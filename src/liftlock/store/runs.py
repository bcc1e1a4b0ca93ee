"""Runs as rows: written down, claimed, listed."""

import json
from collections.abc import Callable
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.plan.facts import RunSubmitted, Stamped
from liftlock.store import journal, owners
from liftlock.store.database import Store

MOST_DIGITS: Final = 18  # of a number that databases have room for
KEPT: Final = 90 * 86400.0  # seconds; GitHub's default for artifacts and logs


class Carried(UserError):
    """Somebody else carries the run out."""


class Run(NamedTuple):
    """`started` and `finished` are 0.0 until then; `owner` names the process that carries it out.

    status: queued, in_progress, completed
    """

    id: int
    repository: str
    workflow: str
    number: int
    name: str
    title: str
    event: str
    ref: str
    sha: str
    actor: str
    request: str
    status: str
    conclusion: str
    attempt: int
    created: float
    started: float
    finished: float
    owner: str
    token: int


class Job(NamedTuple):
    """state: queued, running, lost, done. `attempt` counts how often this job was claimed."""

    run: int
    key: str
    name: str
    state: str
    conclusion: str
    attempt: int
    started: float
    finished: float


class Draft(NamedTuple):
    """What is told of a run before it has an id and a number."""

    repository: str
    workflow: str
    name: str
    title: str
    event: str
    ref: str
    sha: str
    actor: str
    artifacts_kept: float = KEPT  # seconds from their making
    logs_kept: float = KEPT  # seconds from the end of the run
    cause: str = ''  # what made it; the same cause makes no second run


RUNS: Final = """
SELECT id, repository, workflow, number, name, title, event, ref, sha, actor, request, status,
       conclusion, attempt, created, started, finished, owner, token
FROM runs """
JOBS: Final = """
SELECT run, key, name, state, conclusion, attempt, started, finished FROM jobs """
SUBMIT: Final = """
INSERT INTO runs (repository, workflow, number, name, title, event, ref, sha, actor,
                  artifacts_kept, logs_kept, cause, owner, request, status, created, token)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 'queued', 0, 1)
RETURNING id"""
NUMBER: Final = """
SELECT COALESCE(MAX(number), 0) + 1 FROM runs WHERE repository = ? AND workflow = ?"""

CAUSED: Final = 'SELECT id FROM runs WHERE cause = ?'
KEEP: Final = 'INSERT INTO requests (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING'


def submit(
    store: Store, draft: Draft, owner: str, body: Callable[[int, int], str]
) -> tuple[int, Stamped]:
    """Write a run down under the next id and number, claimed by `owner` with token 1.

    `body` is asked for the text of the request once the id and the number are known. What has
    made a run already is answered with that run.
    """
    with store.transaction() as sql:
        before = sql.execute(CAUSED, (draft.cause,)).fetchone() if draft.cause else None
        if before is not None:
            return before[0], journal.read(sql, before[0], 0)[0]
        number = sql.execute(NUMBER, (draft.repository, draft.workflow)).fetchone()[0]
        (run,) = sql.execute(SUBMIT, (*draft[:2], number, *draft[2:], owner)).fetchone()
        text = body(run, number)
        name = digest.of(text)
        sql.execute(KEEP, (name, text))
        fact = RunSubmitted(*draft[1:8], request=name)
        (stamped,) = journal.append(sql, run, [fact], 1)
        sql.execute(
            'UPDATE runs SET request = ?, created = ? WHERE id = ?', (name, stamped.at, run)
        )
    return run, stamped


def caused(store: Store, cause: str) -> int:
    """The run that this made; 0 if it made none yet."""
    with store.reading() as sql:
        row = sql.execute(CAUSED, (cause,)).fetchone()
    return 0 if row is None else int(row[0])


def request(store: Store, run: int) -> str:
    """The text of the request that the run was made from."""
    with store.reading() as sql:
        row = sql.execute(
            'SELECT body FROM requests JOIN runs ON request = digest WHERE id = ?', (run,)
        ).fetchone()
    if row is None:
        raise _unknown(run)
    body: str = row[0]
    return body


def claim(store: Store, run: int, owner: str, free: Callable[[str], bool]) -> int:
    """Take the run over, unless its owner lives; return the new token."""
    with store.transaction() as sql:
        row = sql.execute('SELECT owner, token FROM runs WHERE id = ?', (run,)).fetchone()
        if row is None:
            raise _unknown(run)
        holder, token = row
        if holder == owner:
            return int(token)
        if not free(holder):
            raise Carried(
                f'run {run} is being carried out by process {owners.spoken(sql, holder)}',
                f'watch it with: liftlock logs {run} --follow',
            )
        sql.execute('UPDATE runs SET owner = ?, token = token + 1 WHERE id = ?', (owner, run))
    return int(token) + 1


def find(store: Store, name: str) -> Run:
    """The run with this id, or the `last` one. UserError if there is none."""
    which = 'ORDER BY id DESC LIMIT 1' if name == 'last' else 'WHERE id = :id'
    if name != 'last' and not name.isdecimal():
        raise UserError(f'"{name}" is no run', 'give the number of a run, or `last`')
    if len(name) > MOST_DIGITS:
        raise _unknown(name)
    with store.reading() as sql:
        row = sql.execute(RUNS + which, {'id': int(name)} if name != 'last' else ()).fetchone()
    if row is None:
        raise UserError('no run was ever started here') if name == 'last' else _unknown(name)
    return Run(*row)


def recent(store: Store, *, workflow: str = '', status: str = '', limit: int = 20) -> list[Run]:
    """Newest first. `workflow` is a path, its last part or a name; `status` or a conclusion."""
    query = (
        RUNS
        + """
        WHERE (:workflow = '' OR :workflow IN (workflow, name) OR workflow LIKE '%/' || :workflow
               OR workflow LIKE '%/' || :workflow || '.yml'
               OR workflow LIKE '%/' || :workflow || '.yaml')
          AND (:status = '' OR :status IN (status, conclusion))
        ORDER BY id DESC LIMIT :limit"""
    )
    with store.reading() as sql:
        rows = sql.execute(query, {'workflow': workflow, 'status': status, 'limit': limit})
        return [Run(*row) for row in rows]


def of_commit(store: Store, repository: str, commit: str) -> list[Run]:
    """Newest first."""
    query = RUNS + 'WHERE repository = ? AND sha = ? ORDER BY id DESC'
    with store.reading() as sql:
        return [Run(*row) for row in sql.execute(query, (repository, commit))]


def unfinished(store: Store) -> list[Run]:
    """Runs that have not ended, oldest first."""
    with store.reading() as sql:
        return [Run(*row) for row in sql.execute(RUNS + "WHERE status != 'completed' ORDER BY id")]


def jobs(store: Store, run: int) -> list[Job]:
    """In the order in which they were first spoken of."""
    query = JOBS + 'WHERE run = ? ORDER BY started, finished, key'
    with store.reading() as sql:
        return [Job(*row) for row in sql.execute(query, (run,))]


def job(store: Store, run: int, key: str) -> Job | None:
    with store.reading() as sql:
        row = sql.execute(JOBS + 'WHERE run = ? AND key = ?', (run, key)).fetchone()
    return Job(*row) if row else None


def deploys(store: Store, run: int) -> bool:
    """Whether deployments by its jobs have not ended."""
    query = """
        SELECT EXISTS (SELECT 1 FROM deployments
                       WHERE run = ? AND kind = 'job' AND status != 'completed')"""
    with store.reading() as sql:
        return bool(sql.execute(query, (run,)).fetchone()[0])


def deployed(store: Store, run: int) -> bool:
    """Whether its jobs have deployed anything, or have tried to."""
    query = "SELECT EXISTS (SELECT 1 FROM deployments WHERE run = ? AND kind = 'job')"
    with store.reading() as sql:
        return bool(sql.execute(query, (run,)).fetchone()[0])


def kept_for(store: Store, repository: str) -> frozenset[str]:
    """Which of `secret` and `variable` are stored for its runs: one look, without a key."""
    query = "SELECT DISTINCT kind FROM secrets WHERE repository IN (?, '')"
    with store.reading() as sql:
        return frozenset(row[0] for row in sql.execute(query, (repository,)))


def lost_logs(store: Store, run: int, now: float) -> int:
    """For how many days the logs of the run were kept, if that time is over; else 0."""
    with store.reading() as sql:
        row = sql.execute(
            "SELECT logs_kept FROM runs WHERE id = ? AND status = 'completed'"
            ' AND finished + logs_kept < ?',
            (run, now),
        ).fetchone()
    return round(row[0] / 86400) or 1 if row else 0


def kept_since(store: Store, moment: float) -> list[str]:
    """JSON of what is kept to take a run up again (`keep` of its submission): of those that have
    not ended, and of those that ended after that moment."""
    query = """
        SELECT body FROM requests WHERE digest IN (
            SELECT request FROM runs WHERE status != 'completed' OR finished > ?)"""
    with store.reading() as sql:
        kept = [json.loads(body).get('keep') for (body,) in sql.execute(query, (moment,))]
    return sorted({json.dumps(keep) for keep in kept if keep})


def durations(store: Store, repository: str, workflow: str, runs: int = 10) -> dict[str, float]:
    """Seconds that each job took on average when it last succeeded, by key."""
    query = """
        SELECT key, AVG(jobs.finished - jobs.started) FROM jobs
        WHERE conclusion = 'success' AND jobs.started > 0 AND run IN (
            SELECT id FROM runs WHERE repository = ? AND workflow = ? ORDER BY id DESC LIMIT ?)
        GROUP BY key"""
    with store.reading() as sql:
        return dict(sql.execute(query, (repository, workflow, runs)).fetchall())


def _unknown(run: int | str) -> UserError:
    return UserError(f'there is no run {run}', 'see `liftlock runs`')
