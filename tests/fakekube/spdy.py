"""SPDY/3.1, as far as `kubectl exec` speaks it before 1.31.

Which stream is which follows from the order in which the client opens them: errors, then standard
input, output and errors, as far as they are wanted. So nobody has to read their headers, which are
compressed with a dictionary.
"""

import struct
import threading
import zlib
from collections.abc import Sequence
from typing import IO, Final

from fakekube.sockets import CLOSE

_CONTROL: Final = 0x80
_SYN_STREAM, _SYN_REPLY, _PING, _GOAWAY = 1, 2, 6, 7
_FIN: Final = 0x01
_VERSION: Final = 3


class Streams:
    """The server's side. `channels` are what the streams carry, in the order of their opening."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes], channels: Sequence[int]) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = threading.Lock()
        self._headers = zlib.compressobj()
        self._waiting = list(channels)
        self._ids: dict[int, int] = {}  # channel -> stream
        while self._waiting:
            if self._frame() is None:
                break

    def send(self, channel: int, data: bytes) -> None:
        self._data(self._ids[channel], data)

    def close(self) -> None:
        for stream in self._ids.values():
            self._data(stream, b'', _FIN)
        self._control(_GOAWAY, struct.pack('!II', 0, 0))

    def receive(self) -> tuple[int, bytes] | None:
        while True:
            frame = self._frame()
            if frame is None or frame[1]:
                return frame
            if frame[0] == CLOSE:
                return frame

    def _frame(self) -> tuple[int, bytes] | None:
        """Channel and data; a control frame has no data, the end of a stream is a `CLOSE`."""
        head = self._reader.read(8)
        if len(head) < 8:
            return None
        flags, size = head[4], int.from_bytes(head[5:], 'big')
        data = self._reader.read(size)
        if head[0] & _CONTROL:
            self._obey(int.from_bytes(head[2:4], 'big'), data)
            return -1, b''
        stream = int.from_bytes(head[:4], 'big')
        channel = next((one for one, number in self._ids.items() if number == stream), -1)
        if flags & _FIN and not data:
            return CLOSE, bytes((max(channel, 0),))
        return channel, data

    def _obey(self, kind: int, data: bytes) -> None:
        if kind == _SYN_STREAM and self._waiting:
            stream = int.from_bytes(data[:4], 'big')
            self._ids[self._waiting.pop(0)] = stream
            headers = self._headers.compress(struct.pack('!I', 0))
            headers += self._headers.flush(zlib.Z_SYNC_FLUSH)
            self._control(_SYN_REPLY, struct.pack('!I', stream) + headers)
        elif kind == _PING:
            self._control(_PING, data)

    def _control(self, kind: int, data: bytes) -> None:
        self._write(struct.pack('!HHI', _CONTROL << 8 | _VERSION, kind, len(data)) + data)

    def _data(self, stream: int, data: bytes, flags: int = 0) -> None:
        self._write(struct.pack('!II', stream, flags << 24 | len(data)) + data)

    def _write(self, data: bytes) -> None:
        with self._lock:
            self._writer.write(data)
            self._writer.flush()
