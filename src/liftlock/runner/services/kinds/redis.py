"""Redis or Valkey, each for the images of both: they speak the same protocol."""

from collections.abc import Iterator
from typing import Final

from liftlock.language.image import Image
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Missing, Recipe, Server, Task

PARTS: Final = 1
PORT: Final = 6379
_SERVERS: Final = {'redis-server': 'Redis', 'valkey-server': 'Valkey'}
_CLIENTS: Final = {'Redis': 'redis-cli', 'Valkey': 'valkey-cli'}
PRODUCTS: Final = (*_SERVERS.values(),)
PROGRAMS: Final = (*_SERVERS,)


def find(image: Image) -> Server | Missing:
    wanted = 'Valkey' if image.repository.startswith('valkey') else 'Redis'
    found = list(_installed())
    if not found:
        return Missing(wanted, 'redis-server')
    other = found[0]._replace(instead_of=wanted)
    return next((server for server in found if server.product == wanted), other)


def _installed() -> Iterator[Server]:
    for name, product in _SERVERS.items():
        program = installed.find([name])
        version = installed.first_number(installed.ask(program)) if program else ''
        if version:
            yield Server(product, version, program)


def ports(image: Image, asked: Asked) -> tuple[int, ...]:
    given = asked.number('--port')
    return (int(given) if given.isdecimal() else PORT,)


def recipe(server: Server, task: Task) -> Recipe:
    (port,) = task.ports.values()
    more = task.env.get('VALKEY_EXTRA_FLAGS', '').split()
    client = _CLIENTS[server.product]
    # An address with a dash may be missing.
    addresses = [address if address == '127.0.0.1' else f'-{address}' for address in task.addresses]
    return Recipe(
        server=(
            server.program, *more, *task.words,
            '--port', str(port), '--bind', *addresses,
            '--unixsocket', f'{task.sockets}/redis.sock', '--dir', task.directory,
            # Its title would be written where its environment stands, by which it is found again.
            '--set-proc-title', 'no',
        ),
        programs=dict.fromkeys(_CLIENTS.values(), f'exec {client} -p {port} "$@"'),
    )  # fmt: skip
