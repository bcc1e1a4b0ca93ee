"""Who listens on this machine's loopback."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH115, PTH123, PTH208

import errno
import os
import socket
from collections.abc import Iterator
from typing import Final

LOOPBACK: Final = ((socket.AF_INET, '127.0.0.1'), (socket.AF_INET6, '::1'))
_LISTENING: Final = '0A'


def is_free(number: int) -> bool:
    """Whether a server could listen there; ports that we may not open count as free."""
    return all(_can_bind(family, address, number) for family, address in LOOPBACK)


def addresses() -> list[str]:
    """Of the loopback, as far as it has them: `localhost` may mean either."""
    return [address for family, address in LOOPBACK if _has(family, address)]


def free_port() -> int:
    """One that nobody listens on. Somebody else may be quicker, which is as rare as it sounds."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK[0][1], 0))
        number: int = probe.getsockname()[1]
    return number


def who_listens(number: int) -> str:
    """The program and its process id; '' where this user may not know it."""
    sockets = {f'socket:[{inode}]' for inode in _inodes(number)}
    for entry in os.listdir('/proc') if sockets else ():
        if entry.isdecimal() and _has_open(entry, sockets):
            return f'{_name(entry)} (process {entry})'
    return ''


def may_open(number: int) -> bool:
    """Whether this user may listen there at all."""
    try:
        with socket.socket() as probe:
            probe.bind((LOOPBACK[0][1], number))
    except OSError as error:
        return error.errno != errno.EACCES
    return True


def _can_bind(family: socket.AddressFamily, address: str, number: int) -> bool:
    try:
        with socket.socket(family) as probe:
            # Otherwise connections that were closed a minute ago count too.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, number))
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def _has(family: socket.AddressFamily, address: str) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _inodes(number: int) -> Iterator[str]:
    """Of sockets that listen there; lines are `0: 0100007F:1538 00000000:0000 0A … inode`."""
    for table in ('tcp', 'tcp6'):
        try:
            with open(f'/proc/net/{table}', encoding='ascii') as file:
                lines = file.readlines()[1:]
        except OSError:  # no Linux, or no IPv6
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENING and int(fields[1].rpartition(':')[2], 16) == number:
                yield fields[9]


def _has_open(process: str, sockets: set[str]) -> bool:
    folder = f'/proc/{process}/fd'
    try:
        return any(os.readlink(f'{folder}/{name}') in sockets for name in os.listdir(folder))
    except OSError:  # somebody else's, or gone
        return False


def _name(process: str) -> str:
    try:
        with open(f'/proc/{process}/comm', encoding='utf-8', errors='replace') as file:
            return file.read().strip()
    except OSError:
        return 'a program'
