"""Facts of runs: appended, never changed; and the summary rows that follow from them."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from liftlock.plan import facts as f
from liftlock.plan import wire
from liftlock.store.sql import Sql

PLACE: Final = """
SELECT (SELECT token FROM runs WHERE id = ?), (SELECT COALESCE(MAX(seq), 0) FROM facts)"""
INSERT: Final = 'INSERT INTO facts (seq, run, at, kind, body, token) VALUES (?, ?, ?, ?, ?, ?)'


class StaleToken(Exception):
    """Somebody else has claimed the run since: who gets this must stop what he does for it."""


def append(sql: Sql, run: int, facts: Sequence[f.Fact], token: int) -> list[f.Stamped]:
    """Inside a transaction of the caller's. StaleToken if a newer claim than `token` exists."""
    claim, last = sql.execute(PLACE, (run,)).fetchone()
    if token and claim != token:
        raise StaleToken(f'run {run} is no longer claimed under token {token}')
    now = time.time()
    stamped = [f.Stamped(last + n, run, now, fact) for n, fact in enumerate(facts, 1)]
    sql.executemany(
        INSERT,
        [(s.seq, run, now, type(s.fact).__name__, wire.dump(s.fact), token) for s in stamped],
    )
    for fact in facts:
        for summarize in SUMMARIES.get(type(fact), ()):
            sql.execute(*summarize(run, now, fact))
    return stamped


def read(sql: Sql, run: int, after: int = 0) -> list[f.Stamped]:
    rows = sql.execute(
        'SELECT seq, at, body FROM facts WHERE run = ? AND seq > ? ORDER BY seq', (run, after)
    )
    return [f.Stamped(seq, run, at, wire.load(body)) for seq, at, body in rows]


# --- what a fact changes in the tables of runs and jobs

Statement = tuple[str, tuple[Any, ...]]

QUEUED: Final = """
INSERT INTO jobs (run, key, name, state) VALUES (?, ?, ?, 'queued')
ON CONFLICT (run, key) DO UPDATE SET name = excluded.name, state = 'queued', conclusion = ''"""
CLAIMED: Final = """
UPDATE jobs SET state = 'running', attempt = ?, started = ?, finished = 0
WHERE run = ? AND key = ?"""
SKIPPED: Final = """
INSERT INTO jobs (run, key, name, state, conclusion, finished)
VALUES (?, ?, ?, 'done', 'skipped', ?)
ON CONFLICT (run, key) DO UPDATE SET
    state = 'done', conclusion = 'skipped', finished = excluded.finished"""
FINISHED: Final = """
INSERT INTO jobs (run, key, name, state, conclusion, finished) VALUES (?, ?, ?, 'done', ?, ?)
ON CONFLICT (run, key) DO UPDATE SET
    state = 'done', conclusion = excluded.conclusion, finished = excluded.finished"""
LOST: Final = "UPDATE jobs SET state = 'lost', finished = ? WHERE run = ? AND key = ?"
RUN_STARTED: Final = """
UPDATE runs SET status = 'in_progress', started = ? WHERE id = ? AND status = 'queued'"""
RUN_FINISHED: Final = """
UPDATE runs SET status = 'completed', conclusion = ?, finished = ? WHERE id = ?"""
RUN_RESTARTED: Final = """
UPDATE runs SET status = 'queued', conclusion = '', attempt = ?, started = 0, finished = 0
WHERE id = ?"""

JOBS_RESTARTED: Final = """
UPDATE jobs SET state = 'queued', conclusion = '', started = 0, finished = 0
WHERE run = ? AND key IN (SELECT value FROM json_each(?))"""


def _queued(run: int, at: float, fact: f.JobQueued) -> Statement:
    return QUEUED, (run, fact.job, fact.name)


def _claimed(run: int, at: float, fact: f.JobClaimed) -> Statement:
    return CLAIMED, (fact.attempt, at, run, fact.job)


def _run_started(run: int, at: float, fact: f.JobClaimed) -> Statement:
    return RUN_STARTED, (at, run)


def _skipped(run: int, at: float, fact: f.JobSkipped) -> Statement:
    return SKIPPED, (run, fact.job, fact.name, at)


def _finished(run: int, at: float, fact: f.JobFinished) -> Statement:
    return FINISHED, (run, fact.job, fact.job, fact.conclusion, at)


def _lost(run: int, at: float, fact: f.JobLost) -> Statement:
    return LOST, (at, run, fact.job)


def _run_finished(run: int, at: float, fact: f.RunFinished) -> Statement:
    return RUN_FINISHED, (fact.conclusion, at, run)


def _run_restarted(run: int, at: float, fact: f.RunRestarted) -> Statement:
    return RUN_RESTARTED, (fact.attempt, run)


def _jobs_restarted(run: int, at: float, fact: f.RunRestarted) -> Statement:
    return JOBS_RESTARTED, (run, json.dumps(fact.jobs))


SUMMARIES: Final[Mapping[type[Any], tuple[Callable[[int, float, Any], Statement], ...]]] = {
    f.JobQueued: (_queued,),
    f.JobClaimed: (_claimed, _run_started),
    f.JobSkipped: (_skipped,),
    f.JobFinished: (_finished,),
    f.JobLost: (_lost,),
    f.RunFinished: (_run_finished,),
    f.RunRestarted: (_run_restarted, _jobs_restarted),
}
