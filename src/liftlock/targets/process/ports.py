"""Ports of this machine: free ones, and whether anybody answers."""

import asyncio
import json
import random
import socket
from collections.abc import Collection
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from liftlock.language.settings.model import Compose, Process
from liftlock.rollout.trouble import Trouble
from liftlock.targets.process import record

LOOPBACK: Final = '127.0.0.1'
_PATIENCE: Final = 1.0  # seconds for a connection to this machine itself
_TRIES: Final = 50
_LOWEST: Final = 20_000
_USUAL: Final = 32_768


def free(taken: Collection[int]) -> int:
    """One that nobody has, and that none of our instances holds. It lies below those that the
    kernel gives to connections, any of which could have it while nobody listens."""
    low, high = _LOWEST, _first_of_connections()
    if high - low < _TRIES:
        low, high = high, 65_536
    for _ in range(_TRIES):
        port = random.randrange(low, high)  # noqa: S311 - not a secret
        if port not in taken and is_free(port):
            return port
    raise Trouble('no free port was found', 'See what holds so many: `ss -tan`', again=True)


def _first_of_connections() -> int:
    with suppress(OSError, ValueError):
        return int(Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split()[0])
    return _USUAL


def held(records: Path) -> set[int]:
    """Those of our instances, running or not."""
    return {kept.port for kept in record.read_all(records)}


def is_free(port: int) -> bool:
    """Whether an application could listen there now."""
    with closing(socket.socket()) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            asking.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def answers(port: int) -> bool:
    """Whether somebody listens. Who has so many waiting that ours is not even queued does, too:
    to take that one for dead would send its load to the others."""
    try:
        with closing(socket.socket()) as asking:
            asking.setblocking(False)
            # Python 3.11's wait_for forgets a cancellation that comes together with the answer.
            async with asyncio.timeout(_PATIENCE):
                await asyncio.get_running_loop().sock_connect(asking, (LOOPBACK, port))
    except TimeoutError:
        return True
    except OSError:
        return False
    return True


def entrances(path: Path, settings: Process | Compose) -> tuple[int, int]:
    """The public port and the preview's: as the settings say, or picked once and kept."""
    if settings.listen and settings.preview:
        return settings.listen, settings.preview
    kept = _kept(path)
    if kept is None:
        public = free({settings.listen or 0, settings.preview or 0})
        kept = public, free({public, settings.listen or 0, settings.preview or 0})
        path.parent.mkdir(parents=True, exist_ok=True)
        record.write_whole(path, json.dumps({'listen': kept[0], 'preview': kept[1]}))
    return settings.listen or kept[0], settings.preview or kept[1]


def _kept(path: Path) -> tuple[int, int] | None:
    with suppress(FileNotFoundError):
        known = json.loads(path.read_text())
        return int(known['listen']), int(known['preview'])
    return None
