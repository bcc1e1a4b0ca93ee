"""RabbitMQ, with the management plugin where the image's tag says so.

Rules: docker-entrypoint.sh of the official image.
"""

import glob
from typing import Final

from liftlock.language.image import Image
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Missing, Recipe, Server, Task
from liftlock.runner.services.listening import free_port

PRODUCTS: Final = ('RabbitMQ',)
PROGRAMS: Final = ('rabbitmq-server',)
PARTS: Final = 2

_AMQP, _MANAGEMENT, _PROMETHEUS = 5672, 15672, 15692
# Debian's program of this name on PATH is a wrapper that only root and one other may call.
_FOLDERS: Final = ('/usr/lib/rabbitmq/bin', '/opt/homebrew/opt/rabbitmq/sbin')
_PLUGINS: Final = {_MANAGEMENT: 'rabbitmq_management', _PROMETHEUS: 'rabbitmq_prometheus'}
_RELEASES: Final = '/usr/lib/rabbitmq/lib/rabbitmq_server-'


def find(image: Image) -> Server | Missing:
    program = installed.find(PROGRAMS, *_FOLDERS)
    if not program:
        return Missing(PRODUCTS[0], 'rabbitmq-server')
    # To ask the server itself takes seconds.
    releases = sorted(glob.glob(f'{_RELEASES}*'))  # noqa: PTH207
    version = releases[-1].removeprefix(_RELEASES) if releases else ''
    return Server(PRODUCTS[0], version or 'of unknown version', program)


def ports(image: Image, asked: Asked) -> tuple[int, ...]:
    opened = [_AMQP]
    if 'management' in image.tag:
        opened.append(_MANAGEMENT)
    if any(port.there == _PROMETHEUS for port in asked.ports):  # which costs time to start
        opened.append(_PROMETHEUS)
    return tuple(opened)


def recipe(server: Server, task: Task) -> Recipe:
    folder = task.directory
    plugins = [plugin for port, plugin in _PLUGINS.items() if port in task.ports]
    distribution, names = free_port(), free_port()
    env = {
        'RABBITMQ_NODENAME': 'rabbit@localhost',
        'RABBITMQ_CONF_ENV_FILE': f'{folder}/env.conf',
        'RABBITMQ_CONFIG_FILE': f'{folder}/rabbitmq.conf',
        'RABBITMQ_ADVANCED_CONFIG_FILE': f'{folder}/advanced.config',
        'RABBITMQ_ENABLED_PLUGINS_FILE': f'{folder}/enabled_plugins',
        'RABBITMQ_MNESIA_BASE': f'{folder}/data',
        'RABBITMQ_LOG_BASE': folder,
        'RABBITMQ_LOGS': '-',
        'RABBITMQ_DIST_PORT': str(distribution),
        'ERL_EPMD_PORT': str(names),
        'ERL_EPMD_ADDRESS': '127.0.0.1',
    }
    return Recipe(
        server=(server.program,),
        files={
            'env.conf': '',
            'rabbitmq.conf': '',
            'advanced.config': _settings(task),
            'enabled_plugins': f'[{",".join(plugins)}].\n',
        },
        env={
            **env,
            # Then the script becomes the server instead of standing before it.
            'RABBITMQ_ALLOW_INPUT': '1',
            'RABBITMQ_SERVER_START_ARGS': '-noinput',
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': '-kernel inet_dist_use_interface {127,0,0,1}',
        },
        health=env,
        path=(server.program.rpartition('/')[0],),
    )


def _settings(task: Task) -> str:
    """As Erlang's terms: in the other form of the file a password cannot hold every sign."""
    env = task.env
    listeners = ', '.join(f'{{"{address}", {task.ports[_AMQP]}}}' for address in task.addresses)
    rabbit = [f'{{tcp_listeners, [{listeners}]}}', '{loopback_users, []}']
    for name, default in (('USER', 'guest'), ('PASS', 'guest'), ('VHOST', '/')):
        value = env.get(f'RABBITMQ_DEFAULT_{name}') or default
        rabbit.append(f'{{default_{name.lower()}, {_binary(value)}}}')
    wanted = [f'{{rabbit, [{", ".join(rabbit)}]}}']
    for port, plugin in _PLUGINS.items():
        if port in task.ports:
            where = f'{{port, {task.ports[port]}}}, {{ip, "127.0.0.1"}}'
            wanted.append(f'{{{plugin}, [{{tcp_config, [{where}]}}]}}')
    return f'[{", ".join(wanted)}].\n'


def _binary(text: str) -> str:
    return f'<<{",".join(map(str, text.encode()))}>>'
