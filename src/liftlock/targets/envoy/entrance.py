"""Ports of this machine."""

import errno
import socket

from liftlock.rollout.trouble import Trouble


def check(port: int, *, public: bool) -> None:
    """Trouble where somebody else has it. Listening, too: two may bind as long as neither does."""
    host = '0.0.0.0' if public else '127.0.0.1'  # noqa: S104 - only where the user says so
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Envoy does
        try:
            tried.bind((host, port))
            tried.listen()
        except OSError as error:
            raise _trouble(port, error) from None


def _trouble(port: int, error: OSError) -> Trouble:
    if error.errno == errno.EADDRINUSE:
        hint = f'`ss -ltnp sport = :{port}` says who has it; or choose another `listen`'
        return Trouble(f'port {port} is taken by another program', hint)
    if error.errno == errno.EACCES:
        hint = 'take one from 1024 up, or lower net.ipv4.ip_unprivileged_port_start'
        return Trouble(f'port {port} may only be used by root', hint)
    return Trouble(f'port {port} cannot be used: {error.strerror}')
