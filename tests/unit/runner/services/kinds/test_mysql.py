import pytest

from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.kinds import mysql
from liftlock.runner.services.kinds.base import Recipe, Server
from unit.runner.services.kinds.scene import FOLDER, make

TOOLS = {'admin': '/bin/admin', 'client': '/bin/mysql', 'create': '/bin/create', 'zones': '/bin/tz'}
MARIADB = Server('MariaDB', '10.11.2', '/sbin/mariadbd', traits=TOOLS)
MYSQL = Server('MySQL', '8.0.36', '/sbin/mysqld', traits=TOOLS)


def made(image: str = 'mysql:8', server: Server = MARIADB, **env: str) -> Recipe:
    return make(mysql, image, env=env, server=server)


def sql(image: str = 'mysql:8', **env: str) -> list[str]:
    return made(image, **env).files['init.sql'].splitlines()


def test_root_has_the_password_from_here_and_from_elsewhere() -> None:
    assert sql(MYSQL_ROOT_PASSWORD="it's \\ me")[2:] == [
        "ALTER USER 'root'@'localhost' IDENTIFIED BY 'it\\'s \\\\ me';",
        "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY 'it\\'s \\\\ me';",
        "GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION;",
    ]


def test_root_may_be_kept_at_home() -> None:
    statements = sql(MYSQL_ROOT_PASSWORD='x', MYSQL_ROOT_HOST='localhost')
    assert not any("'%'" in statement for statement in statements)


def test_a_user_has_the_database_of_exactly_that_name() -> None:
    statements = sql(
        MYSQL_ROOT_PASSWORD='x', MYSQL_DATABASE='my_app', MYSQL_USER='joe', MYSQL_PASSWORD='pw'
    )
    assert statements[-3:] == [
        'CREATE DATABASE IF NOT EXISTS `my_app`;',
        "CREATE USER 'joe'@'%' IDENTIFIED BY 'pw';",
        "GRANT ALL ON `my\\_app`.* TO 'joe'@'%';",
    ]


def test_a_user_without_a_password_is_not_made() -> None:
    assert not any('joe' in line for line in sql(MYSQL_ROOT_PASSWORD='x', MYSQL_USER='joe'))


@pytest.mark.parametrize(
    ('image', 'env'),
    [
        ('mysql:8', {'MYSQL_ALLOW_EMPTY_PASSWORD': 'yes'}),
        ('mariadb', {'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD': '1'}),
        ('mariadb', {'MYSQL_ALLOW_EMPTY_PASSWORD': 'yes'}),
    ],
)
def test_an_empty_password_must_be_allowed(image: str, env: dict[str, str]) -> None:
    assert "ALTER USER 'root'@'localhost' IDENTIFIED BY '';" in sql(image, **env)


@pytest.mark.parametrize(
    ('image', 'env', 'named'),
    [
        ('mysql:8', {}, 'MYSQL_ALLOW_EMPTY_PASSWORD'),
        ('mysql:8', {'MARIADB_ROOT_PASSWORD': 'x'}, 'MYSQL_ROOT_PASSWORD'),
        ('mariadb:11', {}, 'MARIADB_ALLOW_EMPTY_ROOT_PASSWORD'),
    ],
)
def test_without_any_word_about_it_the_image_does_not_start(
    image: str, env: dict[str, str], named: str
) -> None:
    with pytest.raises(CannotPrepare, match=named):
        made(image, **env)


def test_a_random_password_is_another_one_each_time() -> None:
    assert sql(MYSQL_RANDOM_ROOT_PASSWORD='1')[2] != sql(MYSQL_RANDOM_ROOT_PASSWORD='1')[2]


def test_the_image_of_mariadb_takes_both_names_its_own_first() -> None:
    statements = sql('mariadb:10', MARIADB_ROOT_PASSWORD='new', MYSQL_ROOT_PASSWORD='old')
    assert "IDENTIFIED BY 'new'" in statements[2]


def test_the_user_cannot_be_root() -> None:
    with pytest.raises(CannotPrepare, match='cannot be root'):
        made(MYSQL_ROOT_PASSWORD='x', MYSQL_USER='root', MYSQL_PASSWORD='x')


@pytest.mark.parametrize(
    ('server', 'created', 'option'),
    [
        (MARIADB, '/bin/create', '--collation-server=utf8mb4_general_ci'),
        (MYSQL, '--initialize-insecure', '--mysqlx=OFF'),
    ],
)
def test_both_servers_are_set_up_in_their_own_way(
    server: Server, created: str, option: str
) -> None:
    recipe = made(server=server, MYSQL_ROOT_PASSWORD='x')
    assert created in recipe.prepare[0].words
    assert option in recipe.server


def test_clients_of_health_commands_are_told_where_it_is() -> None:
    settings = made(MYSQL_ROOT_PASSWORD='x').files['.my.cnf']
    assert settings == f'[client]\nsocket={FOLDER}/sockets/mysql.sock\nport=13306\n'


def test_time_zones_are_not_loaded_where_the_image_would_not() -> None:
    assert made(MYSQL_ROOT_PASSWORD='x').finish
    assert not made(MYSQL_ROOT_PASSWORD='x', MYSQL_INITDB_SKIP_TZINFO='1').finish
