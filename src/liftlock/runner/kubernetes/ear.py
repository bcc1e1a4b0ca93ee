"""Understands what a pod tells beside the output of a process: see `scripts`.

It comes on the stream of errors, where kubectl says what it has to say, too.
"""

import io
from typing import IO, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.kubernetes.scripts import MARK

_MOST: Final = 1 << 16  # bytes that kubectl may say


class Ended(NamedTuple):
    """`size` is how much the process had printed, `why` is why it never was started."""

    status: int
    size: int
    files: IO[bytes]
    why: str = ''


class Ear:
    """Of one connection. `said` is what kubectl says."""

    __slots__ = (
        '_files', '_held', '_told', '_wanted', 'begun', 'ended', 'failed', 'lost', 'said',
    )  # fmt: skip

    def __init__(self) -> None:
        self.said = b''
        self.ended: Ended | None = None
        self.begun = 0  # by the clock there
        self.failed = False
        self.lost = False
        self._held = b''
        self._told: tuple[str, ...] = ()
        self._files: IO[bytes] = io.BytesIO()
        self._wanted = 0

    def __call__(self, chunk: bytes) -> None:
        self._held += chunk
        while self._held and self._take():
            pass

    def _take(self) -> bool:
        """Whether there may be more in what is held."""
        if self._wanted:
            part, self._held = self._held[: self._wanted], self._held[self._wanted :]
            self._files.write(part)
            self._wanted -= len(part)
            if not self._wanted:
                self._conclude()
            return True
        before, mark, after = self._held.partition(MARK)
        line, newline, rest = after.partition(b'\n')
        if not mark:
            kept = len(MARK) - 1  # of a mark that has come in part
            cut = max(0, len(before) - kept)
            self.said, self._held = (self.said + before[:cut])[-_MOST:], before[cut:]
            return False
        if not newline:
            return False
        self.said = (self.said + before)[-_MOST:]
        self._held = rest
        self._obey(line.decode('utf-8', 'replace').split())
        return True

    def _obey(self, words: list[str]) -> None:
        match words:
            case ['ended', _, _, str(files), *_] if files.isdecimal():
                self._told = tuple(words)
                self._wanted = int(files)
                if not self._wanted:
                    self._conclude()
            case ['begun', str(now)] if now.isdecimal():
                self.begun = int(now)
            case ['failed']:
                self.failed = True
            case ['lost']:
                self.lost = True

    def _conclude(self) -> None:
        _, status, size, _, *why = self._told
        self._files.seek(0)
        number = int(status) if status.isdecimal() else 1
        self.ended = Ended(number, int(size), self._files, ' '.join(why))

    @property
    def words(self) -> str:
        """What kubectl said last, for a person."""
        text = (self.said + self._held).decode('utf-8', 'replace')
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1] if lines else ''
