"""Runs stages of stand-ins inside a sandbox, so that they can do what the job itself could do.

A stand-in reads and writes where a hostile job has been before it, and may be busy beside it: what
it opens may be a link by now. Outside, that would be a link on this machine. So its code runs in
here, in a process of its own; only what it has to say, and what is to be stored, goes out.

What comes in is ours, and pickled; what goes out is JSON, for nobody out there believes us.
"""

import asyncio
import importlib
import json
import os
import pickle
import select
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner import git
from liftlock.runner.sandbox import packets
from liftlock.runner.sandbox.told import (
    BUG,
    FAILED,
    LINE,
    SYSTEM,
    USER,
    Given,
    Pull,
    Refusal,
    Reply,
)
from liftlock.runner.workbench import StepFailed


class Answer(NamedTuple):
    """Whoever asked closes the descriptors."""

    reply: Reply
    descriptors: tuple[int, ...]


class Line:
    """Asks outside. Several questions may be open at a time. `pulled`: the step is to end."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._numbers = 0
        self._open: dict[int, asyncio.Future[Answer]] = {}
        self._loop = asyncio.get_running_loop()
        self.stages: asyncio.Queue[Given | None] = asyncio.Queue()
        self.pulled = False
        ours.setblocking(False)
        self._loop.add_reader(ours, self._receive)

    def tell(self, name: str, *args: object) -> None:
        self._send(0, name, args, {}, ())

    async def ask(
        self, name: str, *args: object, descriptors: Sequence[int] = (), **named: object
    ) -> Answer:
        """Raises StepFailed, UserError and OSError, as they were raised outside."""
        self._numbers += 1
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._open[self._numbers] = waiting
        self._send(self._numbers, name, args, named, descriptors)
        return await waiting

    def ask_now(self, name: str, *args: object) -> Reply:
        """The same where nothing can be awaited."""
        self._numbers += 1
        waiting: asyncio.Future[Answer] = self._loop.create_future()
        self._open[self._numbers] = waiting
        self._send(self._numbers, name, args, {}, ())
        while not waiting.done():
            select.select([self._socket], [], [])
            self._receive()
        return waiting.result().reply

    def _send(
        self,
        number: int,
        name: str,
        args: Sequence[object],
        named: Mapping[str, object],
        descriptors: Sequence[int],
    ) -> None:
        text = json.dumps([number, name, args, named], default=str).encode()
        while True:
            try:
                packets.send(self._socket, text, descriptors)
            except BlockingIOError:
                select.select([], [self._socket], [])
            else:
                return

    def _receive(self) -> None:
        try:
            packet = packets.receive(self._socket)
        except BlockingIOError:
            return
        if packet is None:
            sys.exit()
        try:
            said = pickle.loads(packet.data)  # noqa: S301 - from the host
        except Exception:  # it holds something that cannot be had in here
            self.tell('end', BUG, traceback.format_exc())
            return
        match said:
            case Given() as given:
                self.pulled = False
                self.stages.put_nowait(given)
            case Pull():
                self.pulled = True
            case Reply() as reply:
                self._open.pop(reply.number).set_result(Answer(reply, packet.descriptors))
            case Refusal() as refusal:
                self._open.pop(refusal.number).set_exception(_raised(refusal))


def _raised(refusal: Refusal) -> Exception:
    match refusal.kind:
        case 'user':
            return UserError(refusal.message, refusal.hint)
        case 'system':
            return OSError(refusal.message)
    return StepFailed(refusal.message)


async def serve(ours: socket.socket) -> None:
    from liftlock.runner.sandbox.bench import Bench

    line = Line(ours)
    while given := await line.stages.get():
        bench = Bench(line, given)
        stage = getattr(importlib.import_module(given.module), given.stage)
        try:
            await stage(bench)
        except StepFailed as error:
            line.tell('end', FAILED, str(error))
        except UserError as error:
            line.tell('end', USER, str(error), error.hint)
        except OSError as error:
            line.tell('end', SYSTEM, _explain(error))
        except Exception:
            line.tell('end', BUG, traceback.format_exc())
        else:
            line.tell('end', '')
        finally:
            bench.close()


def _explain(error: OSError) -> str:
    return str(error) if error.errno is None else f'{error.strerror}: {error.filename}'


def main(settings: str) -> None:
    """`settings` is a file for git: whatever lies in here, it may be read by whoever is in here."""
    git.NEUTRAL = {**git.NEUTRAL, 'GIT_CONFIG_GLOBAL': settings}
    os.environ['GIT_CONFIG_GLOBAL'] = settings
    asyncio.run(serve(socket.socket(fileno=LINE)))
