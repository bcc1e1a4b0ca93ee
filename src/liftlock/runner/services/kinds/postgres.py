"""PostgreSQL, for `postgres` and the images that add an extension to it.

Rules: docker-entrypoint.sh of the official image.
"""

import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from liftlock.language.image import Image
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Command, Missing, Recipe, Server, Task
from liftlock.runner.services.versions import numbers, wanted_numbers

PRODUCTS: Final = ('PostgreSQL',)
PROGRAMS: Final = ('postgres',)
PARTS: Final = 1
PORT: Final = 5432

_PLACES: Final = (  # Debian, Fedora, Homebrew
    ('/usr/lib/postgresql', '*/bin'),
    ('/usr', 'pgsql-*/bin'),
    ('/opt/homebrew/opt', 'postgresql@*/bin'),
)
# Image → the extension that makes it, its Debian package, and what the image creates of it.
_EXTENSIONS: Final = {
    'postgis/postgis': (
        'postgis',
        'postgresql-{}-postgis-3',
        ('postgis', 'postgis_topology', 'fuzzystrmatch', 'postgis_tiger_geocoder'),
    ),
    'pgvector/pgvector': ('vector', 'postgresql-{}-pgvector', ()),
    'ankane/pgvector': ('vector', 'postgresql-{}-pgvector', ()),
    'timescale/timescaledb': ('timescaledb', '', ('timescaledb',)),
}
_LOCALE: Final = 'en_US.utf8'  # of the image
_UNPROTECTED: Final = """\
Database is uninitialized and superuser password is not specified: POSTGRES_PASSWORD must be set \
to a non-empty value for the superuser, or POSTGRES_HOST_AUTH_METHOD to `trust`, which lets \
everybody in without a password"""


def find(image: Image) -> Server | Missing:
    wanted = wanted_numbers(image, PARTS)
    found = {numbers(server.version)[:PARTS]: server for server in _installed()}
    if not found:
        return Missing(PRODUCTS[0], 'postgresql')
    server = found.get(wanted) or found[max(found)]
    name, package, created = _EXTENSIONS.get(image.repository, ('', '', ()))
    major = numbers(server.version)[0]
    if name and not _has_extension(server, name):
        return Missing(f'the extension "{name}" of {PRODUCTS[0]} {major}', package.format(major))
    here = [extension for extension in created if _has_extension(server, extension)]
    return server._replace(
        traits={'locales': installed.ask('locale', '-a'), 'extensions': ' '.join(here)}
    )


def _installed() -> Iterator[Server]:
    """Those on PATH last, so that they win over others of the same version."""
    folders = [folder for root, inside in _PLACES for folder in sorted(Path(root).glob(inside))]
    on_path = installed.find(PROGRAMS)
    programs = [str(folder / 'postgres') for folder in folders]
    for program in [*programs, *([str(Path(on_path).resolve())] if on_path else [])]:
        version = installed.first_number(installed.ask(program))
        if version and installed.is_file(str(Path(program).parent), 'initdb'):
            yield Server(PRODUCTS[0], version, program)


def _has_extension(server: Server, name: str) -> bool:
    told = installed.ask(str(Path(server.program).parent / 'pg_config'), '--sharedir')
    return bool(told) and installed.is_file(told, 'extension', f'{name}.control')


def ports(image: Image, asked: Asked) -> tuple[int, ...]:
    given = asked.number('-p', '--port') or asked.env.get('PGPORT', '')
    return (int(given) if given.isdecimal() else PORT,)


def recipe(server: Server, task: Task) -> Recipe:
    env, folder = task.env, str(Path(server.program).parent)
    user = env.get('POSTGRES_USER') or 'postgres'
    password = env.get('POSTGRES_PASSWORD', '')
    method = env.get('POSTGRES_HOST_AUTH_METHOD', '')
    if not password and method != 'trust':
        raise CannotPrepare(_UNPROTECTED)
    (port,) = task.ports.values()
    data = f'{task.directory}/data'
    preload = ('-c', 'shared_preload_libraries=timescaledb') if _preloads(server) else ()
    single = (server.program, '--single', '-j', '-F', '-D', data, *preload)
    database = env.get('POSTGRES_DB') or user
    prepare = [_initdb(server, task, user, data)]
    if database != 'postgres':
        prepare.append(
            Command((*single, 'postgres'), given=f'CREATE DATABASE {_quoted(database)};\n\n')
        )
    created = server.traits.get('extensions', '').split()
    if created:
        wanted = ''.join(f'CREATE EXTENSION IF NOT EXISTS {name};\n\n' for name in created)
        prepare.append(Command((*single, database), given=wanted))
    return Recipe(
        server=(
            server.program, '-D', data,
            # The data lives no longer than the job: nobody waits for the disk.
            '-c', 'fsync=off', '-c', 'full_page_writes=off', *preload, *task.words,
            '-c', f'port={port}', '-c', f'listen_addresses={",".join(task.addresses)}',
            '-c', f'unix_socket_directories={task.sockets}',
            '-c', f'hba_file={task.directory}/pg_hba.conf',
        ),
        ready=(f'{folder}/pg_isready', '-q', '-h', task.sockets, '-p', str(port), '-U', user),
        files={'pg_hba.conf': _hba(method or _method(server)), 'password': f'{password}\n'},
        prepare=tuple(prepare),
        health={'PGHOST': task.sockets, 'PGPORT': str(port), 'PGPASSWORD': password},
        path=(folder,),
        end=signal.SIGINT,  # otherwise shared memory stays behind for good
    )  # fmt: skip


def _initdb(server: Server, task: Task, user: str, data: str) -> Command:
    given = shlex.split(task.env.get('POSTGRES_INITDB_ARGS', ''))
    program = str(Path(server.program).parent / 'initdb')
    words = [program, '-D', data, '--no-sync', f'--username={user}', '--encoding=UTF8']
    if task.env.get('POSTGRES_PASSWORD'):
        words.append(f'--pwfile={task.directory}/password')
    if not any(word.startswith(('--locale', '--lc-', '--no-locale')) for word in given):
        words += _locale(server, task)
    return Command((*words, *given))


def _locale(server: Server, task: Task) -> list[str]:
    """How texts are sorted: as in the image, or as near to that as this machine comes."""
    plain = ['--locale=C.UTF-8']
    if 'alpine' in task.image.tag:
        return plain  # whose C library sorts by code point
    if _LOCALE in server.traits.get('locales', '').split():
        return [f'--locale={_LOCALE}']
    icu = numbers(server.version)[0] >= 15
    return [*plain, '--locale-provider=icu', '--icu-locale=en-US'] if icu else plain


def _preloads(server: Server) -> bool:
    return 'timescaledb' in server.traits.get('extensions', '').split()


def _method(server: Server) -> str:
    return 'scram-sha-256' if numbers(server.version)[0] >= 14 else 'md5'


def _hba(method: str) -> str:
    """Who comes through the port has to have the password, as one who comes into a container."""
    return ''.join(
        f'{kind} {databases} all {rest}\n'
        for databases in ('all', 'replication')
        for kind, rest in (('local', 'trust'), ('host', f'all {method}'))
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
