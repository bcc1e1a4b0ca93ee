"""Compares passwords beside the loop, few at a time: each takes 64 MiB and a processor's while."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from liftlock.errors import UserError
from liftlock.store import passwords

AT_ONCE: Final = 2
WAITING: Final = 16  # others wait; more are sent away

Given = ParamSpec('Given')
Found = TypeVar('Found')


class Busy(UserError):
    """Too many log in at this moment."""


class Proving:
    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked = 0

    async def fits(self, password: str, kept: str) -> bool:
        """Busy where too many ask."""
        return await self._beside(passwords.fits, password, kept)

    async def hashed(self, password: str) -> str:
        """Busy where too many ask."""
        return await self._beside(passwords.hashed, password)

    async def _beside(
        self, work: Callable[Given, Found], *given: Given.args, **named: Given.kwargs
    ) -> Found:
        if self._asked >= AT_ONCE + WAITING:
            raise Busy('too many people log in at this moment', 'try again in some seconds')
        self._asked += 1
        try:
            async with self._turns:
                return await asyncio.to_thread(work, *given, **named)
        finally:
            self._asked -= 1
