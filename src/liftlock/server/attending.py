"""Has the triggers attended to, beside the server, once it answers."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

from liftlock.engine import trail
from liftlock.server.site import Site
from liftlock.store import repositories
from liftlock.store.repositories import Repository

ROLE: Final = 'triggers'  # of the one server that attends to them, where several share a store


class Attending:
    """`begin` when the server answers: what is needed would make its start slower."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.create_task(_attend(self._site))

    async def end(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task


async def _attend(site: Site) -> None:
    from liftlock.engine.triggers.attending import Triggers

    def token(repository: Repository) -> str:
        return repositories.token(site.store, repository.id, site.ground.bench.key_file)

    elected = partial(site.ground.elected, ROLE)
    triggers = Triggers(site.store, site.intake, token, site.ground.url, elected=elected)
    try:
        await triggers.attend()
    except Exception as error:  # the server serves on, but nobody must overlook this
        trail.tell('nothing is attended to any more', error)
