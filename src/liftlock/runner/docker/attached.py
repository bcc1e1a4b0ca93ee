"""A container that is one command: `docker run` in the foreground, until it ends."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liftlock.runner.docker.engine import Engine
from liftlock.runner.docker.leftovers import removal
from liftlock.runner.docker.process import start
from liftlock.runner.executors.base import Leash, Patience, Sink
from liftlock.runner.executors.host import Child
from liftlock.runner.executors.running import Running

_PATIENCE: Final = 10.0  # seconds for the engine to do as it is told


async def run(
    engine: Engine,
    name: str,
    words: Sequence[str],
    env: Mapping[str, str],
    sink: Sink,
    leash: Leash,
    patience: Patience,
) -> int:
    """Its exit status. `words` begin with `run`, `name` is the container's. Raises CannotStart."""
    reader, writer = os.pipe2(os.O_CLOEXEC) if hasattr(os, 'pipe2') else os.pipe()
    try:
        popen = start(engine, words, env, writer)
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    running = Running(_Attached(Child(popen), engine, name), reader, sink, patience)
    try:
        leash.hold(running.obey)
        return await running.end
    finally:
        leash.hold(None)
        running.close()


class _Attached:
    """Satisfies `Process`. The command line passes signals on, but not the one that kills it."""

    __slots__ = ('_child', '_ended', '_engine', '_name', '_removing')

    def __init__(self, child: Child, engine: Engine, name: str) -> None:
        self._child = child
        self._engine = engine
        self._name = name
        self._ended = False
        self._removing: subprocess.Popen[bytes] | None = None

    def watch(self, ended: Callable[[int], None]) -> None:
        def tell(status: int) -> None:
            self._ended = True
            ended(status)

        self._child.watch(tell)

    def signal(self, number: int) -> None:
        if number == signal.SIGKILL:
            self.kill_group()
        else:
            self._child.signal(number)

    def kill_group(self) -> None:
        if self._removing is None:
            silent = subprocess.DEVNULL
            words = (self._engine.program, *removal(self._engine.podman), self._name)
            self._removing = subprocess.Popen(words, stdin=silent, stdout=silent, stderr=silent)
        self._child.kill_group()

    def close(self) -> None:
        if not self._ended:
            self._child.kill_group()
        if self._removing is not None:
            try:
                self._removing.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self._removing.kill()
                self._removing.wait()
        self._child.close()
