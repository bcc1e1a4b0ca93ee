from liftlock.runner.containers import Container
from liftlock.runner.docker import create
from liftlock.runner.docker.create import Mount, Place


def test_a_service() -> None:
    service = Container(
        'postgres:16',
        ports=('5432', '6000:6001/udp'),
        volumes=('/my/data:/data:ro',),
        options='--health-cmd "pg_isready -U me" --health-interval 1s',
    )
    place = Place('db_postgres16_abc', 'github_1', 'net', 'db')
    words = create.words(place, service, ('-e', 'A'), 'postgres:16', 'sh', ('-c', 'two words'))
    assert words == [
        'run', '--detach', '--name', 'db_postgres16_abc', '--label', 'liftlock=github_1',
        '--network', 'net', '--network-alias', 'db', '-p', '5432', '-p', '6000:6001/udp',
        '--health-cmd', 'pg_isready -U me', '--health-interval', '1s', '-e', 'A',
        '-v', '/my/data:/data:ro', '--entrypoint', 'sh', 'postgres:16', '-c', 'two words',
    ]  # fmt: skip


def test_a_mount_whose_path_has_a_comma() -> None:
    assert Mount('/a,b', '/c', read_only=True).words == (
        '--mount',
        'type=bind,"source=/a,b",target=/c,readonly',
    )


def test_ci_may_be_set_otherwise_and_github_actions_may_not() -> None:
    container = Container('x', env={'CI': 'no', 'GITHUB_ACTIONS': 'no'})
    assert create.variables(container, {'HOME': '/h'}) == {
        'CI': 'no',
        'GITHUB_ACTIONS': 'true',
        'HOME': '/h',
    }
