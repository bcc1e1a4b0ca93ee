"""What runs have reported of their tests: JUnit XML among their artifacts and reports.

Nothing is stored of it: files are named by what is in them, so each is read once and remembered. A
file is passed over that is too large, is refused by its reader, or is none at all; what was passed
over is told.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Final

from liftlock.errors import UserError
from liftlock.gates import flakes, junit
from liftlock.gates.flakes import Told
from liftlock.gates.junit import Case, NotJUnit
from liftlock.language.records import NamedTuple
from liftlock.store import archive, artifacts, blobs, listing
from liftlock.store.artifacts import Artifact
from liftlock.store.database import Store
from liftlock.store.runs import Run

LARGEST: Final = 16 * 1024 * 1024  # bytes of one report
MOST: Final = 400  # files of one artifact that are looked into
ALTOGETHER: Final = 64 * 1024 * 1024  # bytes of one artifact that are read
REMEMBERED: Final = 300  # artifacts
HISTORY: Final = 30  # runs
BEGINNING: Final = 4096


class Read(NamedTuple):
    """`troubles` are what was passed over, and why."""

    cases: tuple[Case, ...] = ()
    files: int = 0
    troubles: tuple[str, ...] = ()


class Tests:
    """Those of the runs of one store. May be asked by several threads."""

    def __init__(self, store: Store) -> None:
        self._directory = store.directory
        self._known: OrderedDict[str, Read] = OrderedDict()
        self._lock = Lock()

    def of(self, found: Iterable[Artifact], reports: Iterable[tuple[str, str]] = ()) -> Read:
        """`reports` are (name, digest)."""
        parts = [
            self._read(one.digest, one.name, zipped=one.mime == artifacts.ZIP) for one in found
        ]
        named = [(name, digest) for name, digest in reports if name.lower().endswith('.xml')]
        parts += [self._read(digest, name, zipped=False) for name, digest in named]
        return Read(
            tuple(case for part in parts for case in part.cases),
            sum(part.files for part in parts),
            tuple(trouble for part in parts for trouble in part.troubles),
        )

    def _read(self, digest: str, name: str, *, zipped: bool) -> Read:
        with self._lock:
            known = self._known.get(digest)
        if known is not None:
            return known
        if not zipped and not name.lower().endswith('.xml'):
            return Read()
        file = blobs.path(self._directory, digest)
        found = _archive(file) if zipped else _file(file, name)
        with self._lock:
            self._known[digest] = found
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return found


class Kept(NamedTuple):
    """What one attempt of a run has kept."""

    run: Run
    attempt: int
    artifacts: tuple[Artifact, ...]


def kept(store: Store, repository: str, workflow: str) -> list[Kept]:
    """Of the newest runs of a workflow, oldest first; every attempt by itself."""
    found = []
    for run in reversed(listing.of_workflow(store, repository, workflow, HISTORY)):
        attempts: dict[int, list[Artifact]] = {}
        for one in artifacts.listed(store, run.id):
            attempts.setdefault(one.attempt, []).append(one)
        found += [Kept(run, number, tuple(those)) for number, those in sorted(attempts.items())]
    return found


def told(tests: Tests, attempts: Iterable[Kept]) -> list[Told]:
    """What they reported; those without a report are left out."""
    read = ((one, tests.of(one.artifacts).cases) for one in attempts)
    return [Told(one.run.id, one.attempt, one.run.sha, cases) for one, cases in read if cases]


def flaky(reports: Iterable[Told]) -> list[flakes.Test]:
    """Those that cannot be trusted, the most often failed first."""
    found = [one for one in flakes.fold(reports).values() if one.flaky]
    return sorted(found, key=lambda one: (-one.failures / max(one.ran, 1), one.key))


def _file(file: Path, name: str) -> Read:
    try:
        if file.stat().st_size > LARGEST:
            return Read(troubles=(f'{name}: it is too large',))
        content = file.read_bytes()
    except OSError:
        return Read()
    return _parsed(name, content)


def _archive(file: Path) -> Read:
    try:
        parts = list(_members(file))
    except (UserError, OSError, RuntimeError, NotImplementedError) as error:  # encrypted, say
        return Read(troubles=(str(error),))
    return Read(
        tuple(case for part in parts for case in part.cases),
        sum(part.files for part in parts),
        tuple(trouble for part in parts for trouble in part.troubles),
    )


def _members(file: Path) -> Iterator[Read]:
    if not file.exists():
        return
    left, looked = ALTOGETHER, 0
    with archive.opened(file) as zipped:
        for entry in zipped.infolist():
            if entry.is_dir() or not entry.filename.lower().endswith('.xml'):
                continue
            looked += 1
            if looked > MOST or entry.file_size > min(LARGEST, left):
                yield Read(troubles=(f'{entry.filename}: it is too large, or there are too many',))
                if looked > MOST:
                    return
                continue
            with zipped.open(entry) as opened:
                beginning = opened.read(BEGINNING)
                if not junit.looks(beginning):
                    continue
                content = beginning + opened.read(LARGEST)
            left -= len(content)
            yield _parsed(entry.filename, content)


def _parsed(name: str, content: bytes) -> Read:
    if not junit.looks(content[:BEGINNING]):
        return Read()
    try:
        return Read(junit.parse(content), 1)
    except NotJUnit as error:
        return Read(troubles=(f'{name}: {error}',))
