"""How an instance is started."""

import pytest

from liftlock.rollout.version import Revision, Version
from liftlock.targets.process import command
from liftlock.targets.process.record import Record


@pytest.mark.parametrize(
    ('written', 'run'),
    [
        ('uvicorn app:app --port $PORT', 'exec uvicorn app:app --port $PORT'),
        ('node server.js --port ${PORT}\n', 'exec node server.js --port ${PORT}'),
        ('DEBUG=1 node server.js', 'DEBUG=1 exec node server.js'),
        ('A="x \\" y"z B=\'1 2\' C=$PORT ./serve', 'A="x \\" y"z B=\'1 2\' C=$PORT exec ./serve'),
        ('python -m http.server "$PORT"', 'exec python -m http.server "$PORT"'),
        ('execute --now', 'exec execute --now'),
    ],
)
def test_the_application_takes_the_place_of_the_shell(written: str, run: str) -> None:
    assert command.script(written) == run
    assert command.line('/bin/bash', written) == ('/bin/bash', '-e', '-c', run)


@pytest.mark.parametrize(
    'written',
    [
        'cd app && npm start',
        'exec gunicorn app',
        'A=1 exec gunicorn app',
        'flask db upgrade\nflask run',
        'flask run | tee log',
        'while true; do ./once; done',
        'eval "$START"',
        '. ./activate',
        '(umask 077; ./serve)',
        '$(which serve)',
        './serve > /dev/null',
    ],
)
def test_of_several_commands_the_shell_stays(written: str) -> None:
    assert command.script(written) == written


def test_the_environment_is_clean_and_ours_comes_last() -> None:
    made = command.environment(
        {'PATH': '/opt/bin', 'AWS_SECRET_ACCESS_KEY': 'x', 'HOME': '/root'},
        '/state/home',
        {'PORT': '1', 'MODE': 'production'},
        {'PORT': '8080'},
    )
    assert made == {
        'PATH': '/opt/bin',
        'LANG': 'C.UTF-8',
        'HOME': '/state/home',
        'MODE': 'production',
        'PORT': '8080',
    }


def test_an_environment_may_say_its_own_path_and_home() -> None:
    made = command.environment({}, '/state/home', {'PATH': '/app/bin', 'HOME': '/data'}, {})
    assert (made['PATH'], made['HOME']) == ('/app/bin', '/data')


def test_an_instance_is_told_who_it_is() -> None:
    revision = Revision('r7', Version('v1.2.0'))
    kept = Record('r7-1', 'r7', 'release', 'serve', mark='abc-r7-1-9', port=8080)
    assert {**command.names('shop', revision), **command.told(kept)} == {
        'LIFTLOCK_ENVIRONMENT': 'shop',
        'LIFTLOCK_REVISION': 'r7',
        'LIFTLOCK_VERSION': 'v1.2.0',
        'LIFTLOCK_INSTANCE': 'abc-r7-1-9',
        'PORT': '8080',
        'HOST': '127.0.0.1',
    }
