"""The address by which containers on a network reach this machine, and listening there.

Only who is on that network can connect. An engine without root keeps its networks in a room of
their own, where the address is and we are not: somebody is sent there to open the socket and hands
it out.
"""

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from liftlock.runner.docker.engine import Engine

_PATIENCE: Final = 20.0  # seconds
_DEFAULT: Final = {False: 'bridge', True: 'podman'}  # by whether it is podman
_FREEBIND: Final = 15  # IP_FREEBIND; socket has no name for it
_SCRIPT: Final = f"""\
import socket, sys
opened = socket.socket()
opened.setsockopt(socket.IPPROTO_IP, {_FREEBIND}, 1)
opened.bind((sys.argv[1], 0))
opened.listen()
with socket.socket(fileno=int(sys.argv[2])) as out:
    socket.send_fds(out, [b'.'], [opened.fileno()])
"""


async def find(engine: Engine, network: str = '') -> str:
    """Of a network, '' = the engine's default one; '' where it has none."""
    told = await engine.ask('network', 'inspect', network or _DEFAULT[engine.podman])
    networks = json.loads(told.text) if told.code == 0 else []
    return next((address for one in networks for address in addresses(one)), '')


def addresses(network: dict[str, Any]) -> Iterator[str]:
    """From what `network inspect` says of one: Docker's words, or podman's."""
    from ipaddress import ip_network

    for entry in (network.get('IPAM') or {}).get('Config') or ():
        # Docker does not always tell of its default network what it is: the first of all.
        yield entry.get('Gateway') or str(ip_network(entry['Subnet'])[1])
    for entry in network.get('subnets') or ():
        yield entry.get('gateway') or str(ip_network(entry['subnet'])[1])


def listen(engine: Engine, address: str) -> socket.socket:
    """Listen at a free port of that address. Raises OSError."""
    if engine.rootless:
        opened = _send_for(_way_in(engine), address)
    elif engine.machine == os.uname().nodename:
        opened = _open(address)
    else:
        opened = None
    if opened is None:
        raise OSError(
            errno.EADDRNOTAVAIL,
            f'Containers cannot reach the services of this job: {address}, by which they know '
            f'their machine, is not this one (is {engine.name} in a virtual machine?)',
        )
    return opened


def _open(address: str) -> socket.socket:
    """The address may be there only once a container is on the network."""
    opened = socket.socket()
    opened.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)
    opened.bind((address, 0))
    opened.listen()
    return opened


def _way_in(engine: Engine) -> tuple[str, ...]:
    """The words before a command that is to run where the networks are."""
    if engine.podman:
        return engine.program, 'unshare', '--rootless-netns'
    try:
        pid = Path(os.environ.get('XDG_RUNTIME_DIR', ''), 'docker.pid').read_text().strip()
    except OSError:
        return ()
    return 'nsenter', '--preserve-credentials', '--user', '--net', '--target', pid


def _send_for(way: tuple[str, ...], address: str) -> socket.socket | None:
    if not way:
        return None
    here, there = socket.socketpair()
    with here, there:
        words = (*way, sys.executable, '-I', '-S', '-c', _SCRIPT, address, str(there.fileno()))
        try:
            subprocess.run(
                words,
                pass_fds=(there.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_PATIENCE,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        _, opened, _, _ = socket.recv_fds(here, 1, 1)
    return socket.socket(fileno=opened[0]) if opened else None
