"""What gates are judged by: the reports that a run has handed in or kept, or files here.

Of an artifact only files count whose names end as reports' do; the rest is never unpacked. Files
of the store are named by what is in them, so each is read once and remembered.
"""

import json
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from liftlock.engine import declared, tested
from liftlock.engine.tested import Tests
from liftlock.errors import UserError
from liftlock.gates.evidence import Evidence, Seen
from liftlock.gates.reports.read import BEGINNING, LARGEST, Read, read, too_large
from liftlock.gates.rules.judge import judge
from liftlock.gates.verdict import Verdict
from liftlock.language.settings.model import Gates
from liftlock.plan import board
from liftlock.plan.facts import ReportRecorded
from liftlock.runner import tree
from liftlock.store import archive, artifacts, blobs, listing, runs
from liftlock.store.artifacts import Artifact, RunArtifacts
from liftlock.store.database import Store
from liftlock.store.runs import Run

ENDINGS: Final = ('.json', '.jsonl', '.ndjson', '.xml', '.sarif', '.info', '.lcov', '.csv', '.txt')
MOST: Final = 1000  # files of one artifact, or of one directory
ALTOGETHER: Final = 256 * 1024 * 1024  # bytes of one artifact that are read
PASSED_OVER: Final = frozenset({'node_modules', '__pycache__', 'site-packages'})
TOO_MANY: Final = f'there are more than {MOST} files like reports in it, so it was not read whole'
GONE: Final = 'it is no longer kept'


def judged(store: Store, gates: Gates, run: Run, now: float) -> tuple[Verdict, ...]:
    """What the gates say of a run."""
    return judge(gates, seen(store, gates, run, now))


def seen(store: Store, gates: Gates, run: Run, now: float) -> Seen:
    """What a run and the other workflows of its commit have handed in so far."""
    found = tuple(one for beside in _beside(store, run) for one in of_run(store, beside))
    return Seen(found, now, _flaky(store, gates, run))


def by_sources(store: Store, run: Run, now: float) -> tuple[Verdict, ...]:
    """The same, by the `liftlock.yml` of the run's own commit; none where that sets no gates."""
    sources = json.loads(runs.request(store, run.id)).get('keep', {}).get('sources', '')
    try:
        text = tree.read(sources, run.sha, declared.FILE) if sources else ''
        gates = declared.parsed(text).gates if 'gates' in text else None
    except UserError:  # there is none, or it has mistakes, or the sources are gone
        return ()
    return judged(store, gates, run, now) if gates is not None else ()


def _flaky(store: Store, gates: Gates, run: Run) -> frozenset[str]:
    if gates.tests is None or gates.tests.flaky != 'quarantine':
        return frozenset()
    attempts = tested.kept(store, run.repository, run.workflow)
    return frozenset(test.key for test in tested.flaky(tested.told(Tests(store), attempts)))


# --- of runs


def _beside(store: Store, run: Run) -> Iterable[Run]:
    """The run, and the newest of each other workflow for the same commit: a tag's too, though the
    branch was tested. What a pull request has started counts for itself alone."""
    found = {run.workflow: run}
    for one in runs.of_commit(store, run.repository, run.sha):
        if not one.event.startswith('pull_request'):
            found.setdefault(one.workflow, one)
    return found.values()


def of_run(store: Store, run: Run) -> Iterator[Evidence]:
    """Of what was handed in again, only the last attempt's counts."""
    for stamped in board.latest(store.facts(run.id)):
        fact = stamped.fact
        if isinstance(fact, ReportRecorded):
            found = _kept(str(store.directory), fact.digest, fact.name)
            yield Evidence(found, stamped.at, fact.flags, fact.root, given=True)
    for one in RunArtifacts(store, run.id).current():
        for found in _artifact(str(store.directory), one):
            yield Evidence(found, one.created)


def newest(store: Store, run: Run) -> tuple[tuple[int, int, int], ...]:
    """Changes whenever something more was handed in."""
    return tuple(
        (one.id, listing.newest_fact(store, one.id), len(artifacts.listed(store, one.id)))
        for one in _beside(store, run)
    )


def _kept(directory: str, digest: str, name: str) -> Read:
    try:
        return _loaded(directory, digest, name)
    except FileNotFoundError:
        return Read(name, trouble=GONE)
    except (UserError, OSError) as error:
        return Read(name, trouble=str(error))


@lru_cache(maxsize=32)
def _loaded(directory: str, digest: str, name: str) -> Read:
    """What fails is not remembered."""
    return _read(name, blobs.path(Path(directory), digest))


def _read(name: str, file: Path) -> Read:
    """OSError."""
    if file.stat().st_size > LARGEST:
        with file.open('rb') as opened:
            return too_large(name, opened.read(BEGINNING))
    return read(name, file.read_bytes())


def _artifact(directory: str, one: Artifact) -> tuple[Read, ...]:
    if one.mime != artifacts.ZIP:
        return (_kept(directory, one.digest, one.name),) if _is_like(one.name) else ()
    try:
        return _unzipped(directory, one.digest, one.name)
    except FileNotFoundError:
        return (Read(one.name, trouble=GONE),)
    except (UserError, OSError, RuntimeError, NotImplementedError) as error:  # encrypted, say
        return (Read(one.name, trouble=str(error)),)


@lru_cache(maxsize=16)
def _unzipped(directory: str, digest: str, name: str) -> tuple[Read, ...]:
    return tuple(_members(blobs.path(Path(directory), digest), name))


def _members(file: Path, name: str) -> Iterator[Read]:
    left = ALTOGETHER
    with archive.opened(file) as zipped:
        entries = [one for one in zipped.infolist() if _is_like(one.filename) and not one.is_dir()]
        for entry in entries[:MOST]:
            member = f'{name}/{entry.filename}'
            with zipped.open(entry) as opened:
                if entry.file_size > min(LARGEST, left):
                    yield too_large(member, opened.read(BEGINNING))
                    continue
                content = opened.read(LARGEST)
            left -= len(content)
            yield read(member, content)
    if len(entries) > MOST:
        yield Read(name, trouble=TOO_MANY)


def _is_like(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


# --- files here


def of_files(paths: Iterable[Path]) -> Iterator[Evidence]:
    """Of a directory, what is like a report. UserError for what is not there."""
    for path in paths:
        if path.is_dir():
            yield from _directory(path)
            continue
        if not path.exists():
            raise UserError(f'there is no report {path}', 'name files, or directories of reports')
        yield Evidence(_known(path), _written(path), given=True)


def _read_here(path: Path) -> Read:
    try:
        return _read(str(path), path)
    except OSError as error:
        return Read(str(path), trouble=f'it cannot be read: {error.strerror}')


def _written(path: Path) -> float:
    """0.0 where it is gone meanwhile, or never was: a link that leads nowhere."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _known(path: Path) -> Read:
    """What somebody calls a report is one, or a doubt."""
    found = _read_here(path)
    if found.reports or found.trouble:
        return found
    return found._replace(trouble='it is no report that is known here')


def _directory(path: Path) -> Iterator[Evidence]:
    files = sorted(_walk(path))
    for file in files[:MOST]:
        yield Evidence(_read_here(file), _written(file))
    if len(files) > MOST:
        yield Evidence(Read(str(path), trouble=TOO_MANY))


def _walk(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        folders[:] = [one for one in folders if one not in PASSED_OVER and one[0] != '.']
        yield from (Path(folder, name) for name in files if _is_like(name))
