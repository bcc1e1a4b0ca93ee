"""One run of `deploy` or `rollback`, as it stands in its directory.

    lock            held by whoever starts it, then by its keeper
    started.json    its keeper is about to start the command
    outcome.json    how it ended

So whoever looks, after any death, finds one of four states. `LOST` is the only one in which nobody
can tell what the command has done: its keeper was killed, or the machine went down.
"""

import enum
import fcntl
import os
from pathlib import Path
from typing import IO, Final

from liftlock.language.records import NamedTuple
from liftlock.targets import notes


class State(enum.Enum):
    NEW = 'new'  # the command was never started
    RUNNING = 'running'
    ENDED = 'ended'
    LOST = 'lost'


class Outcome(NamedTuple):
    """`code` is None where the command was ended; `why` says by what."""

    code: int | None
    why: str = ''
    tail: tuple[str, ...] = ()
    took: float = 0.0

    @property
    def ok(self) -> bool:
        return self.code == 0

    @property
    def told(self) -> str:
        """How it ended, in a few words."""
        return self.why or f'exit code {self.code}'


LOCK: Final = 'lock'


class Operation:
    def __init__(self, place: Path) -> None:
        self.place = place

    @property
    def log(self) -> Path:
        return self.place / 'log'

    def seize(self) -> IO[bytes] | None:
        """The lock, for as long as it or a copy of it is open; None if somebody has it."""
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = (self.place / LOCK).open('ab')
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def state(self) -> State:
        held = self.seize()
        if held is None:
            return State.RUNNING
        with held:
            if self.outcome() is not None:
                return State.ENDED
            return State.LOST if (self.place / 'started.json').exists() else State.NEW

    def outcome(self) -> Outcome | None:
        content = notes.read(self.place / 'outcome.json')
        return Outcome(**{**content, 'tail': tuple(content['tail'])}) if content else None

    def conclude(self, outcome: Outcome) -> None:
        notes.write(self.place / 'outcome.json', outcome._asdict())

    def stop(self) -> None:
        """Ask the keeper to end it. Only while it is running, and has begun."""
        pid = notes.read(self.place / 'started.json').get('pid')
        if pid and self.state() is State.RUNNING:
            try:
                os.kill(pid, 15)
            except ProcessLookupError:
                return
