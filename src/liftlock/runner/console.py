"""What a stage prints: bytes → lines → commands → problem matchers → mask → log.

Most output is plain, so it is handled in blocks of whole lines. A block is looked into line by
line only where it may hold a command, or while problem matchers are active. A line that never
ends is passed on in pieces, so memory stays bounded; its secrets are hidden across the pieces.
Lines end with `\\n`, `\\r\\n` or `\\r`, as for GitHub's runner.
"""

import codecs
import re
from collections.abc import Callable
from typing import Final

from liftlock.plan.masking import Stream
from liftlock.runner.carrying import Carrier
from liftlock.runner.commands import parse
from liftlock.runner.state import Effects, Job, Record

LONGEST_LINE: Final = 1 << 20  # bytes; what goes beyond is shown as another line
_COLONS: Final = re.compile(rb'\n[ \t\v\f]*::')
_CANDIDATE: Final = re.compile(rb'\n[ \t\v\f]*::|##\[')


class Console:
    """Takes the output of one process after the other, all of one stage."""

    __slots__ = (
        '_carrier', '_decoder', '_job', '_number', '_parts', '_returned', '_size', '_stream',
    )  # fmt: skip

    def __init__(
        self,
        job: Job,
        record: Record,
        effects: Effects,
        env: dict[str, str],
        outside: Callable[[str], str] | None = None,
    ) -> None:
        """`outside` gives this machine's name of a path, where it is not as for all of the job."""
        self._job = job
        self._number = record.number
        outside = outside or job.workplace.outside
        self._carrier = Carrier(job, record, effects, env, outside)
        self._parts: list[bytes] = []  # of the line that has not ended
        self._size = 0
        self._returned = False  # the last byte was a `\r`; a `\n` may follow and belong to it
        self._stream: Stream | None = None  # hides the secrets of a line that is too long
        self._decoder: codecs.IncrementalDecoder | None = None

    def feed(self, chunk: bytes) -> None:
        if self._returned or b'\r' in chunk:
            chunk = self._unify(chunk)
        cut = chunk.rfind(b'\n') + 1
        if not cut:
            self._keep(chunk)
            return
        if self._stream is not None:
            first = chunk.index(b'\n')
            self._keep(chunk[:first])
            self._end_long_line()
            chunk = chunk[first + 1 :]
            cut -= first + 1
        self._parts.append(chunk[:cut])
        block = b''.join(self._parts)
        self._parts.clear()
        self._size = 0
        if block:
            self._take(block)
        if cut < len(chunk):
            self._keep(chunk[cut:])

    def close(self) -> None:
        """No more output: whatever came last is a line."""
        if self._returned:
            self.feed(b'')
        if self._stream is not None:
            self._end_long_line()
        elif self._parts:
            self.feed(b'\n')

    def _unify(self, chunk: bytes) -> bytes:
        if self._returned:
            chunk = b'\n' + chunk.removeprefix(b'\n')
        self._returned = chunk.endswith(b'\r')
        if self._returned:
            chunk = chunk[:-1]
        return chunk.replace(b'\r\n', b'\n').replace(b'\r', b'\n')

    def _keep(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size <= LONGEST_LINE:
            return
        if self._stream is None:
            self._stream = Stream(self._job.masker)
            self._decoder = codecs.getincrementaldecoder('utf-8')('replace')
        self._write_long(self._stream.feed(self._decode(final=False)))

    def _end_long_line(self) -> None:
        assert self._stream is not None
        rest = self._stream.feed(self._decode(final=True)) + self._stream.finish()
        self._stream = self._decoder = None
        self._write_long(rest)

    def _decode(self, *, final: bool) -> str:
        assert self._decoder is not None
        data = b''.join(self._parts)
        self._parts.clear()
        self._size = 0
        return self._decoder.decode(data, final)

    def _write_long(self, text: str) -> None:
        if text:
            self._job.log.write(self._number, text)

    def _take(self, block: bytes) -> None:
        """Whole lines."""
        if b'##[' not in block and not (
            b'::' in block and (_COLONS.search(block) or block.lstrip().startswith(b'::'))
        ):
            self._plain(block)
            return
        block = b'\n' + block
        position = 1
        for found in _CANDIDATE.finditer(block):
            start = block.rfind(b'\n', 0, found.start() + 1) + 1
            if start < position:
                continue
            end = block.index(b'\n', found.end())
            self._plain(block[position:start])
            self._line(block[start:end].decode('utf-8', 'replace'))
            position = end + 1
        self._plain(block[position:])

    def _plain(self, block: bytes) -> None:
        if not block:
            return
        text = block.decode('utf-8', 'replace')
        if self._job.matchers:
            self._look_through(text)
        else:
            self._write(text)

    def _look_through(self, text: str) -> None:
        """Whole lines, of which few will be a matcher's affair."""
        from liftlock.runner.matchers import plain

        matchers = self._job.matchers
        searches = [matcher.patterns[0].regexp.search for matcher in matchers]
        waiting = any(matcher.waiting for matcher in matchers)
        calm: list[str] = []
        for line in text.split('\n')[:-1]:
            bare = plain(line)
            for search in searches:
                if waiting or search(bare):
                    self._write('\n'.join((*calm, '')))
                    calm.clear()
                    self._inspect(line)
                    waiting = any(matcher.waiting for matcher in matchers)
                    break
            else:
                calm.append(line)
        self._write('\n'.join((*calm, '')))

    def _write(self, lines: str) -> None:
        if lines:
            self._job.log.write_many(self._number, self._job.masker.mask(lines))

    def _line(self, line: str) -> None:
        """One line that may hold a command."""
        command = parse(line, self._carrier.registered)
        if command is None or not self._carrier.carry_out(command, line):
            self._inspect(line)

    def _inspect(self, line: str) -> None:
        if not (self._job.matchers and self._carrier.finds_problem(line)):
            self._job.log.write(self._number, self._job.masker.mask(line))
