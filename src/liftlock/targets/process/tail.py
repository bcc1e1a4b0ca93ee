"""Reading the logs of instances, merged, and going on where they are written further."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path

from liftlock.targets.process import lines
from liftlock.targets.process.lines import Log


class Tail:
    """Lines of one log, each once. `whole`: a last line without its end counts too."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._position = 0

    def read(self, *, whole: bool = False) -> Iterator[str]:
        """What has been written since the last time, the part that was moved aside included."""
        aside = lines.older(self.log.path)
        if self._size() < self._position or (not self._position and aside.exists()):
            yield from self._rest(aside, whole=True)
            self._position = 0
        yield from self._rest(self.log.path, whole=whole)

    def _size(self) -> int:
        try:
            return self.log.path.stat().st_size
        except FileNotFoundError:
            return 0

    def _rest(self, path: Path, *, whole: bool) -> Iterator[str]:
        """Up to where it ends now, however fast it grows."""
        if not path.exists():
            return
        with path.open('rb') as file:
            end = path.stat().st_size
            file.seek(self._position)
            for line in file:
                if not line.endswith(b'\n') and not whole:
                    return
                self._position += len(line)
                yield line.rstrip(b'\n').decode('utf-8', 'replace')
                if self._position >= end:
                    return


def merged(tails: Iterable[Tail], *, whole: bool) -> Iterator[str]:
    """All lines so far, led by who said them: by the times with which they begin, as far as they
    do; a line without one belongs to the line before it."""
    timed = [_timed(tail, whole) for tail in tails]
    for _, line in merge(*timed, key=lambda pair: pair[0]):
        yield line


def _timed(tail: Tail, whole: bool) -> Iterator[tuple[str, str]]:
    latest = datetime.fromtimestamp(tail.log.start / 1000, UTC).strftime('%Y-%m-%dT%H:%M:%S.%f')
    for line in tail.read(whole=whole):
        latest = lines.time_of(line) or latest
        yield latest, lines.said(tail.log.id, line)
