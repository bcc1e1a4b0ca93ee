"""Runs one command to its end and writes down what became of it, whoever dies meanwhile.

A process of its own, since a deployment must not end with the supervisor that has asked for it.
What to run comes as JSON on standard input, so that secrets are neither in a file nor in a list of
processes: half of it is no JSON, and then nothing is run. Beside that it inherits the operation's
lock, and holds it for as long as it lives. What it writes into the operation's directory:

    started.json    before the command starts
    log             what the command says, without secrets
    outcome.json    after it has ended, of itself or by SIGTERM or the deadline
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from liftlock.plan.masking import Masker
from liftlock.targets import notes
from liftlock.targets.command import leftovers

TAIL: Final = 10  # lines of what it said last
_GRACE: Final = 10.0  # seconds between SIGTERM and SIGKILL
_LAST_WORDS: Final = 2.0  # for what it left running to let go of the output
_LONGEST: Final = 1 << 20  # of a line


class Keeper:
    def __init__(self, job: dict[str, Any]) -> None:
        self._job = job
        self._place = Path(job['place'])
        self._masker = Masker()
        for value in job['secrets']:
            self._masker.add(value)
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._cancelled = False

    def keep(self) -> dict[str, Any]:
        """What became of it. `code` is None where it did not end by itself."""
        signal.signal(signal.SIGTERM, self._cancel)
        notes.write(self._place / 'started.json', {'pid': os.getpid()})
        began = time.monotonic()
        try:
            process = self._start()
        except OSError as error:
            return self._outcome(None, f'it cannot be started: {error.strerror}', began)
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        why = self._wait(process, began + self._job['deadline'])
        if why:
            self._end(process)
        reader.join(_LAST_WORDS)
        return self._outcome(None if why else process.returncode, why, began)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._job['line'],
            cwd=self._job['cwd'],
            env=self._job['env'],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with (self._place / 'log').open('w', buffering=1) as log:
            while said := process.stdout.readline(_LONGEST):
                line = self._masker.mask(said.decode('utf-8', 'replace').rstrip('\r\n'))
                self._tail.append(line)
                log.write(f'{line}\n')

    def _wait(self, process: subprocess.Popen[bytes], until: float) -> str:
        """Why it has to be ended; '' if it has ended by itself."""
        while process.poll() is None:
            if self._cancelled:
                return 'it was cancelled'
            if time.monotonic() >= until:
                return f'it was ended after {self._job["deadline"]:g} s'
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        return ''

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Its group, and what of it has left the group."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        leftovers.end(self._job['mark'])

    def _cancel(self, *_: object) -> None:
        self._cancelled = True

    def _outcome(self, code: int | None, why: str, began: float) -> dict[str, Any]:
        took = round(time.monotonic() - began, 3)
        return {'code': code, 'why': why, 'tail': list(self._tail), 'took': took}


def main() -> int:
    try:
        job = json.load(sys.stdin)
    except ValueError:
        return 2  # whoever wanted something has gone before it was said
    notes.write(Path(job['place']) / 'outcome.json', Keeper(job).keep())
    return 0


if __name__ == '__main__':
    sys.exit(main())
