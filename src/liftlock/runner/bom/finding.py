"""Looking through directories and archives for files that tell of packages."""

import json
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatch
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.bom import npm, python
from liftlock.runner.bom.component import Component, Unreadable

Opening = Callable[[Path], BufferedReader]
LARGEST: Final = 64 << 20  # bytes of one file that is read
_SKIPPED: Final = frozenset({'.git', '.hg', 'node_modules', '__pycache__'})


class Found(NamedTuple):
    """`read` are files that told of packages, and of how many; `troubles` are sentences."""

    components: tuple[Component, ...]
    read: tuple[tuple[str, int], ...]
    troubles: tuple[str, ...]


def _of_json(read: Callable[[Any, str], Iterator[Component]]) -> Callable[..., Iterator[Component]]:
    def parse(text: str, source: str) -> Iterator[Component]:
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f'it is no JSON: {error}') from error
        return read(content, source)

    return parse


# By pattern of the path; the first one that fits.
READERS: Final[tuple[tuple[str, Callable[[str, str], Iterator[Component]]], ...]] = (
    ('*.dist-info/METADATA', python.read_metadata),
    ('PKG-INFO', python.read_metadata),
    ('pylock.toml', python.read_toml_lock),
    ('pylock.*.toml', python.read_toml_lock),
    ('poetry.lock', python.read_toml_lock),
    ('uv.lock', python.read_toml_lock),
    ('Pipfile.lock', _of_json(python.read_pipfile_lock)),
    ('requirements*.txt', python.read_requirements),
    ('requirements/*.txt', python.read_requirements),
    ('package-lock.json', _of_json(npm.read_lock)),
    ('npm-shrinkwrap.json', _of_json(npm.read_lock)),
)


def open_plainly(path: Path) -> BufferedReader:
    return path.open('rb')


def find(path: Path, opening: Opening = open_plainly) -> Found:
    """What a directory, an archive (wheel, zip, sdist) or one such file tells. Raises OSError."""
    gathered = _Gathered()
    if not path.is_dir():
        gathered.take(path.name, opening(path))
        return gathered.found()
    top = path.resolve().name  # `requirements` tells what is in it by its name
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            file = Path(folder, name)
            shown = file.relative_to(path).as_posix()
            if _is_wanted(f'{top}/{shown}') and file.is_file():
                gathered.take(f'{top}/{shown}', opening(file))
    return gathered.found()


def _is_wanted(name: str) -> bool:
    return _reader(name) is not None or name.endswith(('.whl', '.tar.gz'))


def _reader(name: str) -> Callable[[str, str], Iterator[Component]] | None:
    """A pattern with a slash is held against the folder as well."""
    parts = name.split('/')
    for pattern, read in READERS:
        if fnmatch('/'.join(parts[-1 - pattern.count('/') :]), pattern):
            return read
    return None


class _Gathered:
    """One package is one component, however many files name it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Component] = {}
        self._read: list[tuple[str, int]] = []
        self._troubles: list[str] = []

    def found(self) -> Found:
        ordered = (self._known[key] for key in sorted(self._known))
        return Found(tuple(ordered), tuple(self._read), tuple(self._troubles))

    def take(self, shown: str, stream: BufferedReader) -> None:
        with stream:
            if shown.endswith(('.whl', '.zip')):
                self._take_all(shown, _in_zip(stream))
            elif shown.endswith(('.tar.gz', '.tgz', '.tar')):
                self._take_all(shown, _in_tar(stream))
            else:
                self._take_one(shown, stream)

    def _take_all(self, shown: str, inside: Iterable[tuple[str, IO[bytes]]]) -> None:
        try:
            for name, stream in inside:
                self._take_one(f'{shown}/{name}', stream)
        except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError) as error:
            self._troubles.append(f'{shown} is damaged: {error}')

    def _take_one(self, shown: str, stream: IO[bytes]) -> None:
        read = _reader(shown)
        if read is None:
            return
        content = stream.read(LARGEST + 1)
        if len(content) > LARGEST:
            self._troubles.append(f'{shown} was not read: it is larger than {LARGEST >> 20} MiB')
            return
        try:
            components = list(read(content.decode('utf-8', 'replace'), shown))
        except Unreadable as error:
            self._troubles.append(f'{shown} was not read: {error}')
            return
        self._read.append((shown, len(components)))
        for one in components:
            self._add(one)

    def _add(self, one: Component) -> None:
        key = (one.kind, one.name, one.version)
        known = self._known.get(key)
        if known is not None:
            hashes = tuple(dict.fromkeys((*known.hashes, *one.hashes)))
            one = known._replace(hashes=hashes, license=known.license or one.license)
        self._known[key] = one


def _in_zip(stream: BufferedReader) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            if _reader(entry.filename) is not None:
                with archive.open(entry) as opened:
                    yield entry.filename, opened


def _in_tar(stream: BufferedReader) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=stream) as archive:
        for entry in archive:
            opened = archive.extractfile(entry) if entry.isfile() else None
            if opened is not None and _reader(entry.name) is not None:
                yield entry.name, opened
