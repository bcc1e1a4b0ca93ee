"""Packets between us and our own code inside a sandbox, with the descriptors that go with them."""

import os
import socket
from array import array
from collections.abc import Sequence
from typing import Final

from liftlock.language.records import NamedTuple

_PLAIN: Final = b'p'
_PAPER: Final = b'f'  # too much for a packet: it stands in the file that comes first
_SHORT: Final = 1 << 15
_LARGEST: Final = 1 << 26  # bytes that are read of what the other side wrote
_DESCRIPTORS: Final = 8


class Packet(NamedTuple):
    """Whoever gets one closes its descriptors."""

    data: bytes
    descriptors: tuple[int, ...]


def send(line: socket.socket, data: bytes, descriptors: Sequence[int] = ()) -> None:
    """Raises OSError when the other side has gone."""
    if len(data) <= _SHORT:
        _send(line, _PLAIN + data, descriptors)
        return
    paper = os.memfd_create('packet', os.MFD_CLOEXEC)
    try:
        with open(paper, 'wb', closefd=False) as file:
            file.write(data)
        _send(line, _PAPER, (paper, *descriptors))
    finally:
        os.close(paper)


def _send(line: socket.socket, data: bytes, descriptors: Sequence[int]) -> None:
    rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array('i', descriptors))
    line.sendmsg([data], [rights] if descriptors else [])


def receive(line: socket.socket) -> Packet | None:
    """None at the end. Raises BlockingIOError when there is nothing yet, and OSError."""
    data, extra, _, _ = line.recvmsg(
        _SHORT + 1, socket.CMSG_SPACE(4 * _DESCRIPTORS), socket.MSG_CMSG_CLOEXEC
    )
    descriptors = array('i')
    for _, _, carried in extra:
        descriptors.frombytes(carried[: len(carried) - len(carried) % descriptors.itemsize])
    if not data:
        return None
    if data[:1] == _PLAIN or not descriptors:
        return Packet(data[1:], tuple(descriptors))
    paper, *rest = descriptors
    try:
        return Packet(_read(paper), tuple(rest))
    finally:
        os.close(paper)


def _read(paper: int) -> bytes:
    found = bytearray()
    while len(found) < _LARGEST and (part := os.pread(paper, 1 << 20, len(found))):
        found += part
    return bytes(found)
