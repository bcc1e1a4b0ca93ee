"""Whether a port is answered, and who asks it no longer."""

import asyncio
import socket
from contextlib import closing
from pathlib import Path

from liftlock.targets.process import ports


def test_a_listener_answers_and_nobody_does_not() -> None:
    with closing(socket.socket()) as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert asyncio.run(ports.answers(port))
    assert not asyncio.run(ports.answers(port))


def test_whoever_is_called_off_at_any_moment_of_an_answer_ends() -> None:
    async def steps(port: int, most: int) -> bool:
        """Whether it had ended by then; if not, it is called off and must take notice."""
        asking = asyncio.create_task(ports.answers(port))
        for _ in range(most):
            await asyncio.sleep(0)
        if asking.done():
            return True
        asking.cancel()
        await asyncio.wait([asking])
        assert asking.cancelled(), f'goes on after {most} steps'
        return False

    with closing(socket.socket()) as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        most = 0
        while not asyncio.run(steps(port, most)):
            most += 1
            assert most < 1000
    assert most


def test_a_port_is_one_that_no_connection_is_given() -> None:
    first, last = map(int, Path('/proc/sys/net/ipv4/ip_local_port_range').read_text().split())
    found = {ports.free(()) for _ in range(20)}
    assert not any(first <= port <= last for port in found)
    assert len(found) > 10
    assert all(map(ports.is_free, found))
