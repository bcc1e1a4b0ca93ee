"""Letters that wait to be sent. One is written before it is sent and removed when the server has
it: who is killed in between sends it again under the same id, and the server takes it once."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .letters import Letter
from .talking import Server, Unsent


class Spool:
    """A directory of letters, named so that the oldest comes first."""

    def __init__(self, home: Path) -> None:
        self._folder = home / 'spool'

    def keep(self, letter: Letter) -> Path:
        """Write it down so that not even a power cut loses it."""
        file = self._folder / f'{time.time_ns():020d}-{letter.delivery}.json'
        draft = file.with_suffix('.part')
        with draft.open('w') as stream:
            json.dump(letter._asdict(), stream)
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(0o660)
        draft.rename(file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return file

    def waiting(self) -> list[Path]:
        return sorted(self._folder.glob('*.json'))

    def send(self, file: Path, server: Server) -> bool:
        """False if somebody else has sent it. Raises Unsent; what will never be taken is put
        aside."""
        try:
            letter = Letter(**json.loads(file.read_text()))
        except FileNotFoundError:
            return False
        try:
            server.deliver(letter)
        except Unsent as unsent:
            if unsent.final:
                file.rename(file.with_suffix('.refused'))
            raise
        try:
            file.unlink()
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether nobody else empties the spool now."""
        with (self._folder / '.lock').open('a') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
            else:
                yield True


def flush(home: Path, server: Server, until: Path | None = None) -> tuple[int, str]:
    """Send what could not be sent before, oldest first, up to a file of one's own; how many, and
    why it stopped."""
    spool, sent = Spool(home), 0
    with spool.alone() as alone:
        for file in spool.waiting() if alone else ():
            if until is not None and file >= until:
                break
            try:
                sent += spool.send(file, server)
            except Unsent as unsent:
                if not unsent.final:
                    return sent, str(unsent)
    return sent, ''
