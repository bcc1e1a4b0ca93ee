"""`liftlock artifacts --attest` and `--bundle`: provenance of what a run has kept."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from liftlock.cli import wiring
from liftlock.cli.figures import count
from liftlock.engine import submission
from liftlock.errors import UserError
from liftlock.plan.facts import ArtifactStored
from liftlock.plan.provenance import PROVENANCE, Subject
from liftlock.store import attestations, blobs, runs
from liftlock.store.artifacts import ZIP, Artifact
from liftlock.store.attestations import RunAttestations
from liftlock.store.database import Store
from liftlock.store.runs import Run

MOST: Final = 1024  # subjects, as on GitHub
LARGEST: Final = 8 << 30  # bytes to unpack and read for it
CHUNK: Final = 1 << 20


def attest(store: Store, run: Run, kept: Sequence[Artifact]) -> None:
    """Sign provenance for each of these, unless there is some. UserError."""
    known = submission.load(runs.request(store, run.id))
    signer = wiring.attestations(store, run.id, known)
    for one in kept:
        about = attestations.about(store, [f'sha256:{one.digest}'])
        if any(found.predicate_type == PROVENANCE for found in about):
            print(f'{one.name}: attested already')
        else:
            print(asyncio.run(_attest(store, run.id, one, signer)))


async def _attest(store: Store, run: int, one: Artifact, signer: RunAttestations) -> str:
    job = _maker(store, run, one)
    subjects = [Subject(one.name, f'sha256:{one.digest}'), *_inside(store, one)]
    identity, _, _ = await signer.sign(job, subjects, PROVENANCE, await signer.provenance(job))
    return f'{one.name}: attested ({count(len(subjects), "subject")}, attestation {identity})'


def write_bundles(store: Store, run: Run, target: str) -> None:
    """All that was signed of the run, a bundle a line; `-` is the standard output. UserError."""
    lines = ''.join(attestations.read(store, one) for one in attestations.listed(store, run.id))
    if not lines:
        raise UserError(
            f'nothing was attested of run {run.id}',
            'sign what it kept: liftlock artifacts --attest',
        )
    if target == '-':
        sys.stdout.write(lines)
        return
    try:
        Path(target).write_text(lines, encoding='utf-8')
    except OSError as error:
        raise UserError(f'{target} cannot be written: {error.strerror}') from error
    print(f'{target}: {count(lines.count(chr(10)), "bundle")}')


def tell(store: Store, run: Run) -> None:
    """What was signed of the run, for people."""
    for one in attestations.listed(store, run.id):
        first, *more = attestations.subjects(store, one)
        others = f' and {len(more)} more' if more else ''
        print(f'attested: {first.name} ({first.digest[:19]}){others}, {one.predicate_type}')


def _maker(store: Store, run: int, one: Artifact) -> str:
    """The key of the job that stored it."""
    told = [stamped.fact for stamped in store.facts(run)]
    stored = [fact for fact in told if isinstance(fact, ArtifactStored)]
    return next((fact.job for fact in stored if fact.digest == one.digest), '')


def _inside(store: Store, one: Artifact) -> Iterator[Subject]:
    """The files of an archive: these are what people will have in their hands."""
    import hashlib
    from zipfile import BadZipFile, ZipFile

    file = blobs.path(store.directory, one.digest)
    if blobs.digest(file) != one.digest:
        raise UserError(f'the artifact "{one.name}" is not what was stored: its digest has changed')
    if one.mime != ZIP:
        return
    try:
        with ZipFile(file) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) >= MOST or sum(entry.file_size for entry in entries) > LARGEST:
                print(f'{one.name}: too much for one statement; the archive is attested as a whole')
                return
            for entry in entries:
                made = hashlib.sha256()
                with archive.open(entry) as stream:
                    while chunk := stream.read(CHUNK):
                        made.update(chunk)
                yield Subject(entry.filename, f'sha256:{made.hexdigest()}')
    except BadZipFile as error:
        raise UserError(f'the artifact "{one.name}" is damaged: {error}') from error
