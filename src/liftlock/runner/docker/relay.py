"""A socket beside Docker's own, by which the containers of a job's steps are told from all others.

What comes in is passed on as it is. Only to a container or a network that is to be made the job's
label is added, so that at the end of the job exactly those are removed: whoever made them, whether
`docker run -d`, compose or a library, and never one that somebody else has started meanwhile.

A connection carries one request: Docker is asked to close it, which every client puts up with, so
nobody here has to find the end of a body or of an answer.
"""

import asyncio
import contextlib
import os
from typing import Final

from liftlock.runner.executors.base import CannotPrepare

NAME: Final = '_docker.sock'
_LONGEST_PATH: Final = 107  # bytes; what the system takes for a socket
_LONGEST_HEAD: Final = 1 << 16
_CHUNK: Final = 1 << 18


class Relay:
    """Of one job. `path` is where it listens."""

    __slots__ = ('_label', '_server', '_tasks', '_upstream', 'path', 'was_used')

    def __init__(self, upstream: str, root: str, tracking_id: str) -> None:
        """`upstream` is Docker's socket, `root` a directory of the job's own."""
        self._upstream = upstream
        self._label = tracking_id
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.path = f'{root}/{NAME}'
        self.was_used = False  # something was made

    async def open(self) -> None:
        """Raises OSError and CannotPrepare."""
        if len(os.fsencode(self.path)) > _LONGEST_PATH:
            self.path = aside(self._label)
        self._server = await asyncio.start_unix_server(self._serve, self.path, limit=_LONGEST_HEAD)
        os.chmod(self.path, 0o600)  # noqa: PTH101 - paths are texts here

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        remove(self.path)

    async def _serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._pass_on(client, answers)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # either side has gone, or what came is no request; the client sees the end of it
        finally:
            self._tasks.discard(task)
            answers.close()

    async def _pass_on(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        # Most jobs never speak to Docker, and need none of this.
        from liftlock.runner.docker import marking

        head = await client.readuntil(b'\r\n\r\n')
        length = marking.find_making(head)
        if length:
            self.was_used = True
            body = await client.readexactly(length)
            request = marking.mark(head, body, self._label)
        else:
            request = marking.once(head)
        server, requests = await asyncio.open_unix_connection(self._upstream)
        try:
            requests.write(request)
            asking = asyncio.ensure_future(_pump(client, requests))
            try:
                await _pump(server, answers)
            finally:
                asking.cancel()
        finally:
            requests.close()


async def open_relay(upstream: str, root: str, tracking_id: str) -> Relay | None:
    """A way to Docker by which they are known; None where Docker does not listen on this machine,
    or not to us."""
    if not upstream:
        return None
    relay = Relay(upstream, root, tracking_id)
    try:
        await relay.open()
    except (OSError, CannotPrepare):  # a file system without sockets, say: they stay unknown
        return None
    return relay


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Until the source ends; the target is told so, and may still have something to say."""
    while chunk := await source.read(_CHUNK):
        target.write(chunk)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()


def aside(tracking_id: str) -> str:
    """Where the socket of a job is whose own directory has too long a path. Raises OSError and
    CannotPrepare."""
    import hashlib  # few jobs need it

    from liftlock.runner.services import own

    digest = hashlib.sha256(tracking_id.encode()).hexdigest()[:16]
    return f'{own.make("docker")}/{digest}.sock'


def remove(path: str) -> None:
    with contextlib.suppress(OSError):  # it may have gone with the job's directory
        os.unlink(path)  # noqa: PTH108 - paths are texts here
