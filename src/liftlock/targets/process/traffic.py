"""How many connections an instance has: what it is still busy with, once the router sends nobody.

The router closes idle connections to whoever it does not send requests to any more. What is left
is requests in flight (or WebSockets, which last as long as they like).
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

_TABLES: Final = ('/proc/net/tcp', '/proc/net/tcp6')
_ESTABLISHED: Final = '01'
_PAUSE: Final = 0.05  # seconds


async def drained(port: int) -> None:
    """Returns when it has none. Nobody tells us, so we look."""
    while await asyncio.to_thread(connections, port):  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)


def connections(port: int) -> int:
    total = 0
    for table in _TABLES:
        with suppress(FileNotFoundError):  # a kernel without IPv6
            total += count(Path(table).read_text(), port)
    return total


def count(table: str, port: int) -> int:
    """Connections whose end at this port is open. Columns: number, local, remote, state, …"""
    wanted = f':{port:04X}'
    rows = (line.split(None, 4) for line in table.splitlines()[1:] if wanted in line)
    return sum(row[1].endswith(wanted) and row[3] == _ESTABLISHED for row in rows)
