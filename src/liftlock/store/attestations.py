"""What was signed about artifacts: kept by their content, found again by what they are about."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from liftlock.language.records import NamedTuple
from liftlock.plan import provenance
from liftlock.plan.plan import Request
from liftlock.plan.provenance import Build, Subject
from liftlock.store import blobs, runs, signing
from liftlock.store.database import Store


class Source(NamedTuple):
    """What a run was made of, beyond its facts; see `provenance.Build`."""

    request: Request
    repository: str
    uncommitted: bool
    pins: Mapping[str, str] | None
    version: str


class Attestation(NamedTuple):
    """`digest` is that of the bundle; `created` is seconds since 1970."""

    id: int
    run: int
    attempt: int
    job: str
    predicate_type: str
    digest: str
    created: float


class RunAttestations:
    """Those of one run. Satisfies the runner's `Attestations`."""

    def __init__(self, store: Store, run: int, source: Source) -> None:
        self._store = store
        self._run = run
        self._source = source

    async def provenance(self, job: str) -> Mapping[str, Any]:
        """The predicate for what this job has made, as far as the run has come."""
        await asyncio.sleep(0)  # what was told in this turn of the loop is written now
        run = runs.find(self._store, str(self._run))
        facts = self._store.facts(self._run)
        build = Build(self._run, run.attempt, run.request, facts=facts, **self._source._asdict())
        return provenance.make(build, job)

    async def sign(
        self, job: str, subjects: Sequence[Subject], kind: str, predicate: Any
    ) -> tuple[str, str, str]:
        """Sign and keep it; its id, the bundle (a line of JSON) and the bundle's sha256.

        Raises UserError and OSError.
        """
        directory = self._store.directory
        statement = provenance.statement(subjects, kind, predicate)
        bundle = await asyncio.to_thread(signing.sign, statement, directory)
        new = blobs.scratch(directory)
        try:
            new.write_text(f'{bundle}\n', encoding='utf-8')
            digest = blobs.digest(new)
            await asyncio.to_thread(blobs.publish, directory, new, digest)
            with self._store.transaction() as sql:
                (identity,) = sql.execute(
                    'INSERT INTO attestations (run, attempt, job, predicate_type, digest, created)'
                    ' SELECT id, attempt, ?, ?, ?, ? FROM runs WHERE id = ? RETURNING id',
                    (job, kind, digest, time.time(), self._run),
                ).fetchone()
                sql.executemany(
                    'INSERT INTO subjects (attestation, digest, name) VALUES (?, ?, ?)'
                    ' ON CONFLICT DO NOTHING',
                    [(identity, one.digest, one.name) for one in subjects],
                )
                blobs.adopt(directory, new, digest)
        finally:
            new.unlink(missing_ok=True)
        return str(identity), bundle, digest


def listed(store: Store, run: int) -> list[Attestation]:
    """Those of a run, oldest first."""
    query = """
        SELECT id, run, attempt, job, predicate_type, digest, created FROM attestations
        WHERE run = ? ORDER BY id"""
    with store.reading() as sql:
        return [Attestation(*row) for row in sql.execute(query, (run,))]


def about(store: Store, digests: Iterable[str]) -> list[Attestation]:
    """Those that have one of these subjects (`sha256:…`), newest first."""
    query = """
        SELECT id, run, attempt, job, predicate_type, digest, created FROM attestations
        WHERE id IN (SELECT attestation FROM subjects
                     WHERE digest IN (SELECT value FROM json_each(?)))
        ORDER BY id DESC"""
    with store.reading() as sql:
        return [Attestation(*row) for row in sql.execute(query, (json.dumps([*digests]),))]


def named(store: Store, name: str) -> list[str]:
    """The digests under which this name was attested, newest first."""
    query = 'SELECT digest FROM subjects WHERE name = ? GROUP BY digest ORDER BY MAX(attestation)'
    with store.reading() as sql:
        return [digest for (digest,) in sql.execute(f'{query} DESC', (name,))]


def subjects(store: Store, attestation: Attestation) -> list[Subject]:
    query = 'SELECT name, digest FROM subjects WHERE attestation = ? ORDER BY name, digest'
    with store.reading() as sql:
        return [Subject(*row) for row in sql.execute(query, (attestation.id,))]


def read(store: Store, attestation: Attestation) -> str:
    """The bundle. Raises OSError."""
    return blobs.path(store.directory, attestation.digest).read_text(encoding='utf-8')
