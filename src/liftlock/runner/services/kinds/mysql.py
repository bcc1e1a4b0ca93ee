"""MariaDB or MySQL, for the images of both.

Rules: docker-entrypoint.sh of the official images. Debian has MariaDB alone.
"""

import secrets
import shlex
from collections.abc import Iterator
from typing import Final

from liftlock.language.image import Image
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Command, Missing, Recipe, Server, Task

PRODUCTS: Final = ('MySQL', 'MariaDB')
PROGRAMS: Final = ('mysqld', 'mariadbd')
PARTS: Final = 2
PORT: Final = 3306

_ZONES: Final = '/usr/share/zoneinfo'
_MYSQL, _MARIADB = PRODUCTS
# What is used beside the server, and its names: of MariaDB, and those that both know.
_TOOLS: Final = {
    'admin': ('mariadb-admin', 'mysqladmin'),
    'client': ('mariadb', 'mysql'),
    'create': ('mariadb-install-db', 'mysql_install_db'),
    'zones': ('mariadb-tzinfo-to-sql', 'mysql_tzinfo_to_sql'),
}
_UNPROTECTED: Final = """\
Database is uninitialized and password option is not specified: one of {0}_ROOT_PASSWORD, \
{0}_ALLOW_EMPTY_{1}PASSWORD and {0}_RANDOM_ROOT_PASSWORD must be set"""
_ROOT: Final = """\
{0}_USER is "root", but {0}_USER and {0}_PASSWORD are for another user, and cannot be root's"""


def find(image: Image) -> Server | Missing:
    wanted = _product(image)
    found = list(_installed())
    if not found:
        return Missing(wanted, 'mariadb-server')
    other = found[0]._replace(instead_of=wanted)
    return next((server for server in found if server.product == wanted), other)


def _product(image: Image) -> str:
    return _MARIADB if image.repository.endswith('mariadb') else _MYSQL


def _installed() -> Iterator[Server]:
    for name in reversed(PROGRAMS):
        program = installed.find([name])
        told = installed.ask(program) if program else ''
        version = installed.first_number(told.partition('Ver')[2])
        product = _MARIADB if 'MariaDB' in told else _MYSQL
        traits = {use: installed.find(names) for use, names in _TOOLS.items()}
        if version and traits['admin'] and traits['client']:
            yield Server(product, version, program, traits=traits)


def ports(image: Image, asked: Asked) -> tuple[int, ...]:
    given = asked.number('-P', '--port')
    return (int(given) if given.isdecimal() else PORT,)


def recipe(server: Server, task: Task) -> Recipe:
    (port,) = task.ports.values()
    data, socket = f'{task.directory}/data', f'{task.sockets}/mysql.sock'
    administer = server.traits['admin']
    password = _root_password(task)
    words = (
        f'--datadir={data}', f'--port={port}', f'--bind-address={",".join(task.addresses)}',
        f'--socket={socket}', f'--pid-file={task.directory}/pid', f'--tmpdir={task.directory}',
        f'--init-file={task.directory}/init.sql', '--skip-name-resolve',
    )  # fmt: skip
    return Recipe(
        server=(
            server.program, '--no-defaults',
            # The data lives no longer than the job: nobody waits for the disk.
            '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0',
            '--character-set-server=utf8mb4', *_flavour(server), *task.words, *words,
        ),
        ready=(administer, '--no-defaults', f'--socket={socket}', 'ping'),
        files={
            'init.sql': ''.join(f'{line};\n' for line in _sql(server, task, password)),
            # For clients of health commands: it goes before the machine's own settings.
            '.my.cnf': f'[client]\nsocket={socket}\nport={port}\n',
        },
        prepare=(_create(server, data, task.directory),),
        finish=tuple(_zones(server, task, socket, password)),
        programs={'healthcheck.sh': shlex.join(('exec', administer, f'--socket={socket}', 'ping'))},
    )  # fmt: skip


