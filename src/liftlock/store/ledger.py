"""Facts of environments: appended, never changed; and the rows of deployments that follow from
them.

People and the controller write into one stream. Two things keep them apart: what is written under
an older claim than the environment's is refused, and who says up to where he has read is told if
somebody has written since, so that nobody decides on what he has not seen.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from liftlock.rollout import facts as f
from liftlock.rollout import wire
from liftlock.store.journal import StaleToken
from liftlock.store.sql import Sql

PLACE: Final = """
SELECT (SELECT token FROM environments WHERE id = :environment),
       (SELECT COALESCE(MAX(seq), 0) FROM deployment_facts),
       (SELECT COALESCE(MAX(seq), 0) FROM deployment_facts WHERE environment = :environment)"""
INSERT: Final = """
INSERT INTO deployment_facts (seq, environment, at, kind, body, token) VALUES (?, ?, ?, ?, ?, ?)"""

# What somebody wants, and what is about to be done, must outlive a power cut: it may be done
# already when the power goes. (SQLite otherwise loses the last moments, never more.)
DURABLE: Final = (
    f.DeploymentRequested,
    f.Approved,
    f.Rejected,
    f.ProtectionBypassed,
    f.DeploymentStarted,
    f.OperationStarted,
    f.OperationFinished,
    f.Promoted,
    f.AbortRequested,
    f.RollbackStarted,
    f.DeploymentFinished,
    f.AutomationHeld,
    f.AutomationReleased,
)


class Behind(Exception):
    """Somebody has written facts since: read them, and decide again."""


def append(
    sql: Sql,
    environment: int,
    facts: Sequence[f.Fact],
    token: int = 0,
    after: int | None = None,
) -> list[f.Stamped]:
    """Inside a transaction of the caller's. StaleToken, Behind."""
    claim, last, read = sql.execute(PLACE, {'environment': environment}).fetchone()
    if token and claim != token:
        raise StaleToken(f'environment {environment} is no longer held under token {token}')
    if after is not None and read > after:
        raise Behind(f'environment {environment} has facts up to {read}, not {after}')
    now = time.time()
    stamped = [f.Stamped(last + n, environment, now, fact) for n, fact in enumerate(facts, 1)]
    sql.executemany(
        INSERT,
        [(s.seq, environment, now, _kind(s.fact), wire.dump(s.fact), token) for s in stamped],
    )
    for fact in facts:
        for summarize in SUMMARIES.get(type(fact), ()):
            sql.execute(*summarize(environment, now, fact))
    return stamped


def read(sql: Sql, environment: int, after: int) -> list[f.Stamped]:
    rows = sql.execute(
        'SELECT seq, at, body FROM deployment_facts WHERE environment = ? AND seq > ? ORDER BY seq',
        (environment, after),
    )
    return [f.Stamped(seq, environment, at, wire.load(body)) for seq, at, body in rows]


def _kind(fact: f.Fact) -> str:
    return fact.kind if isinstance(fact, f.Unknown) else type(fact).__name__


# --- what a fact changes in the table of deployments

Statement = tuple[str, tuple[Any, ...]]

REQUESTED: Final = """
INSERT INTO deployments (environment, number, kind, version, version_id, "commit", ref, artifact,
                         image, sources, settings, origin, "by", reason, run, job, created, status)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting')"""
JUDGED: Final = """
UPDATE deployments SET status = ?, message = ?
WHERE environment = ? AND number = ? AND status IN ('waiting', 'queued')"""
STARTED: Final = """
UPDATE deployments SET status = 'in_progress', message = '', started = ?
WHERE environment = ? AND number = ? AND status != 'completed' AND started = 0"""
PAUSED: Final = """
UPDATE deployments SET status = 'paused', message = ?
WHERE environment = ? AND number = ? AND status != 'completed'"""
WENT_ON: Final = """
UPDATE deployments SET status = 'in_progress', message = ''
WHERE environment = ? AND number = ? AND status = 'paused'"""
GOING_BACK: Final = """
UPDATE deployments SET status = 'in_progress', message = ?
WHERE environment = ? AND number = ? AND status != 'completed'"""
FINISHED: Final = """
UPDATE deployments
SET status = 'completed', conclusion = ?, message = ?, downtime = ?, finished = ?
WHERE environment = ? AND number = ?"""


def _requested(environment: int, at: float, fact: f.DeploymentRequested) -> Statement:
    version = fact.version
    told = (version.name, version.id, version.commit, version.ref, version.artifact, version.image)
    asked = (fact.settings, fact.origin, fact.by, fact.reason, fact.run or version.run, fact.job)
    return REQUESTED, (environment, fact.number, fact.kind, *told, version.sources, *asked, at)


def _held(environment: int, at: float, fact: f.DeploymentHeld) -> Statement:
    return JUDGED, ('waiting', fact.reason, environment, fact.number)


def _allowed(environment: int, at: float, fact: f.DeploymentAllowed) -> Statement:
    return JUDGED, ('queued', fact.message, environment, fact.number)


def _started(environment: int, at: float, fact: f.DeploymentStarted) -> Statement:
    """Once: going back has steps of its own, and is told of by the same fact."""
    return STARTED, (at, environment, fact.number)


def _paused(environment: int, at: float, fact: f.Paused) -> Statement:
    return PAUSED, (fact.reason, environment, fact.number)


def _went_on(
    environment: int, at: float, fact: f.Promoted | f.StepStarted | f.StepFinished
) -> Statement:
    return WENT_ON, (environment, fact.number)


def _going_back(environment: int, at: float, fact: f.RollbackStarted) -> Statement:
    return GOING_BACK, (fact.reason, environment, fact.number)


def _finished(environment: int, at: float, fact: f.DeploymentFinished) -> Statement:
    told = fact.conclusion, fact.message, fact.downtime
    return FINISHED, (*told, at, environment, fact.number)


SUMMARIES: Final[Mapping[type[Any], tuple[Callable[[int, float, Any], Statement], ...]]] = {
    f.DeploymentRequested: (_requested,),
    f.DeploymentHeld: (_held,),
    f.DeploymentAllowed: (_allowed,),
    f.DeploymentStarted: (_started,),
    f.Paused: (_paused,),
    f.Promoted: (_went_on,),
    f.StepStarted: (_went_on,),
    f.StepFinished: (_went_on,),
    f.RollbackStarted: (_going_back,),
    f.DeploymentFinished: (_finished,),
}
