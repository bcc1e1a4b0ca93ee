"""Whether a program listens in a container. The engine itself accepts connections to a published
port, whoever is behind it: where nobody is, it closes them again at once."""

import asyncio
import contextlib
from typing import Final

_MOMENT: Final = 0.2  # seconds


async def listens(address: str) -> bool:
    host, _, port = address.rpartition(':')
    if not port:
        return False
    try:
        async with asyncio.timeout(_MOMENT):
            reader, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError):
        return False
    try:
        async with asyncio.timeout(_MOMENT):
            return bool(await reader.read(1))  # who speaks first is there, too
    except TimeoutError:
        return True
    except OSError:
        return False
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