def _flavour(server: Server) -> tuple[str, ...]:
    if server.product == _MARIADB:
        return ('--collation-server=utf8mb4_general_ci',)
    return ('--mysqlx=OFF',)


def _create(server: Server, data: str, folder: str) -> Command:
    if server.product == _MYSQL:
        return Command(
            (server.program, '--no-defaults', '--initialize-insecure', f'--datadir={data}')
        )
    return Command((
        server.traits['create'], '--no-defaults', f'--datadir={data}', f'--tmpdir={folder}',
        '--skip-name-resolve', '--auth-root-authentication-method=normal', '--skip-test-db',
    ))  # fmt: skip


def _zones(server: Server, task: Task, socket: str, password: str) -> Iterator[Command]:
    """Names of time zones, as the images have them."""
    program = server.traits['zones']
    if program and not _get(task, 'INITDB_SKIP_TZINFO'):
        client = (server.traits['client'], '--no-defaults', f'--socket={socket}', '--user=root')
        into = shlex.join((*client, 'mysql'))
        read = f'test ! -d {_ZONES} || {shlex.quote(program)} {_ZONES} 2>/dev/null | {into}'
        yield Command(('sh', '-c', read), env={'MYSQL_PWD': password})


def _get(task: Task, name: str) -> str:
    """Of MARIADB_… and MYSQL_…, which the image of MariaDB takes alike."""
    if _product(task.image) == _MARIADB and task.env.get(f'MARIADB_{name}'):
        return task.env[f'MARIADB_{name}']
    return task.env.get(f'MYSQL_{name}', '')


def _root_password(task: Task) -> str:
    password = _get(task, 'ROOT_PASSWORD')
    if not password and _get(task, 'RANDOM_ROOT_PASSWORD'):
        return secrets.token_urlsafe(24)
    empty = _get(task, 'ALLOW_EMPTY_ROOT_PASSWORD') or _get(task, 'ALLOW_EMPTY_PASSWORD')
    if not password and not empty:
        mariadb = _product(task.image) == _MARIADB
        raise CannotPrepare(
            _UNPROTECTED.format('MARIADB' if mariadb else 'MYSQL', 'ROOT_' if mariadb else '')
        )
    return password


def _sql(server: Server, task: Task, password: str) -> Iterator[str]:
    """What the server does before it lets anybody in; one statement a line."""
    database, user = _get(task, 'DATABASE'), _get(task, 'USER')
    prefix = 'MARIADB' if _product(task.image) == _MARIADB else 'MYSQL'
    if user == 'root':
        raise CannotPrepare(_ROOT.format(prefix))
    host = _get(task, 'ROOT_HOST') or '%'
    if server.product == _MARIADB:  # whose set-up makes more of them, who need no password
        yield "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1'"
        yield "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@\\'', @@hostname, '\\'')"
    yield f"ALTER USER 'root'@'localhost' IDENTIFIED BY {_text(password)}"
    if host != 'localhost':
        yield f"CREATE USER IF NOT EXISTS 'root'@{_text(host)} IDENTIFIED BY {_text(password)}"
        yield f"GRANT ALL ON *.* TO 'root'@{_text(host)} WITH GRANT OPTION"
    if database:
        yield f'CREATE DATABASE IF NOT EXISTS {_name(database)}'
    if user and _get(task, 'PASSWORD'):
        yield f"CREATE USER {_text(user)}@'%' IDENTIFIED BY {_text(_get(task, 'PASSWORD'))}"
        if database:  # in which `_` and `%` stand for other signs
            meant = database.replace('_', '\\_').replace('%', '\\%')
            yield f"GRANT ALL ON {_name(meant)}.* TO {_text(user)}@'%'"


def _text(value: str) -> str:
    for sign, escaped in (('\\', '\\\\'), ("'", "\\'"), ('\n', '\\n')):
        value = value.replace(sign, escaped)
    return f"'{value}'"


def _name(value: str) -> str:
    return '`' + value.replace('`', '``') + '`'
