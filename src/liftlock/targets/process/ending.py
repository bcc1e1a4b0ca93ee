"""Ending what an instance has started, wherever it has gone: by its session and by its mark."""

import os
import signal
import time
from contextlib import suppress
from typing import Final

from liftlock.targets.process import procfs

_ROUNDS: Final = 100
_PAUSE: Final = 0.01  # seconds; whoever is being killed takes a moment


def family(mark: str, session: int) -> set[int]:
    """All living processes of an instance. `session` 0: its number may be another's by now."""
    found = set(procfs.marked(lambda value: value == mark))
    return found | procfs.session(session) if session else found


def terminate(mark: str, session: int) -> bool:
    """Ask all of them to end. Whether there is anybody."""
    left = family(mark, session)
    _send(left, signal.SIGTERM)
    return bool(left)


def kill(mark: str, session: int) -> bool:
    """Kill all of them, and those that they start meanwhile. Whether none is left."""
    for _ in range(_ROUNDS):
        left = family(mark, session)
        if not left:
            return True
        _send(left, signal.SIGKILL)
        time.sleep(_PAUSE)
    return False


def _send(pids: set[int], number: signal.Signals) -> None:
    for pid in pids - {os.getpid()}:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
