"""What a workflow finds behind a service: each kind of server once, with its real clients."""

from pathlib import Path

from e2e.services.ground import free_port, is_open, need, run
from fakes import Played


def printed(played: Played) -> list[str]:
    """By the first step, which comes after `Initialize containers`."""
    assert played.finished.conclusion == 'success', played.text
    return played.printed(2)


def test_postgres_has_its_user_database_and_password(tmp_path: Path) -> None:
    need('postgres')
    port = free_port()
    service = {
        'image': 'postgres',
        'env': {'POSTGRES_USER': 'app', 'POSTGRES_PASSWORD': "it's", 'POSTGRES_DB': 'shop'},
        'ports': [f'{port}:5432'],
        'options': '--health-cmd pg_isready --health-interval 10s --health-retries 5',
    }
    query = "select current_user, current_database(), rolsuper, current_setting('TimeZone')"
    played = run(
        tmp_path,
        {'db': service},
        f'PGPASSWORD="it\'s" psql -h localhost -p {port} -U app shop -Atc '
        f'"{query} from pg_roles where rolname = current_user"',
        f'! PGPASSWORD=wrong psql -h localhost -p {port} -U app shop -c "select 1" 2>&1',
        'echo "${{ job.services.db.ports[\'5432\'] }} ${{ job.services.db.network }}"',
    )
    assert printed(played) == ['app|shop|t|UTC']
    assert 'password authentication failed' in played.printed(3)[0]
    assert played.printed(4) == [f'{port} host']
    assert 'database system is shut down' in played.text  # of the server's own output
    assert not is_open(port)


def test_postgres_without_a_password_is_refused_in_words_of_the_image(tmp_path: Path) -> None:
    need('postgres')
    played = run(tmp_path, {'db': {'image': 'postgres', 'ports': [5432]}})
    assert played.steps == [('Initialize containers', 'failure')]
    assert 'superuser password is not specified' in played.finished.message
    assert "The service 'db' (postgres): " in played.finished.message


def test_redis_takes_its_command(tmp_path: Path) -> None:
    need('redis')
    service = {
        'image': 'redis:7-alpine',
        'command': 'redis-server --requirepass abc',
        'ports': [6379],
        'options': '--health-cmd "redis-cli -a abc ping"',
    }
    client = "redis-cli -p ${{ job.services.cache.ports['6379'] }}"
    played = run(
        tmp_path, {'cache': service}, f'{client} -a abc ping 2>/dev/null', f'{client} ping'
    )
    assert printed(played) == ['PONG']
    assert played.printed(3)[0] == 'NOAUTH Authentication required.'


def test_mariadb_stands_in_for_mysql_and_says_so(tmp_path: Path) -> None:
    need('mysql')
    port = free_port()
    service = {
        'image': 'mysql:8',
        'env': {
            'MYSQL_ROOT_PASSWORD': "ro'ot",
            'MYSQL_DATABASE': 'my_app',
            'MYSQL_USER': 'joe',
            'MYSQL_PASSWORD': 'pw',
        },
        'ports': [f'{port}:3306'],
        'options': '--health-cmd="mysqladmin ping -h 127.0.0.1 -P 3306"',
    }
    client = f'mysql -h 127.0.0.1 -P {port} -N -B'
    zones = "select current_user(), convert_tz('2024-01-01 12:00:00', 'UTC', 'Europe/Berlin')"
    played = run(
        tmp_path,
        {'db': service},
        f'{client} -ujoe -ppw my_app -e "create table t (a int); {zones}"',
        f'{client} -uroot "-pro\'ot" -e "select user, host from mysql.user '
        "where user in ('root', 'joe', '') order by user, host\"",
        f'! {client} -uroot -e "select 1" 2>&1',
    )
    assert printed(played) == ['joe@%\t2024-01-01 13:00:00']
    assert played.printed(3) == ['joe\t%', 'root\t%', 'root\tlocalhost']
    assert 'Access denied' in played.printed(4)[0]
    assert "##[warning]The service 'db' (mysql:8) asks for MySQL, not for MariaDB" in played.text


def test_rabbitmq_has_its_user_and_its_management(tmp_path: Path) -> None:
    need('rabbitmq')
    amqp, management = free_port(), free_port()
    service = {
        'image': 'rabbitmq:3-management',
        'env': {
            'RABBITMQ_DEFAULT_USER': 'joe',
            'RABBITMQ_DEFAULT_PASS': 'p#w',
            'RABBITMQ_DEFAULT_VHOST': '/own',
        },
        'ports': [f'{amqp}:5672', f'{management}:15672'],
        'options': '--health-cmd "rabbitmq-diagnostics -q ping" --health-interval 5s',
    }
    played = run(
        tmp_path,
        {'mq': service},
        f'curl --silent --user "joe:p#w" http://localhost:{management}/api/vhosts '
        '| grep --only-matching \'"name":"[^"]*"\'',
        f'exec 3<>/dev/tcp/127.0.0.1/{amqp}; printf "AMQP\\0\\0\\11\\1" >&3; '
        'head --bytes=1 <&3 | od -An -tx1',
        tracking_id='github_rabbit',
    )
    assert printed(played) == ['"name":"/own"']
    assert played.printed(3) == [' 01']  # a frame, and not the header of another protocol
    assert not [
        process
        for process in Path('/proc').glob('[0-9]*/environ')
        if b'github_rabbit_services' in _read(process)
    ]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b''


def test_nginx_welcomes(tmp_path: Path) -> None:
    need('nginx')
    port = free_port()
    service = {
        'image': 'nginx',
        'ports': [f'{port}:80'],
        'options': '--health-cmd "curl --fail http://localhost/"',
    }
    played = run(tmp_path, {'web': service}, f'curl --silent http://localhost:{port} | grep title')
    assert 'Welcome to nginx' in printed(played)[0]


def test_a_server_that_debian_has_not_is_named(tmp_path: Path) -> None:
    played = run(tmp_path, {'db': {'image': 'mongo:7', 'ports': ['27017:27017']}})
    if played.finished.conclusion == 'success':  # somebody has installed it from elsewhere
        return
    assert played.finished.message == (
        "The service 'db' (mongo:7) cannot be started (there is no program none); without a "
        'container engine it needs MongoDB on this machine: Debian has no package of it'
    )
