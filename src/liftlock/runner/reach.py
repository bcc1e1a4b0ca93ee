"""ACTIONS_…: where a job finds the services that GitHub's actions expect, and its tokens for them.

All of these variables are for JavaScript and docker actions, in every stage; scripts get only what
fetches an ID token. Whoever needs them first has the services started, so a job without actions
starts nothing. Rules: GitHub's runner (NodeScriptActionHandler, ContainerActionHandler,
ScriptHandler).
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

from liftlock.plan import permissions
from liftlock.runner.state import Job
from liftlock.runner.turn import Turn

Listen = Callable[[], socket.socket | None]

_IDENTITY: Final = 'ACTIONS_ID_TOKEN_'
_SECRET: Final = ('ACTIONS_RUNTIME_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN')
_PROXIES: Final = ('HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy')


class Reach:
    """Of one job; good until `stack` is closed."""

    __slots__ = ('_job', '_lock', '_stack', '_variables')

    def __init__(self, job: Job, stack: AsyncExitStack) -> None:
        self._job = job
        self._stack = stack
        self._lock = asyncio.Lock()
        self._variables: dict[bool, Mapping[str, str]] = {}  # by whether it is elsewhere

    async def variables(self, elsewhere: Listen | None = None) -> Mapping[str, str]:
        """For the job's processes, or for those that see this machine under another address.

        Raises OSError.
        """
        job = self._job
        if job.world.services is None:
            return {}
        key = elsewhere is not None
        async with self._lock:
            if key not in self._variables:
                listener = self._listen(elsewhere or job.workplace.listen)
                opened = job.world.services().serve(job.request.plan, job.report, listener)
                found = self._variables[key] = await self._stack.enter_async_context(opened)
                for name in _SECRET:
                    job.masker.add(found.get(name, ''))
        return self._variables[key]

    def _listen(self, listen: Listen) -> socket.socket | None:
        """Most actions need no services: that they cannot be reached is for those that do."""
        try:
            return listen()
        except OSError as error:
            self._job.say(f'##[warning]{error.strerror}')
            return None


async def for_javascript(turn: Turn) -> dict[str, str]:
    found = await for_container(turn)
    return {**found, 'ACTIONS_CACHE_SERVICE_V2': 'True'} if found else found


async def for_container(turn: Turn, listen: Listen | None = None) -> dict[str, str]:
    """`listen` gives a socket that the container can reach; None: as the job's own processes."""
    return _past_proxies(turn, await turn.job.reach.variables(listen))


async def for_script(turn: Turn) -> dict[str, str]:
    granted = turn.job.request.plan.permissions
    if granted is None or permissions.level(granted, 'id-token') != 'write':
        return {}
    found = await turn.job.reach.variables()
    mine = {name: text for name, text in found.items() if name.startswith(_IDENTITY)}
    return _past_proxies(turn, mine) if mine else {}


def _past_proxies(turn: Turn, variables: Mapping[str, str]) -> dict[str, str]:
    """No proxy knows the way to services that run here; not every client spares loopback."""
    known = {**turn.job.base, **turn.env}
    if not variables or not any(known.get(name) for name in _PROXIES):
        return dict(variables)
    url = next(text for name, text in variables.items() if name.endswith('_URL'))
    host = url.partition('//')[2].partition('/')[0].rpartition(':')[0]
    spared = known.get('NO_PROXY') or known.get('no_proxy') or ''
    listed = f'{spared},{host}' if spared else host
    return {**variables, 'NO_PROXY': listed, 'no_proxy': listed}
