"""`pods/exec`: a process in a container, its streams carried over whatever the client speaks."""

import contextlib
import json
import subprocess
import threading
from collections.abc import Callable
from typing import IO, Protocol

from fakekube.refusal import Refused
from fakekube.sockets import CLOSE, ERROR, STDERR, STDIN, STDOUT


class Streams(Protocol):
    def send(self, channel: int, data: bytes) -> None: ...
    def receive(self) -> tuple[int, bytes] | None: ...
    def close(self) -> None: ...


def carry(streams: Streams, process: 'subprocess.Popen[bytes]') -> None:
    """To the end of the process, or of the connection: then the process goes on."""
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        _start(_pump, process.stdout, streams, STDOUT),
        _start(_pump, process.stderr, streams, STDERR),
    ]
    _start(_feed, streams, process.stdin)
    for reader in readers:
        reader.join()
    code = process.wait()
    with contextlib.suppress(OSError, ValueError):
        streams.send(ERROR, json.dumps(_status(code)).encode())
        streams.close()


def _start(target: Callable[..., None], *args: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def _pump(source: IO[bytes], streams: Streams, channel: int) -> None:
    with source, contextlib.suppress(OSError, ValueError):
        while chunk := source.read1(1 << 15):  # type: ignore[attr-defined]
            streams.send(channel, chunk)


def _feed(streams: Streams, stdin: IO[bytes] | None) -> None:
    with contextlib.suppress(OSError, ValueError):
        while (got := streams.receive()) is not None:
            channel, data = got
            if channel == STDIN and stdin is not None:
                stdin.write(data)
                stdin.flush()
            elif channel == CLOSE and stdin is not None:
                stdin.close()
    with contextlib.suppress(OSError, ValueError):
        if stdin is not None:
            stdin.close()


def _status(code: int) -> dict[str, object]:
    if code == 0:
        return {'metadata': {}, 'status': 'Success'}
    return {
        'metadata': {},
        'status': 'Failure',
        'message': f'command terminated with non-zero exit code: exit status {code}',
        'reason': 'NonZeroExitCode',
        'details': {'causes': [{'reason': 'ExitCode', 'message': str(code)}]},
    }


def not_running(name: str) -> Refused:
    message = f'unable to upgrade connection: container not found ("{name}")'
    return Refused(500, 'InternalError', message)
