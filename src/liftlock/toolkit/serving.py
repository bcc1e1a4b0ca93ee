"""Serves the services in a thread of their own, so that large transfers hold up no run.

Everything they work with lives in that thread: its event loop, its connection to the store, the
grants. Others have things done there by `call`. Nothing of a server is imported before the thread
runs, and then by it.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from liftlock.plan.facts import ArtifactStored
from liftlock.toolkit.grants import Grant, Grants, Job
from liftlock.toolkit.ports import Shelves

if TYPE_CHECKING:
    from liftlock.toolkit.listening import Listening

T = TypeVar('T')

LONGEST_START = 60.0  # seconds


class Serving:
    """Begins to serve when it is made, and returns at once.

    `ready` becomes the address on loopback, or what went wrong: UserError, OSError.
    """

    def __init__(self, open_shelves: Callable[[], Shelves], keys: Path, issuer: str = '') -> None:
        """`open_shelves` is called in the thread; `keys` is where the issuer's lie."""
        self.ready: Future[str] = Future()
        self._open_shelves = open_shelves
        self._keys = keys
        self._issuer = issuer
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event
        self._shelves: Shelves
        self._listening: Listening
        self._grants = Grants()
        threading.Thread(target=self._run, name='services', daemon=True).start()

    def call(self, doing: Coroutine[Any, Any, T]) -> Future[T]:
        """Have it done in the thread, once `ready`."""
        return asyncio.run_coroutine_threadsafe(doing, self._loop)

    def close(self) -> None:
        """Stop serving. The store is closed on return; the thread ends by itself soon after."""
        if self.ready.exception(LONGEST_START) is None:
            with contextlib.suppress(RuntimeError):  # the thread has ended already
                self.call(self._close()).result()

    # --- in the thread

    async def begin(
        self, job: Job, listener: socket.socket | None, report: Callable[[ArtifactStored], None]
    ) -> tuple[Grant, str, str]:
        """A grant for the job, its runtime token, and the one for ID tokens or ''."""
        grant = Grant(
            job,
            self._shelves.artifacts(job.run),
            self._shelves.caches(job.repository, job.scopes),
            report,
        )
        self._grants.add(grant)
        if listener is not None:
            self._listening.start(grant.id, listener)
        identity = '' if job.claims is None else self._grants.identity_token(grant)
        return grant, self._grants.runtime_token(grant), identity

    async def end(self, grant: Grant) -> None:
        """Nothing that the job was given is good any more."""
        self._grants.revoke(grant)
        self._listening.stop(grant.id)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except BaseException as error:
            if self.ready.done():
                raise
            self.ready.set_exception(error)

    async def _main(self) -> None:
        from liftlock.toolkit import app
        from liftlock.toolkit.keys import Keys
        from liftlock.toolkit.listening import Listening
        from liftlock.toolkit.oidc import Issuer

        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._shelves = self._open_shelves()
        issuer = Issuer(self._grants, Keys(self._keys), self._issuer)
        self._listening = Listening(app.make(self._grants, self._shelves, issuer))
        own = socket.create_server(('127.0.0.1', 0))
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio leaves this one alone
        self._listening.start('', own)
        self.ready.set_result(origin_of(own))
        await self._stop.wait()
        await self._listening.end()

    async def _close(self) -> None:
        self._shelves.close()
        self._stop.set()


def origin_of(listener: socket.socket) -> str:
    """Under which address whoever shares its network reaches it."""
    host, port = listener.getsockname()[:2]
    return f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}'
