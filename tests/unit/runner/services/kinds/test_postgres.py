import pytest

from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.kinds import postgres
from liftlock.runner.services.kinds.base import Recipe, Server
from unit.runner.services.kinds.scene import FOLDER, make

HERE = Server('PostgreSQL', '15.4', '/pg/bin/postgres', traits={'locales': 'C\nen_US.utf8'})
PASSWORD = {'POSTGRES_PASSWORD': 'secret'}


def made(image: str = 'postgres:15', *words: str, server: Server = HERE, **env: str) -> Recipe:
    return make(postgres, image, *words, env=env, server=server)


def test_it_listens_where_its_port_is_mapped_and_on_the_loopback_alone() -> None:
    server = ' '.join(made(**PASSWORD).server)
    assert '-c port=15432 ' in server
    assert '-c listen_addresses=127.0.0.1,::1 ' in server
    assert f'-c unix_socket_directories={FOLDER}/sockets ' in server


def test_the_superuser_has_the_name_and_the_password_that_the_image_takes() -> None:
    recipe = made(POSTGRES_USER='app', **PASSWORD)
    assert '--username=app' in recipe.prepare[0].words
    assert f'--pwfile={FOLDER}/password' in recipe.prepare[0].words
    assert recipe.files['password'] == 'secret\n'


@pytest.mark.parametrize(
    ('env', 'statement'),
    [
        ({}, None),
        ({'POSTGRES_DB': 'postgres'}, None),
        ({'POSTGRES_DB': 'shop'}, 'CREATE DATABASE "shop";\n\n'),
        ({'POSTGRES_DB': 'a"b'}, 'CREATE DATABASE "a""b";\n\n'),
        ({'POSTGRES_USER': 'app'}, 'CREATE DATABASE "app";\n\n'),
    ],
)
def test_the_database_is_called_as_the_image_calls_it(
    env: dict[str, str], statement: str | None
) -> None:
    commands = made(**PASSWORD, **env).prepare[1:]
    assert [command.given for command in commands] == ([statement] if statement else [])


def test_without_a_password_it_does_not_start_as_the_image_does_not() -> None:
    with pytest.raises(CannotPrepare, match='POSTGRES_PASSWORD must be set'):
        made()


def test_unless_everybody_is_trusted() -> None:
    recipe = made(POSTGRES_HOST_AUTH_METHOD='trust')
    assert 'host all all all trust\n' in recipe.files['pg_hba.conf']
    assert not any(word.startswith('--pwfile') for word in recipe.prepare[0].words)


@pytest.mark.parametrize(
    ('version', 'env', 'method'),
    [
        ('15.4', {}, 'scram-sha-256'),
        ('13.2', {}, 'md5'),
        ('15.4', {'POSTGRES_HOST_AUTH_METHOD': 'md5'}, 'md5'),
    ],
)
def test_who_comes_through_the_port_needs_the_password(
    version: str, env: dict[str, str], method: str
) -> None:
    lines = made(server=HERE._replace(version=version), **PASSWORD, **env).files['pg_hba.conf']
    assert lines.splitlines() == [
        'local all all trust',
        f'host all all all {method}',
        'local replication all trust',
        f'host replication all all {method}',
    ]


@pytest.mark.parametrize(
    ('image', 'server', 'args', 'expected'),
    [
        ('postgres:15', HERE, '', ['--locale=en_US.utf8']),
        ('postgres:15-alpine', HERE, '', ['--locale=C.UTF-8']),
        (
            'postgres:15',
            HERE._replace(traits={'locales': 'C'}),
            '',
            ['--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US'],
        ),
        (
            'postgres:14',
            HERE._replace(version='14.1', traits={'locales': 'C'}),
            '',
            ['--locale=C.UTF-8'],
        ),
        ('postgres:15', HERE, '--lc-collate=C --data-checksums', ['--lc-collate=C']),
    ],
)
def test_texts_are_sorted_as_in_the_image_as_far_as_can_be(
    image: str, server: Server, args: str, expected: list[str]
) -> None:
    words = made(image, server=server, POSTGRES_INITDB_ARGS=args, **PASSWORD).prepare[0].words
    assert [word for word in words if 'locale' in word or '--lc' in word] == expected


def test_arguments_of_initdb_are_handed_on() -> None:
    recipe = made(POSTGRES_INITDB_ARGS='--data-checksums --wal-segsize="32"', **PASSWORD)
    assert recipe.prepare[0].words[-2:] == ('--data-checksums', '--wal-segsize=32')


def test_ours_go_behind_those_of_the_command() -> None:
    words = made('postgres', '-c', 'max_connections=300', '-p', '7000', **PASSWORD).server
    assert words.index('max_connections=300') < words.index('port=17000')


def test_extensions_that_the_image_creates_are_created() -> None:
    here = HERE._replace(traits={'extensions': 'postgis fuzzystrmatch'})
    last = made('postgis/postgis:15-3.4', server=here, POSTGRES_DB='geo', **PASSWORD).prepare[-1]
    assert last.words[-1] == 'geo'
    assert 'CREATE EXTENSION IF NOT EXISTS postgis;' in last.given
    assert 'CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;' in last.given


def test_health_commands_find_it_without_being_told_where() -> None:
    assert made(**PASSWORD).health == {
        'PGHOST': f'{FOLDER}/sockets', 'PGPORT': '15432', 'PGPASSWORD': 'secret'
    }  # fmt: skip
