"""Has stages of stand-ins run inside a sandbox: see `within`."""

import asyncio
import json
import os
import pickle
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import KILLED, Leash
from liftlock.runner.executors.files import Files
from liftlock.runner.sandbox import packets
from liftlock.runner.sandbox.errands import Asked, Done, Errands
from liftlock.runner.sandbox.link import Link
from liftlock.runner.sandbox.told import FAILED, SYSTEM, USER, Given, Pull, Refusal, Reply
from liftlock.runner.workbench import StepFailed, Workbench

if TYPE_CHECKING:
    from liftlock.runner.standin import Bench

_GONE: Final = 'The process that ran this for the step has ended'
_LAST_WORDS: Final = 1 << 14  # bytes of what it prints, which is nothing unless we are wrong


class Start(NamedTuple):
    """How our own Python is started inside."""

    command: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    tools_last: bool


class Stages:
    """Of one sandbox. Steps may run side by side, so there may be several processes."""

    def __init__(self, link: Link, files: Files, start: Start, held: str) -> None:
        self._link = link
        self._files = files
        self._start = start
        self._held = Path(held)
        self._idle: list[_Worker] = []
        self._count = 0

    async def perform(
        self, stage: Callable[[Workbench], Awaitable[None]], bench: 'Bench', leash: Leash
    ) -> None:
        """Raises what the stage raises."""
        worker = self._idle.pop() if self._idle else _Worker(self._link, self._start)
        self._count += 1
        errands = Errands(bench, self._files, self._held / str(self._count))
        mine = Leash(leash)
        mine.hold(worker.pull)
        try:
            given = _given(stage, bench, tools_last=self._start.tools_last)
            await worker.carry_out(given, bench, errands)
        finally:
            mine.hold(None)
            errands.close()
            if worker.alive:
                self._idle.append(worker)

    def close(self) -> None:
        for worker in self._idle:
            worker.close()


def _given(
    stage: Callable[[Workbench], Awaitable[None]], bench: 'Bench', *, tools_last: bool
) -> Given:
    """What works for the job out here stays out here, and so do variables of this machine."""
    world = bench.world._replace(
        artifacts=None,  # type: ignore[arg-type]
        caches=None,  # type: ignore[arg-type]
        actions=None,  # type: ignore[arg-type]
        services=None,
        reports=None,
        attestations=bool(bench.world.attestations),  # type: ignore[arg-type]
        tools_last=tools_last,
        named_env={},
        host_env={},
    )
    return Given(
        module=stage.__module__,
        stage=getattr(stage, '__name__', ''),
        job=bench.job,
        ref=bench.ref,
        inputs=dict(bench.inputs),
        state=dict(bench.state),
        env=dict(bench.env),
        github=dict(bench.github),
        workspace=str(bench.workspace),
        temp=str(bench.temp),
        home=str(bench.home),
        in_container=bench.in_container,
        subjects=tuple((one.name, one.digest) for one in bench.subjects),
        world=world,
    )


class _Worker:
    """A process inside that runs one stage after the other."""

    def __init__(self, link: Link, start: Start) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._end: asyncio.Future[None] | None = None
        self._said = b''
        self.alive = True
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.setblocking(False)
        self._reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            more = (theirs.fileno(),)
            self._process = link.start(start.command, start.env, start.cwd, writer, more)
        except BaseException:
            self._line.close()
            os.close(self._reader)
            raise
        finally:
            theirs.close()
            os.close(writer)
        self._process.watch(lambda status: self.close())
        self._process.on_failure(self._fail)
        self._loop.add_reader(self._line, self._receive)
        self._loop.add_reader(self._reader, self._hear)

    async def carry_out(self, given: Given, bench: 'Bench', errands: Errands) -> None:
        self._end = self._loop.create_future()
        self._bench, self._errands = bench, errands
        self._send(given)
        try:
            await self._end
        finally:
            for task in self._tasks:
                task.cancel()
            if not self._end.done() or self._end.cancelled():
                self.close()

    def pull(self, level: int) -> None:
        if level >= KILLED:
            self.close()
        else:
            self._send(Pull(level))

    def close(self) -> None:
        if not self.alive:
            return
        self.alive = False
        self._hear()
        self._loop.remove_reader(self._line)
        self._loop.remove_reader(self._reader)
        self._line.close()
        os.close(self._reader)
        self._process.kill_group()
        self._process.close()
        said = self._said.decode('utf-8', 'replace').strip()
        self._fail(StepFailed(f'{_GONE}: {said}' if said else _GONE))

    def _fail(self, error: Exception) -> None:
        if self._end is not None and not self._end.done():
            self._end.set_exception(error)

    def _hear(self) -> None:
        try:
            self._said = (self._said + os.read(self._reader, _LAST_WORDS))[-_LAST_WORDS:]
        except BlockingIOError:
            return

    # --- what it asks for

    def _receive(self) -> None:
        try:
            packet = packets.receive(self._line)
        except BlockingIOError:
            return
        except OSError:
            packet = None
        if packet is None:
            self.close()
            return
        try:
            number, name, args, named = json.loads(packet.data)
            self._take(int(number), name, Asked(args, dict(named), packet.descriptors))
        except (ValueError, TypeError, RecursionError):
            self.close()

    def _take(self, number: int, name: str, asked: Asked) -> None:
        if number:
            task = self._loop.create_task(self._answer(number, name, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        for descriptor in asked.descriptors:
            os.close(descriptor)
        if name == 'end':
            self._conclude(*map(str, asked.args))
        else:
            self._errands.tell(name, asked.args)

    def _conclude(self, kind: str, message: str = '', hint: str = '') -> None:
        if self._end is None or self._end.done():
            return
        match kind:
            case '':
                self._end.set_result(None)
            case 'user':
                self._end.set_exception(UserError(message, hint))
            case 'system':
                self._end.set_exception(StepFailed(message))
            case 'bug':
                self._end.set_exception(RuntimeError(f'in the sandbox: {message}'))
            case _:
                self._end.set_exception(StepFailed(message))

    async def _answer(self, number: int, name: str, asked: Asked) -> None:
        try:
            done = await self._errands.go(name, asked)
        except StepFailed as error:
            self._send(Refusal(number, FAILED, str(error)))
        except UserError as error:
            self._send(Refusal(number, USER, str(error), error.hint))
        except OSError as error:
            self._send(Refusal(number, SYSTEM, str(error)))
        except (ValueError, TypeError, KeyError, AttributeError):  # it is not itself any more
            self.close()
        except Exception as error:
            self._fail(error)
            self.close()
        else:
            self._reply(number, done)
        finally:
            for descriptor in asked.descriptors:
                os.close(descriptor)

    def _reply(self, number: int, done: Done) -> None:
        env = dict(self._bench.env) if done.env else None
        try:
            self._send(Reply(number, done.value, env), done.descriptors)
        finally:
            for descriptor in done.descriptors:
                os.close(descriptor)

    def _send(self, what: Any, descriptors: Sequence[int] = ()) -> None:
        if not self.alive:
            return
        try:
            packets.send(self._line, pickle.dumps(what), descriptors)
        except OSError:  # it does not listen, or is not there any more
            self.close()
