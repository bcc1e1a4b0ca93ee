"""What a place must offer so that steps can run there."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from liftlock.language.records import NamedTuple

Sink = Callable[[bytes], None]

FREE: Final = 0
INTERRUPTED: Final = 1
KILLED: Final = 2


class CannotStart(Exception):
    """The command could not even be started; the message says why, for the user."""


class Patience(NamedTuple):
    """Seconds between the signals, as on GitHub. A forced end waits for none of them."""

    after_interrupt: float = 7.5
    after_terminate: float = 2.5
    for_pipes: float = 5.0  # when the process is gone, but its children keep its output open


GITHUB: Final = Patience()


class Leash:
    """By which a running command is ended from outside: politely, or at once.

    One leash may be used for several commands, one after the other; a leash that hangs on another
    is pulled with it. Pulling a leash that nobody holds is remembered for the next holder.
    """

    __slots__ = ('_children', '_holder', 'level')

    def __init__(self, parent: 'Leash | None' = None) -> None:
        self.level = FREE
        self._holder: Callable[[int], None] | None = None
        self._children: list[Leash] = []
        if parent is not None:
            self.level = parent.level
            parent._children.append(self)

    def interrupt(self) -> None:
        self._pull(INTERRUPTED)

    def kill(self) -> None:
        self._pull(KILLED)

    def hold(self, holder: Callable[[int], None] | None) -> None:
        """From now on tell this one, or nobody."""
        self._holder = holder
        if holder is not None and self.level:
            holder(self.level)

    def _pull(self, level: int) -> None:
        if level <= self.level:
            return
        self.level = level
        if self._holder is not None:
            self._holder(level)
        for child in self._children:
            child._pull(level)


class Workplace(Protocol):
    """One job's own processes, alive while the job runs."""

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        sink: Sink,
        leash: Leash,
    ) -> int:
        """Run to the end and return the exit status (128 + N when killed by signal N).

        `env` is the whole environment. Standard output and error arrive in the order in which
        they were written, in chunks of any size; standard input is empty. Raises CannotStart.
        """
        ...

    def find(self, program: str, path: str) -> str | None:
        """Where this program stands, looked for in the directories of `path`."""
        ...

    @property
    def processes(self) -> tuple[int, int]:
        """The first and the latest process id started here; (0, 0) before there was one."""
        ...


class Executor(Protocol):
    """A module is an executor when it has this function."""

    def prepare(self, patience: Patience = ...) -> AbstractAsyncContextManager[Workplace]:
        """Prepare a workplace; take it down again whatever happens inside."""
        ...
