"""The sandbox by itself: its network from outside, and whoever starts it."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.sandbox.ground import need
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner import directories
from liftlock.runner.containers import Wanted
from liftlock.runner.executors import find
from liftlock.runner.executors.base import Leash, Order, Workplace

HERE = Path(__file__).parent
ENV = {'PATH': '/usr/bin:/bin'}


def order(folder: Path, declared: Sandbox | None = None) -> Order:
    places = directories.name(str(folder / 'job'), 'octo/hello')
    directories.make(places)
    return Order(
        directories=places,
        tracking_id=f'github_{folder.name}',
        wanted=Wanted(),
        say=print,
        sandbox=declared or Sandbox(),
    )


async def ask(place: Workplace, port: int) -> bytes:
    heard = bytearray()
    script = f'exec 3<>/dev/tcp/127.0.0.1/{port}; echo hello >&3; cat <&3'
    await place.run(('bash', '-c', script), ENV, '/', heard.extend, Leash())
    return bytes(heard)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    writer.close()


def test_we_can_serve_in_the_network_of_a_sandbox(tmp_path: Path) -> None:
    need()

    async def scene() -> None:
        async with find('sandbox').prepare(order(tmp_path)) as place:
            listener = place.listen()
            assert listener is not None
            address, port = listener.getsockname()
            assert address == '127.0.0.1'
            server = await asyncio.start_server(echo, sock=listener)
            assert await ask(place, port) == b'hello\n'
            with socket.socket() as outside:
                assert outside.connect_ex((address, port)) != 0
            server.close()

    asyncio.run(scene())


def test_with_the_network_of_this_machine_its_loopback_will_do(tmp_path: Path) -> None:
    need()

    async def scene() -> None:
        declared = Sandbox(network=True)
        async with find('sandbox').prepare(order(tmp_path, declared)) as place:
            assert place.listen() is None

    asyncio.run(scene())


@pytest.mark.skipif(os.geteuid() != 0, reason='whoever runs this is a plain user')
@pytest.mark.parametrize(
    'tests', ['test_attacks.py', 'test_links.py', '../../contract/test_executors.py']
)
def test_a_plain_user_s_jobs_are_as_confined(tmp_path: Path, tests: str) -> None:
    need()
    tmp_path.chmod(0o755)
    home = tmp_path / 'home'
    home.mkdir()
    os.chown(home, 65534, 65534)
    for folder in tmp_path.parents:
        if not folder.stat().st_mode & 0o001:
            home = Path('/var/tmp', f'liftlock-{tmp_path.name}-{os.getpid()}')
            home.mkdir()
            os.chown(home, 65534, 65534)
            break
    # setpriv itself has root's powers until it has become `env`.
    prefix = ('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env')
    env = {
        'PATH': os.environ['PATH'],
        'HOME': str(home),
        'PYTHONPATH': os.pathsep.join(sys.path),
        'PYTHONDONTWRITEBYTECODE': '1',
    }
    python = _python(prefix, env)
    played = subprocess.run(
        (*prefix, python, '-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-k', 'sandbox',
         f'--basetemp={home}/t', str(HERE / tests)),
        cwd='/', env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shutil.rmtree(home, ignore_errors=True)
    assert played.returncode == 0, played.stdout + played.stderr


def _python(prefix: tuple[str, ...], env: dict[str, str]) -> str:
    """One that anybody may run, and that finds what these tests need."""
    for python in (sys.executable, '/usr/bin/python3', '/usr/local/bin/python3'):
        asked = (*prefix, python, '-c', 'import liftlock, yaml, pytest')
        if (
            subprocess.run(asked, cwd='/', env=env, capture_output=True, check=False).returncode
            == 0
        ):
            return python
    pytest.skip('there is no Python here that another user could run these tests with')
