"""What systemd is told of a service of `Type=notify`: a datagram to the socket that it names."""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

READY: Final = 'READY=1'
STOPPING: Final = 'STOPPING=1'
WATCHDOG: Final = 'WATCHDOG=1'


def tell(*lines: str) -> bool:
    """Whether there was anybody to tell."""
    address = os.environ.get('NOTIFY_SOCKET', '')
    if not address.startswith(('/', '@')):
        return False
    if address.startswith('@'):  # in the abstract namespace
        address = '\0' + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)  # who does not listen is not waited for
        sender.connect(address)
        sender.sendall('\n'.join(lines).encode())
        return True
    return False


def period() -> float:
    """Seconds between two signs of life, half of what systemd allows; 0.0: it asks for none."""
    allowed, process = os.environ.get('WATCHDOG_USEC', ''), os.environ.get('WATCHDOG_PID', '')
    if not allowed.isdecimal() or (process and process != str(os.getpid())):
        return 0.0
    return int(allowed) / 2_000_000


async def beat(lives: Callable[[], bool]) -> None:
    """Signs of life as long as that is true; at once over if nobody asks for them."""
    pause = period()
    while pause:
        if lives():
            tell(WATCHDOG)
        await asyncio.sleep(pause)
