"""Processes that an operation has left: its mark is in their environment, wherever they went."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

MARK: Final = 'LIFTLOCK_OPERATION'
_TRIES: Final = 100  # they may fork while they are looked for


def find(mark: str) -> list[int]:
    """Of our user's; none where there is no /proc."""
    wanted = f'{MARK}={mark}'.encode()
    found = []
    for entry in Path('/proc').glob('[0-9]*'):
        with suppress(OSError):
            if wanted in (entry / 'environ').read_bytes().split(b'\0'):
                found.append(int(entry.name))
    return [pid for pid in found if pid != os.getpid()]


def end(mark: str) -> None:
    """All of them, at once and for good."""
    for _ in range(_TRIES):
        found = find(mark)
        if not found:
            return
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
