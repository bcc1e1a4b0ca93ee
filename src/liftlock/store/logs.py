"""A job's log: an append-only file of lines, and an index that finds them again.

    <name>.log   the lines as they were written, nothing else: `less` can read it
    <name>.idx   one record a *segment*: lines of one step that were written together

A segment knows its bytes, its lines, its step and when it was written. So a window of lines, a
step's section and a line's time are found without reading the rest, and a line costs a list
append. Bytes are written before their record: after `kill -9` what no record covers belongs to
the last step. Later `compress` turns each segment into a zlib frame (`.log.z`, `.idx.z`).
"""

import contextlib
import glob
import mmap
import os
import shutil
import struct
import time
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import blobs

SEGMENT: Final = 64 * 1024  # characters that are held back before they are written
RECORD: Final = struct.Struct('<QIIIId')
WORTH_IT: Final = 256 * 1024  # smaller logs are left as they are
KEPT: Final = 8 * 1024 * 1024  # bytes of a log that stay in memory when it is read through


class Segment(NamedTuple):
    """`offset` and `length` in bytes of the file; `first` is the first line's number from 0."""

    offset: int
    length: int
    first: int
    lines: int
    step: int
    at: float


class Line(NamedTuple):
    """`at` is when the line was written, to the nearest flush; seconds since 1970."""

    number: int
    step: int
    at: float
    text: str


class Part(NamedTuple):
    """Lines that follow one another, of one step and one moment. `first`: number of the first."""

    first: int
    step: int
    at: float
    texts: list[str]


class LogWriter:
    """Takes lines of one job. Satisfies the runner's `Log`."""

    __slots__ = (
        '_chunks',
        '_data',
        '_fence',
        '_index',
        '_line',
        '_lines',
        '_name',
        '_offset',
        '_size',
        '_step',
    )

    def __init__(self, name: Path, fence: Callable[[], None] | None = None) -> None:
        """`name` without suffix; a log of that name must not exist. Opened at the first flush.

        `fence` is called before every write, and raises where others may have taken the job over.
        """
        self._name = name
        self._fence = fence
        self._data = self._index = -1
        self._offset = self._line = 0
        self._chunks: list[str] = []
        self._lines = self._size = 0
        self._step = 0

    def write(self, number: int, line: str) -> None:
        self.write_many(number, line + '\n')

    def write_many(self, number: int, lines: str) -> None:
        if number != self._step:
            self.flush()
            self._step = number
        self._chunks.append(lines)
        self._size += len(lines)
        if self._size >= SEGMENT:
            self.flush()

    def flush(self) -> None:
        """Hand what was held back to the kernel: from here on it survives `kill -9`.

        UserError if the disk is full or the file cannot be written.
        """
        if not self._chunks:
            return
        if self._fence is not None:
            self._fence()
        data = ''.join(self._chunks).encode('utf-8', 'replace')
        lines = data.count(b'\n')
        record = RECORD.pack(self._offset, len(data), self._line, lines, self._step, time.time())
        try:
            if self._data < 0:
                self._open()
            _write(self._data, data)
            _write(self._index, record)
        except OSError as error:
            self._take_back()
            raise UserError(
                f'cannot write the log {self._name}.log: {error.strerror}',
                'what was written is kept: when that is put right, `liftlock resume` goes on',
            ) from None
        self._offset += len(data)
        self._line += lines
        self._chunks.clear()
        self._size = 0

    def go_on(self) -> None:
        """Write behind what stands there: whoever wrote that has ended."""
        reader = LogReader(self._name)
        if reader.segments:
            last = reader.segments[-1]
            self._offset, self._line = last.offset + last.length, reader.count

    def close(self) -> None:
        try:
            self.flush()
        finally:
            if self._data >= 0:
                os.close(self._data)
                os.close(self._index)
                self._data = self._index = -1

    def _take_back(self) -> None:
        """The half of a segment that found room: the next flush would write it twice."""
        if self._data >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._data, self._offset)

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        if not self._offset:  # what stands there is of another run, whose database is gone
            flags |= os.O_TRUNC if self._fence is None else os.O_EXCL
        try:
            self._data = os.open(f'{self._name}.log', flags, 0o600)
        except FileNotFoundError:
            self._name.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._data = os.open(f'{self._name}.log', flags, 0o600)
        self._index = os.open(f'{self._name}.idx', flags, 0o600)


