"""WebSockets, as far as `kubectl exec` speaks them: RFC 6455, and the subprotocol of Kubernetes."""

import base64
import hashlib
import struct
import threading
from typing import IO, Final

PROTOCOLS: Final = ('v5.channel.k8s.io', 'v4.channel.k8s.io')
_GUID: Final = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
_BINARY, _CLOSE, _PING, _PONG = 2, 8, 9, 10
STDIN, STDOUT, STDERR, ERROR, CLOSE = 0, 1, 2, 3, 255


def accept(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


class Channels:
    """The server's side. Several threads may send; one reads."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()

    def send(self, channel: int, data: bytes) -> None:
        self._frame(_BINARY, bytes((channel,)) + data)

    def close(self) -> None:
        self._frame(_CLOSE, struct.pack('!H', 1000))

    def _frame(self, kind: int, data: bytes) -> None:
        size = len(data)
        if size < 126:
            head = struct.pack('!BB', 0x80 | kind, size)
        elif size < 1 << 16:
            head = struct.pack('!BBH', 0x80 | kind, 126, size)
        else:
            head = struct.pack('!BBQ', 0x80 | kind, 127, size)
        with self._lock:
            self._writer.write(head + data)
            self._writer.flush()

    def receive(self) -> tuple[int, bytes] | None:
        """Channel and data; None when the client is gone."""
        while True:
            head = self._reader.read(2)
            if len(head) < 2:
                return None
            kind, size = head[0] & 0x0F, head[1] & 0x7F
            if size == 126:
                (size,) = struct.unpack('!H', self._reader.read(2))
            elif size == 127:
                (size,) = struct.unpack('!Q', self._reader.read(8))
            mask = self._reader.read(4)
            data = _unmasked(self._reader.read(size), mask)
            if kind == _CLOSE:
                return None
            if kind == _PING:
                self._frame(_PONG, data)
            elif data:
                return data[0], data[1:]


def _unmasked(data: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(data) // 4 + 1))[: len(data)]
    pair = int.from_bytes(data, 'big') ^ int.from_bytes(repeated, 'big')
    return pair.to_bytes(len(data), 'big')
