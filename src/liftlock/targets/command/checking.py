"""What `status` and `verify` say of what was deployed, asked now and then.

They may take seconds, and a look may not: they run beside it, and a look tells what is known. Once
a version has settled only `status` goes on being asked: `verify` may be a whole test suite.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.rollout.version import Version
from liftlock.targets.command import words
from liftlock.targets.command.question import Answer

Ask: TypeAlias = Callable[[str], Awaitable[Answer]]  # by the command's name

_SOON: Final = 2.0  # seconds between two questions while it settles,
_LATER: Final = 15.0  # and afterwards
_MOMENT: Final = 0.5  # so long a look waits for an answer


class Finding(NamedTuple):
    """`there` is None as long as nobody knows."""

    there: bool | None
    message: str = ''


class Checking:
    """Of one version that was deployed."""

    def __init__(
        self,
        version: Version,
        ask: Ask,
        *,
        status: bool,
        verify: bool,
        settled: bool,
        clock: Callable[[], float],
    ) -> None:
        self._version = version
        self._ask = ask
        self._status = status
        self._verify = verify and not settled
        self._clock = clock
        self._found = Finding(True if settled else None, 'nobody has looked yet')
        self._due = 0.0
        self._task: asyncio.Task[Finding] | None = None

    async def look(self) -> Finding:
        if self._task is None and self._clock() >= self._due:
            self._task = asyncio.create_task(self._check())
        task = self._task
        if task is not None:
            await asyncio.wait({task}, timeout=_MOMENT)
            if task.done() and task is self._task:  # it may have been closed meanwhile
                self._found, self._task = task.result(), None
                self._verify = self._verify and not self._found.there
                self._due = self._clock() + (_LATER if self._found.there else _SOON)
        return self._found

    async def _check(self) -> Finding:
        said = ''
        if self._status:
            answer = await self._ask('status')
            said = words.last(answer.text)
            if answer.why:
                return Finding(None, f'status: {answer.why}: {said}')
            if not words.names(said, self._version):
                return Finding(False, f'status says {said or "nothing"}')
        if self._verify:
            answer = await self._ask('verify')
            told = words.last(answer.text)
            if answer.why:
                return Finding(False, f'verify: {answer.why}: {told}')
            return Finding(True, told)
        return Finding(True, f'status says {said}' if said else '')

    async def close(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