def _write(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


class LogReader:
    """A log that may still be growing; `refresh` looks again."""

    def __init__(self, name: Path) -> None:
        """`name` without suffix. A log that was never written is empty."""
        self._name = name
        self._segments: list[Segment] = []
        self._data: bytes | mmap.mmap = b''
        self._packed = False
        self._sought = False
        self.refresh()

    def refresh(self) -> int:
        """Take in what was written since; return the number of lines."""
        self._packed = self._name.with_name(self._name.name + '.idx.z').exists()
        suffix = '.z' if self._packed else ''
        index = _read(f'{self._name}.idx{suffix}')
        if not index and self._was_put_away():
            return self.refresh()
        whole = len(index) - len(index) % RECORD.size
        self._segments = [Segment(*one) for one in RECORD.iter_unpack(index[:whole])]
        self._data = _mapped(f'{self._name}.log{suffix}')
        if not self._packed:
            self._cover_the_rest()
        return self.count

    @property
    def count(self) -> int:
        last = self._segments[-1] if self._segments else None
        return last.first + last.lines if last else 0

    def lines(
        self, start: int = 0, stop: int | None = None, steps: Collection[int] | None = None
    ) -> Iterator[Line]:
        """Lines with numbers from `start` up to but not including `stop`, of these steps or all."""
        for part in self.parts(start, stop, steps):
            for number, text in enumerate(part.texts, part.first):
                yield Line(number, part.step, part.at, text)

    def parts(
        self, start: int = 0, stop: int | None = None, steps: Collection[int] | None = None
    ) -> Iterator[Part]:
        """The same, a piece for each segment."""
        end = self.count if stop is None else min(stop, self.count)
        passed = 0
        for segment in self.between(start, end):
            if steps is None or segment.step in steps:
                yield self._part(segment, start, end)
                passed += segment.length
            if passed > KEPT and isinstance(self._data, mmap.mmap):
                self._data.madvise(mmap.MADV_DONTNEED)
                passed = 0

    def between(self, start: int, stop: int) -> list[Segment]:
        """Those that hold these lines."""
        first = bisect_right(self._segments, start, key=lambda segment: segment.first) - 1
        last = bisect_left(self._segments, stop, key=lambda segment: segment.first)
        return self._segments[max(first, 0) : last]

    def text(self, segment: Segment) -> str:
        data = self._data[segment.offset : segment.offset + segment.length]
        return (zlib.decompress(data) if self._packed else bytes(data)).decode('utf-8', 'replace')

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(self._segments)

    def _was_put_away(self) -> bool:
        """Look once whether the bucket of the store has it, if there is one."""
        directory = self._name.parents[2]
        if (
            self._sought
            or blobs.bucket_of(directory) is None
            or self._name.with_name(f'{self._name.name}.log').exists()
        ):
            return False
        self._sought = True
        from liftlock.store import attic

        attic.bring(directory, self._name.parent.name)
        return True

    def _part(self, segment: Segment, start: int, end: int) -> Part:
        first = max(start - segment.first, 0)
        last = min(end - segment.first, segment.lines)
        texts = self.text(segment).split('\n')[first:last]
        return Part(segment.first + first, segment.step, segment.at, texts)

    def _cover_the_rest(self) -> None:
        """Bytes whose record was lost, by `kill -9` or because it is just being written."""
        covered = 0
        if self._segments:
            covered = self._segments[-1].offset + self._segments[-1].length
        end = self._data.rfind(b'\n', covered) + 1
        if end > covered:
            lines = bytes(self._data[covered:end]).count(b'\n')
            step, at = (self._segments[-1][4:]) if self._segments else (0, time.time())
            self._segments.append(Segment(covered, end - covered, self.count, lines, step, at))


class Sealing:
    """Keeps out whoever may still have a log open, and leaves what stands there to readers: from
    then on that one writes into a file that nobody will find.

    A log may be long, and its disk slow: `copy` changes nothing, and can be done while nothing is
    decided; after it `seal` has little to do. UserError if the disk is full, say: then it is as it
    was, and can be tried again.
    """

    def __init__(self, name: Path) -> None:
        self._name = name
        mark = os.urandom(8).hex()
        # What a record tells of has been written before it: so the index is copied first.
        self._drafts = {
            Path(f'{name}{suffix}'): name.with_name(f'.{name.name}{suffix}.{mark}')
            for suffix in ('.idx', '.log')
        }

    def copy(self) -> None:
        with self._told():
            for file, draft in self._drafts.items():
                _copy_on(file, draft)

    def seal(self) -> None:
        with self._told():
            for file, draft in self._drafts.items():
                _copy_on(file, draft)
                draft.replace(file)
                for left in file.parent.glob(f'.{glob.escape(file.name)}.*'):
                    left.unlink(missing_ok=True)  # by who was killed before he sealed it

    def drop(self) -> None:
        """It stays open."""
        for draft in self._drafts.values():
            with contextlib.suppress(OSError):
                draft.unlink()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(f'cannot close the log {self._name}.log: {error.strerror}') from None


def _copy_on(file: Path, draft: Path) -> None:
    """What the copy lacks: of a log that grows, what stands there stays as it is."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT, 0o600), 'r+b') as copy,
        contextlib.suppress(FileNotFoundError),  # nobody has opened it, and nobody will
        file.open('rb') as log,
    ):
        # Half a segment that found no room was taken back.
        have = min(os.fstat(copy.fileno()).st_size, os.fstat(log.fileno()).st_size)
        copy.truncate(have)
        copy.seek(have)
        log.seek(have)
        shutil.copyfileobj(log, copy, 1 << 20)


def compress(name: Path) -> bool:
    """Pack a log that nobody writes any more; False if it is not worth it or done already."""
    plain = name.with_name(name.name + '.log')
    if not plain.exists() or plain.stat().st_size < WORTH_IT:
        return False
    reader = LogReader(name)
    offset = 0
    packed, index = Path(f'{name}.log.z'), Path(f'{name}.idx.z.new')
    with packed.open('wb') as data, index.open('wb') as records:
        for segment in reader.segments:
            frame = zlib.compress(reader.text(segment).encode('utf-8', 'replace'), 6)
            data.write(frame)
            records.write(RECORD.pack(offset, len(frame), *segment[2:]))
            offset += len(frame)
    index.rename(f'{name}.idx.z')  # from here on readers take the packed one
    plain.unlink()
    Path(f'{name}.idx').unlink(missing_ok=True)
    return True


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        return b''


def _mapped(path: str) -> bytes | mmap.mmap:
    try:
        with Path(path).open('rb') as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (FileNotFoundError, ValueError):  # ValueError: an empty file cannot be mapped
        return b''
