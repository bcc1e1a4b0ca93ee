"""A sandbox with a job in it: how it is used, and how it ends."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotStart, Leash, Order, Sink
from liftlock.runner.executors.host import TERMINAL
from liftlock.runner.executors.running import Running
from liftlock.runner.sandbox import accounts, view
from liftlock.runner.sandbox.limits import Held
from liftlock.runner.sandbox.link import Link
from liftlock.runner.sandbox.mounts import Mount
from liftlock.runner.sandbox.root import Root
from liftlock.runner.sandbox.stages import Stages, Start

if TYPE_CHECKING:
    from liftlock.runner.standin import Bench, Stage

_WITHIN: Final = 'liftlock.runner.sandbox.within'
# What resolvers of the C library, curl, node, Go and Java say.
_COMPLAINTS: Final = (
    b'ame resolution', b'Could not resolve host', b'EAI_AGAIN', b'ENOTFOUND', b'dial tcp: lookup',
    b'UnknownHostException', b'Network is unreachable', b'dns error',
)  # fmt: skip
_LONGEST: Final = max(map(len, _COMPLAINTS))
_NO_NETWORK: Final = (
    b'This job has no network. `sandbox: {network: true}` in liftlock.yml gives it that of this '
    b'machine, and so does `runs-on: [sandbox, network]`.\n'
)
_QUICKLY: Final = 0.5  # seconds; a sandbox usually ends within a few milliseconds


class Ear:
    """Hears when a program misses the network: what it says of that helps nobody here.

    It may say it letter by letter, as curl does.
    """

    __slots__ = ('_last', '_sink', 'misses_network')

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._last = b''
        self.misses_network = False

    def __call__(self, chunk: bytes) -> None:
        if not self.misses_network:
            heard = self._last + chunk
            self.misses_network = any(words in heard for words in _COMPLAINTS)
            self._last = heard[-_LONGEST:]
        self._sink(chunk)


class Outer(NamedTuple):
    """The sandbox from outside: bubblewrap, and a descriptor of the first process inside."""

    bubblewrap: 'subprocess.Popen[bytes]'
    init: int  # its number, on this machine
    handle: int

    def end(self) -> None:
        """With the first process all others end; nobody inside can hold that up."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)


class Sandbox:
    """`listener` is a socket in the network of the sandbox, if it has one of its own."""

    default_shell = ''
    context: Mapping[str, Value] = {}

    def __init__(
        self,
        order: Order,
        seen: Sequence[Mount],
        held: Held,
        outer: Outer,
        link: Link,
        root: Root,
        listener: socket.socket | None,
    ) -> None:
        self.outer = outer
        self.root = root
        self._order = order
        self._mounts = seen
        self._held = held
        self._link = link
        self._listener = listener
        self._killed = 0
        self._stages = Stages(link, root, _start(order, seen), view.own(order, 'held'))
        self.files = root
        self.strangers = root.account.user != os.geteuid()

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        sink: Sink,
        leash: Leash,
    ) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC)
        try:
            process = self._link.start(command, env, cwd, writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        ear = Ear(sink)
        running = Running(process, reader, ear, self._order.patience)
        process.on_failure(running.fail)
        try:
            leash.hold(running.obey)
            status = await running.end
        finally:
            leash.hold(None)
            running.close()
        if self._order.sandbox.memory:
            self._tell_of_memory(sink)
        if status and ear.misses_network and not self._order.sandbox.network:
            sink(_NO_NETWORK)
        return status

    def _tell_of_memory(self, sink: Sink) -> None:
        killed = self._held.killed()
        if killed > self._killed:
            limit = (self._order.sandbox.memory or 0) >> 20
            sink(
                f'A process was killed, because the job has used all of the {limit} MB of memory '
                'that the sandbox has (sandbox.memory in liftlock.yml).\n'.encode()
            )
        self._killed = killed

    def terminal(self, env: Mapping[str, str], cwd: str) -> tuple[Sequence[str], dict[str, str]]:
        return TERMINAL, {**env}  # a person looks at it from outside

    def find(self, program: str, path: str) -> str | None:
        if '/' in program:
            return program if self.root.is_program(program) else None
        for directory in path.split(os.pathsep):
            candidate = f'{directory}/{program}'
            if directory.startswith('/') and self.root.is_program(candidate):
                return candidate
        return None

    def ground(self, base: Mapping[str, str]) -> dict[str, str]:
        return view.ground(self._order, base, self._mounts)

    def inside(self, path: str) -> str:
        return path

    def outside(self, path: str) -> str:
        return path

    async def perform(self, stage: 'Stage', bench: 'Bench', leash: Leash) -> None:
        await self._stages.perform(stage, bench, leash)

    async def take_files(self) -> None:
        return

    async def give_files(self) -> None:
        """Of what we make for a job it may change only the repository that is its origin."""
        if self.strangers:
            for name in view.GIVEN:
                path = f'{self._order.directories.root}/{name}'
                await asyncio.to_thread(accounts.give, self.root.account, path)

    def listen(self) -> socket.socket | None:
        return self._listener.dup() if self._listener is not None else None

    async def clean_up(self) -> Sequence[str]:
        self._stages.close()
        try:
            swept, _ = await self._link.ask('sweep', 'swept')
        except CannotStart as error:  # then nothing is left
            return (str(error),)
        found = (line.partition(' ') for line in swept.splitlines())
        return [f'Terminate orphan process: pid ({pid}) ({name})' for pid, _, name in found]

    # --- the end

    def end(self, message: str) -> None:
        """Before its time; whoever runs something there is told this."""
        self._order.say(f'##[error]{message}')
        self._link.break_off(message)
        self.outer.end()

    async def close(self) -> None:
        """Returns when nothing of the job is left."""
        self._stages.close()
        self._link.close()
        self.outer.end()
        try:
            self.outer.bubblewrap.wait(_QUICKLY)
        except subprocess.TimeoutExpired:  # many processes, or much that is to be written first
            await asyncio.to_thread(self.outer.bubblewrap.wait)
        self._held.close()
        os.close(self.outer.handle)
        self.root.close()
        if self._listener is not None:
            self._listener.close()


def _start(order: Order, seen: Sequence[Mount]) -> Start:
    """Our own Python inside, with Liftlock's modules, in the home of whoever runs Liftlock: that is
    where stand-ins look for tools."""
    found = f'import sys; sys.path[:0] = {view.modules()!r}'
    text = f'{found}; from {_WITHIN} import main; main({view.GIT!r})'
    env = view.ground(order, {**order.env, 'HOME': str(Path.home())}, seen)
    command = (os.path.realpath(sys.executable), '-I', '-S', '-c', text)
    shared = order.sandbox.caches == 'shared'
    return Start(command, env, order.directories.workspace, tools_last=shared)
