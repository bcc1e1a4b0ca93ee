"""Our end of the socket to the first process of a sandbox. What it says is not to be trusted more
than the job itself, for whoever breaks out of nothing else may still have broken into that."""

import asyncio
import errno
import marshal
import os
import socket
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liftlock.runner.executors.base import CannotStart

_LARGEST: Final = 1 << 16  # bytes of a packet
_DESCRIPTORS: Final = 4
_PATIENCE: Final = 10.0  # seconds for an answer that takes it none
ENDED: Final = 'The sandbox has ended'


class Link:
    """Everybody who waits for something is told `message` when the other end has gone."""

    def __init__(self, ours: socket.socket) -> None:
        self.message = ENDED
        self._socket = ours
        self._loop = asyncio.get_running_loop()
        self._numbers = 0
        self._processes: dict[int, Inside] = {}
        self._answers: dict[str, asyncio.Future[tuple[str, list[int]]]] = {}
        self.open = True
        ours.setblocking(False)
        self._loop.add_reader(ours, self._receive)

    # --- what we say

    def start(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        output: int,
        more: Sequence[int] = (),
    ) -> 'Inside':
        """Have it started. Raises CannotStart; so does the process when it could not be started."""
        self._numbers += 1
        try:
            request = marshal.dumps(
                (
                    [_encode(word) for word in command],
                    {_encode(name): _encode(value) for name, value in env.items()},
                    _encode(cwd),
                )
            )
        except ValueError as error:
            raise CannotStart(f"Cannot start '{command[0]}': {error}") from None
        paper = os.memfd_create('request', os.MFD_CLOEXEC)
        try:
            _write_whole(paper, request)
            process = Inside(self, self._numbers, command[0], cwd)
            self._processes[self._numbers] = process
            self.send(f'run {self._numbers}', paper, output, *more)
        finally:
            os.close(paper)
        return process

    def send(self, text: str, *descriptors: int) -> None:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array('i', descriptors))
        try:
            self._socket.sendmsg([text.encode()], [rights] if descriptors else [])
        except OSError:  # it has gone; those who wait for something hear of it elsewhere
            if not self.open:
                raise CannotStart(self.message) from None

    async def ask(self, text: str, answer: str) -> tuple[str, list[int]]:
        """Send this and wait for an answer of that kind; its words, and its descriptors.

        Raises CannotStart."""
        waiting: asyncio.Future[tuple[str, list[int]]] = self._loop.create_future()
        self._answers[answer] = waiting
        self.send(text)
        try:
            async with asyncio.timeout(_PATIENCE):
                return await waiting
        except TimeoutError:
            raise CannotStart('The sandbox does not answer') from None

    async def listen_for(self, answer: str) -> tuple[str, list[int]]:
        """The same for what is said unasked, without an end of patience."""
        waiting: asyncio.Future[tuple[str, list[int]]] = self._loop.create_future()
        self._answers[answer] = waiting
        return await waiting

    def forget(self, number: int) -> None:
        if self._processes.pop(number, None) is not None and self.open:
            self.send(f'forget {number}')

    # --- what we hear

    def _receive(self) -> None:
        try:
            data, extra, _, _ = self._socket.recvmsg(
                _LARGEST, socket.CMSG_SPACE(4 * _DESCRIPTORS), socket.MSG_CMSG_CLOEXEC
            )
        except BlockingIOError:
            return
        except OSError:
            data, extra = b'', []
        descriptors = array('i')
        for _, _, carried in extra:
            descriptors.frombytes(carried[: len(carried) - len(carried) % descriptors.itemsize])
        if not data:
            self._hang_up()
            return
        word, _, rest = data.decode('utf-8', 'replace').partition(' ')
        answer = self._answers.pop(word, None)
        if answer is not None and not answer.done():
            answer.set_result((rest, list(descriptors)))
            return
        for descriptor in descriptors:
            os.close(descriptor)
        self._tell(word, rest.split())

    def _tell(self, word: str, rest: Sequence[str]) -> None:
        try:
            process = self._processes.get(int(rest[0]))
            if process is not None and word == 'ended':
                process.end(int(rest[1]) & 0xFF)
            elif process is not None and word == 'failed':
                process.fail(int(rest[1]), rest[2])
        except (ValueError, IndexError):  # it is not itself any more
            self._hang_up()

    def _hang_up(self) -> None:
        """Everything that runs ends with the message."""
        self.close()
        for process in list(self._processes.values()):
            process.lose(self.message)
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(CannotStart(self.message))
        self._answers.clear()

    def break_off(self, message: str) -> None:
        self.message = message
        self._hang_up()

    def close(self) -> None:
        """Hang up; then the sandbox ends, and everything in it."""
        if self.open:
            self.open = False
            self._loop.remove_reader(self._socket)
            self._socket.close()


class Inside:
    """A process in the sandbox."""

    __slots__ = ('_cwd', '_ended', '_failed', '_link', '_number', '_program')

    def __init__(self, link: Link, number: int, program: str, cwd: str) -> None:
        self._link = link
        self._number = number
        self._program = program
        self._cwd = cwd
        self._ended: Callable[[int], None] | None = None
        self._failed: Callable[[Exception], None] | None = None

    def watch(self, ended: Callable[[int], None]) -> None:
        self._ended = ended

    def on_failure(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed

    def end(self, status: int) -> None:
        if self._ended is not None:
            self._ended(status)

    def fail(self, number: int, where: str) -> None:
        if self._failed is not None:
            self._failed(CannotStart(explain(number, where, self._program, self._cwd)))

    def lose(self, message: str) -> None:
        if self._failed is not None:
            self._failed(CannotStart(message))

    def signal(self, number: int) -> None:
        self._link.send(f'signal {self._number} {int(number)}')

    def kill_group(self) -> None:
        if self._link.open:
            self._link.send(f'kill {self._number}')

    def close(self) -> None:
        self._link.forget(self._number)


def explain(number: int, where: str, program: str, cwd: str) -> str:
    reason = os.strerror(number)
    if where == 'cwd':
        if number in (errno.ENOENT, errno.ENOTDIR):
            return f"The working directory '{cwd}' does not exist"
        return f"The working directory '{cwd}' cannot be used: {reason}"
    if number == errno.E2BIG:
        return f"Cannot start '{program}': its arguments and environment are too long"
    if number == errno.EAGAIN:
        return f"Cannot start '{program}': the job has as many processes as the sandbox allows"
    return f"Cannot start '{program}': {reason}"


def _encode(text: str) -> bytes:
    if '\0' in text:
        raise ValueError('embedded null byte')
    return os.fsencode(text)


def _write_whole(paper: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(paper, view) :]
    os.lseek(paper, 0, os.SEEK_SET)
