"""Somebody stays: see to it that a supervisor of the store lives, and is not an old one.

The new process is told a pipe. It says there that it listens, or that another was quicker; one
that closes the pipe without a word has failed, and its log says why.
"""

import contextlib
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from liftlock import VERSION
from liftlock.engine.delivery.calls import Silent, ask
from liftlock.engine.delivery.lodge import Lodge
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

PATIENCE: Final = 30.0  # seconds for a process to start, or to end, on a busy machine
PERIOD: Final = 0.05
# Who starts it may be a step of a job: its supervisor must not be taken for what the job left, nor
# act in its name.
DROPPED: Final = re.compile(
    r'(GITHUB|RUNNER|ACTIONS|INPUT|STATE)_|LIFTLOCK_(?!KEY_FILE|DATABASE|BLOBS)|CI$|NO_COLOR$'
)


class Alive(NamedTuple):
    """A supervisor that answers. `since` is seconds since 1970; `started`: by this call;
    `resident`: a server has the role."""

    pid: int
    version: str
    since: float
    started: bool = False
    resident: bool = False


def ensure(state: Path) -> Alive:
    """Find the supervisor of this store or start one; either way it looks at the facts now.

    To be called after facts are written, and before an old store is opened: a supervisor of an
    older version is replaced. UserError with the end of its log where none will live, or where a
    server of an older version has the role.
    """
    lodge = Lodge(state.absolute())
    lodge.prepare()
    found = greet(lodge, 'wake')
    if found is not None and not older(found.version, VERSION):
        return found
    if found is not None:
        end(lodge)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        started = not lodge.taken() and start(lodge)
        found = greet(lodge, 'wake')
        if found is not None:
            return found._replace(started=started)
        time.sleep(PERIOD)
    raise UserError(
        f'the supervisor (process {lodge.holder()}) does not answer',
        f'end that process, and see {lodge.log}',
    )


def find(state: Path) -> Alive | None:
    """The supervisor of this store, if one lives and answers."""
    return greet(Lodge(state.absolute()), 'ping')


def greet(lodge: Lodge, word: str) -> Alive | None:
    with contextlib.suppress(Silent):
        return alive(ask(lodge, {'do': word}))
    return None


def alive(answer: Mapping[str, Any]) -> Alive:
    return Alive(
        int(answer['pid']),
        str(answer['version']),
        float(answer['since']),
        resident=bool(answer.get('resident')),
    )


def stop(state: Path) -> Alive | None:
    """End the supervisor, and wait for its end; what is deployed goes on. Whom it was."""
    lodge = Lodge(state.absolute())
    found = greet(lodge, 'ping')
    if found is not None:
        end(lodge)
    return found


def end(lodge: Lodge) -> None:
    """UserError if it does not end."""
    with contextlib.suppress(Silent):
        ask(lodge, {'do': 'stop'})
    deadline = time.monotonic() + PATIENCE
    while lodge.taken():
        if time.monotonic() > deadline:
            raise UserError(
                f'the supervisor (process {lodge.holder()}) does not end',
                f'end that process, and see {lodge.log}',
            )
        time.sleep(PERIOD)


def start(lodge: Lodge) -> bool:
    """Start a process that stays behind; True if it listens, False if another was quicker."""
    reader, writer = os.pipe()
    log = lodge.open_log()
    before = os.fstat(log).st_size
    try:
        process = subprocess.Popen(
            command(lodge.state, writer),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd='/',
            env=surroundings(os.environ),
            pass_fds=[writer],
            start_new_session=True,
        )
        os.close(writer)
        writer = -1
        word = _read(reader)
        process.wait()  # it has left a child of its own behind
    finally:
        for descriptor in (reader, writer, log):
            if descriptor >= 0:
                os.close(descriptor)
    if not word:
        raise UserError(
            f'no supervisor could be started for {lodge.state}:\n{lodge.tail(before)}'.rstrip(),
            f'its log is {lodge.log}',
        )
    return word == 'up'


def command(state: Path, ready: int) -> list[str]:
    return [
        *(sys.executable, '-m', 'liftlock', '--state', str(state)),
        *('supervise', '--ready', str(ready)),
    ]


def surroundings(env: Mapping[str, str]) -> dict[str, str]:
    """What a supervisor keeps of the environment of who happens to start it."""
    return {name: value for name, value in env.items() if not DROPPED.match(name)}


def _read(reader: int) -> str:
    """What the new process says; '' if it ends without a word or takes too long."""
    ready, _, _ = select.select([reader], [], [], PATIENCE)
    return os.read(reader, 10).decode() if ready else ''


def older(one: str, other: str) -> bool:
    """Whether one version comes before the other: by their numbers, as far as they have any."""

    def numbers(version: str) -> list[int]:
        return [int(word) for word in re.findall(r'\d+', version)]

    return numbers(one) < numbers(other)


def described(pid: int, since: float) -> str:
    """What stands in the file of the lock."""
    return json.dumps({'pid': pid, 'version': VERSION, 'since': since}) + '\n'
