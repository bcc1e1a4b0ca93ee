"""MongoDB. Debian has none; its makers' packages and those of others are taken.

Rules: docker-entrypoint.sh of the official image.
"""

import json
from typing import Final

from liftlock.language.image import Image
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Command, Missing, Recipe, Server, Task

PRODUCTS: Final = ('MongoDB',)
PROGRAMS: Final = ('mongod',)
PARTS: Final = 1
PORT: Final = 27017
_SHELLS: Final = ('mongosh', 'mongo')


def find(image: Image) -> Server | Missing:
    program = installed.find(PROGRAMS)
    version = installed.first_number(installed.ask(program)) if program else ''
    if not version:
        return Missing(PRODUCTS[0], '')
    return Server(PRODUCTS[0], version, program, traits={'shell': installed.find(_SHELLS)})


def ports(image: Image, asked: Asked) -> tuple[int, ...]:
    given = asked.number('--port')
    return (int(given) if given.isdecimal() else PORT,)


def recipe(server: Server, task: Task) -> Recipe:
    (port,) = task.ports.values()
    user = task.env.get('MONGO_INITDB_ROOT_USERNAME', '')
    password = task.env.get('MONGO_INITDB_ROOT_PASSWORD', '')
    if bool(user) != bool(password):
        raise CannotPrepare(
            'MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD must both be set, or none'
        )
    shell = server.traits['shell']
    if user and not shell:
        raise CannotPrepare('mongosh is needed to create the user MONGO_INITDB_ROOT_USERNAME')
    where = (shell, '--quiet', '--host', '127.0.0.1', '--port', str(port), 'admin')
    many = ('--ipv6',) if len(task.addresses) > 1 else ()
    return Recipe(
        server=(
            server.program, *task.words, *(('--auth',) if user else ()), *many,
            '--dbpath', task.directory, '--port', str(port),
            '--bind_ip', ','.join(task.addresses), '--unixSocketPrefix', task.sockets,
        ),
        # Whoever comes from this machine may make the first user.
        files={'user.js': _create(user, password)},
        finish=(Command((*where, f'{task.directory}/user.js')),) if user else (),
        programs={
            name: f'exec {name} --port {port} "$@"' for name in _SHELLS
        },
    )  # fmt: skip


def _create(user: str, password: str) -> str:
    wanted = {'user': user, 'pwd': password, 'roles': [{'role': 'root', 'db': 'admin'}]}
    return f'db.getSiblingDB("admin").createUser({json.dumps(wanted)});\n'
