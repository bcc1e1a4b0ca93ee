"""Real servers to look at, and sockets that misbehave."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from e2e.delivery.observe.servers import Behaviour, Server


@pytest.fixture
def server() -> Iterator[Server]:
    with contextlib.closing(Server()) as one:
        yield one


@pytest.fixture
def misbehaving() -> Iterator[Callable[[Behaviour], str]]:
    """An address at which each connection is treated so, and then closed."""
    listening: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(behaviour: Behaviour) -> str:
        one = socket.create_server(('127.0.0.1', 0))
        listening.append(one)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    with one.accept()[0] as connection, contextlib.suppress(OSError):
                        behaviour(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        threads.append(thread)
        return f'127.0.0.1:{one.getsockname()[1]}'

    yield start
    for one in listening:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
    for thread in threads:
        thread.join(10)


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens: it was free a moment ago."""
    with socket.create_server(('127.0.0.1', 0)) as one:
        return f'127.0.0.1:{one.getsockname()[1]}'
