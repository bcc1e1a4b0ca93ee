"""A job's directories, which are copies of what its pod has: there is no disk that both see.

The processes' side leads. What we write for them goes there before the next process starts; what
they have made comes here when somebody is to look at it. Several steps may run side by side: so
nothing goes twice, or it would overwrite what a process has made of it meanwhile.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH101

import os
import stat
import tarfile
import tempfile
import threading
from collections.abc import Iterable, Sequence
from typing import IO, Final, Protocol

from liftlock.language.records import NamedTuple
from liftlock.runner.docker.paths import Paths
from liftlock.runner.executors.base import CannotStart
from liftlock.runner.kubernetes import scripts, states
from liftlock.runner.kubernetes.gathering import Archive, User, make_whole, walk
from liftlock.runner.kubernetes.kubectl import Answer
from liftlock.runner.kubernetes.laying import lay, make_directory, remove
from liftlock.runner.kubernetes.states import Here

_NEVER: Final = 1 << 62


class Ask(Protocol):
    """Runs a script in the pod. What is given and what is printed are files on the disk."""

    def __call__(
        self,
        script: str,
        *arguments: str,
        given: IO[bytes] | None = None,
        into: IO[bytes] | None = None,
    ) -> Answer: ...


class Known(NamedTuple):
    """A file as it was when both sides had the same, and when that was, by the clock there."""

    here: Here
    since: int


class Mirror:
    """`roots` are directories here with their names in there; the first is where we put files for
    single processes, the others are looked through only when it is asked for. Of the last one
    nothing comes back: it is a repository, whose settings git on this machine would obey."""

    def __init__(
        self, roots: Sequence[tuple[str, str]], mapped: Paths, user: User, ask: Ask, *, gnu: bool
    ) -> None:
        self._roots = tuple(roots)
        self._coming = self._roots[:-1]
        self._paths = mapped
        self._user = user
        self._ask = ask
        self._gnu = gnu
        self._lock = threading.RLock()
        self._known: dict[str, Known] = {}
        self._flying: set[str] = set()  # on its way into the pod
        self._extra: set[str] = set()  # other directories that are there already
        self.stale = False  # processes may have made something since it was pulled

    # --- towards the pod

    def collect(self, archive: Archive, *, all_of_it: bool, also: Iterable[str] = ()) -> bytes:
        """Add what is new here, and what stands in the directories `also`; the names of what is
        gone, for the script that takes it. Call `landed` when the pod has it."""
        with self._lock:
            roots = self._roots if all_of_it else self._roots[:1]
            gone: list[str] = []
            seen: set[str] = set()
            for here, there in roots:
                if all_of_it:
                    make_whole(here)
                self._add_tree(archive, here, there, gone, seen)
            for path in [path for path in self._known if path not in seen and _below(path, roots)]:
                gone.append(self._paths.inside(path))
                del self._known[path]
            for place in also:
                self._add_extra(archive, place)
            return b''.join(map(_line, gone))

    def _add_tree(
        self, archive: Archive, here: str, there: str, gone: list[str], seen: set[str]
    ) -> None:
        skipped = {root for root, _ in self._roots if root != here}
        for path in walk(here, skipped):
            found = _look(path)
            if found is None:
                continue
            seen.add(path)
            known = self._known.get(path)
            if known is not None and known.here == found:
                continue
            inside = there + path[len(here) :]
            if known is not None and stat.S_IFMT(known.here.mode) != stat.S_IFMT(found.mode):
                gone.append(inside)
            archive.add(path, inside)
            self._known[path] = Known(found, _NEVER)
            self._flying.add(path)

    def _add_extra(self, archive: Archive, place: str) -> None:
        """A directory that is only read, whole and once: an action, a node, a tool."""
        if place in self._extra:
            return
        inside = self._paths.inside(place)
        for path in walk(place):
            archive.add(path, inside + path[len(place) :])
        self._extra.add(place)

    def landed(self, now: int) -> None:
        with self._lock:
            for path in self._flying:
                if path in self._known:
                    self._known[path] = self._known[path]._replace(since=now)
            self._flying.clear()

    def push(self) -> None:
        """Everything, now. Raises CannotStart."""
        with self._lock, tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as tar:
            archive = Archive(tar, self._user)
            gone = self.collect(archive, all_of_it=True)
            archive.close()
            if not archive.count and not gone:
                return
            file.write(gone)
            tar.seek(0)
            _copy(tar, file)
            size = file.tell() - len(gone)
            file.seek(0)
            answer = self._ask(scripts.TAKE, str(len(gone)), str(size), given=file)
            _insist(answer, 'Files could not be brought into the pod of this job')
            said = answer.out.strip()
            self.landed(int(said) if said.isdigit() else 0)

    # --- from the pod

    def pull(self) -> None:
        """Have here what is there. Raises CannotStart."""
        with self._lock:
            self.push()
            answer = self._ask(scripts.LIST, *(there for _, there in self._coming))
            listing = states.read(answer.out) if answer.code == 0 else None
            if listing is None:
                _insist(answer._replace(code=1), 'The files of this job could not be listed')
                return
            wanted = self._settle(listing)
            if wanted:
                self._fetch(wanted)
            for path in filter(None, map(self._place, listing.files)):
                found = _look(path)
                if found is not None and path not in self._flying:
                    self._known[path] = Known(found, listing.now)
            self.stale = False

    def _fetch(self, names: Sequence[str]) -> None:
        with tempfile.TemporaryFile() as listed, tempfile.TemporaryFile() as file:
            listed.write(b''.join(_line(self._escape(f'.{name}')) for name in names))
            listed.seek(0)
            answer = self._ask(scripts.FETCH, given=listed, into=file)
            _insist(answer, 'Files could not be fetched from the pod of this job')
            file.seek(0)
            self.take(file)

    def _escape(self, name: str) -> str:
        return name.replace('\\', '\\\\') if self._gnu else name

    def _settle(self, listing: states.Listing) -> list[str]:
        """Make directories, remove what is gone, and say what is to be fetched."""
        wanted, there = [], set()
        for name, file in sorted(listing.files.items()):
            path = self._place(name)
            there.add(path)
            if not path or not states.is_kept(file.mode):
                continue
            known = self._known.get(path)
            news = states.is_news(file, _look(path), known.since if known else 0)
            if not stat.S_ISDIR(file.mode):
                wanted += [name] if news else []
            elif news:
                make_directory(path)
                os.chmod(path, (file.mode & 0o777) | 0o700)
        gone = {path for path in self._known if _below(path, self._coming)} - there
        for path in gone:
            inside = self._paths.inside(path)
            if path not in self._flying and not states.is_setting(inside):
                remove(path)
                del self._known[path]
        return wanted

    def _place(self, inside: str) -> str:
        """Where something of the pod belongs; '' for what does not come here."""
        if any(inside == there for _, there in self._coming):
            return self._paths.outside(inside)
        if '/../' in f'{inside}/' or states.is_setting(inside):
            return ''
        path = self._paths.outside(inside)
        return path if _below(path, self._coming) else ''

    def take(self, file: IO[bytes], folder: str = '') -> None:
        """An archive that has come; `folder` is where in there its names begin. OSError."""
        with self._lock:
            try:
                with tarfile.open(fileobj=file, errors='surrogateescape') as got:
                    for path in lay(got, self._place, folder):
                        found = _look(path)
                        if found is not None:
                            since = self._known[path].since if path in self._known else 0
                            self._known[path] = Known(found, since)
            except tarfile.ReadError:  # nothing at all has come
                return


def _look(path: str) -> Here | None:
    try:
        return Here.of(os.lstat(path))
    except OSError:
        return None


def _below(path: str, roots: Iterable[tuple[str, str]]) -> bool:
    return any(path == root or path.startswith(f'{root}/') for root, _ in roots)


def _line(name: str) -> bytes:
    return b'' if '\n' in name else f'{name}\n'.encode('utf-8', 'surrogateescape')


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    import shutil

    shutil.copyfileobj(source, target, 1 << 20)


def _insist(answer: Answer, what: str) -> None:
    if answer.code:
        raise CannotStart(f'{what}: {answer.reason}')
