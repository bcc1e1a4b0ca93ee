"""Redis, RabbitMQ, nginx and MongoDB: what is particular about each."""

import pytest

from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.services.kinds import mongo, nginx, rabbitmq, redis
from liftlock.runner.services.kinds.base import Server
from unit.runner.services.kinds.scene import FOLDER, make

REDIS = Server('Redis', '7.0.1', '/bin/redis-server')
RABBIT = Server('RabbitMQ', '3.10.1', '/rabbit/rabbitmq-server')
NGINX = Server('nginx', '1.22', '/sbin/nginx')
MONGO = Server('MongoDB', '7.0', '/bin/mongod', traits={'shell': '/bin/mongosh'})


def test_redis_takes_options_of_its_command() -> None:
    words = make(redis, 'redis:7', '--requirepass', 'x', server=REDIS).server
    assert words[:3] == ('/bin/redis-server', '--requirepass', 'x')
    assert words[words.index('--port') + 1] == '16379'


def test_redis_is_asked_where_it_is() -> None:
    recipe = make(redis, 'redis:7', server=REDIS)
    assert recipe.programs['redis-cli'] == 'exec redis-cli -p 16379 "$@"'
    assert recipe.programs['valkey-cli'] == recipe.programs['redis-cli']


def test_rabbitmq_has_its_user_whatever_signs_the_password_has() -> None:
    env = {'RABBITMQ_DEFAULT_USER': 'joe', 'RABBITMQ_DEFAULT_PASS': '"#é'}
    settings = make(rabbitmq, 'rabbitmq:3', env=env, server=RABBIT).files['advanced.config']
    assert '{default_user, <<106,111,101>>}' in settings
    assert '{default_pass, <<34,35,195,169>>}' in settings
    assert '{default_vhost, <<47>>}' in settings
    assert '{tcp_listeners, [{"127.0.0.1", 15672}, {"::1", 15672}]}' in settings


@pytest.mark.parametrize(
    ('image', 'ports', 'plugins'),
    [
        ('rabbitmq:3', (), '[].\n'),
        ('rabbitmq:3-management-alpine', (), '[rabbitmq_management].\n'),
        ('rabbitmq:3', ('15692:15692',), '[rabbitmq_prometheus].\n'),
    ],
)
def test_rabbitmq_has_the_plugins_of_its_image(
    image: str, ports: tuple[str, ...], plugins: str
) -> None:
    recipe = make(rabbitmq, image, server=RABBIT, ports=ports)
    assert recipe.files['enabled_plugins'] == plugins


def test_nginx_listens_on_both_addresses() -> None:
    settings = make(nginx, 'nginx', '-g', 'daemon off;', server=NGINX).files['nginx.conf']
    assert 'listen 127.0.0.1:10080; listen [::1]:10080;' in settings
    assert f'pid {FOLDER}/pid;' in settings


def test_nginx_stays_in_the_foreground_once() -> None:
    words = make(nginx, 'nginx', '-g', 'daemon off;', server=NGINX).server
    assert words == ('/sbin/nginx', '-e', 'stderr', '-c', f'{FOLDER}/nginx.conf')


def test_mongodb_lets_nobody_in_without_the_password_once_there_is_one() -> None:
    env = {'MONGO_INITDB_ROOT_USERNAME': 'root', 'MONGO_INITDB_ROOT_PASSWORD': 'it"s'}
    recipe = make(mongo, 'mongo:7', env=env, server=MONGO)
    assert '--auth' in recipe.server
    assert '"pwd": "it\\"s"' in recipe.files['user.js']
    assert recipe.finish[0].words[-1] == f'{FOLDER}/user.js'


def test_mongodb_without_a_user_is_open() -> None:
    recipe = make(mongo, 'mongo:7', server=MONGO)
    assert '--auth' not in recipe.server
    assert recipe.finish == ()


def test_half_a_user_of_mongodb_is_refused() -> None:
    with pytest.raises(CannotPrepare, match='must both be set'):
        make(mongo, 'mongo', env={'MONGO_INITDB_ROOT_USERNAME': 'x'}, server=MONGO)


def test_a_user_of_mongodb_cannot_be_made_without_its_shell() -> None:
    env = {'MONGO_INITDB_ROOT_USERNAME': 'root', 'MONGO_INITDB_ROOT_PASSWORD': 'x'}
    with pytest.raises(CannotPrepare, match='mongosh is needed'):
        make(mongo, 'mongo', env=env, server=MONGO._replace(traits={'shell': ''}))
