"""`kill -9` of liftlock itself: nothing of its services stays behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.services.ground import free_port, is_open, need, workflow
from liftlock.runner import services
from liftlock.runner.services import own, room

PATIENCE = 30.0  # seconds


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='a signal when the parent dies')
def test_servers_die_with_liftlock(tmp_path: Path) -> None:
    need('redis', 'postgres')
    project, ports = tmp_path / 'project', (free_port(), free_port())
    both = {
        f'a_name_that_no_path_of_a_socket_could_hold_{"x" * 60}': {
            'image': 'redis',
            'ports': [f'{ports[0]}:6379'],
        },
        'db': {
            'image': 'postgres',
            'ports': [f'{ports[1]}:5432'],
            'env': {'POSTGRES_PASSWORD': 'x'},
        },
    }
    file = project / '.github' / 'workflows' / 'ci.yml'
    file.parent.mkdir(parents=True)
    file.write_text(workflow(both, f'touch {tmp_path}/ready; sleep 60'))
    settings = tmp_path / 'config' / 'liftlock' / 'config.yml'
    settings.parent.mkdir(parents=True)
    settings.write_text('container-engine: none\n')
    subprocess.run(['git', 'init', '-q', str(project)], check=True)
    env = {
        **os.environ,
        'PYTHONPATH': os.pathsep.join(sys.path),
        'XDG_CONFIG_HOME': str(tmp_path / 'config'),
        'XDG_STATE_HOME': str(tmp_path / 'state'),
        'XDG_CACHE_HOME': str(tmp_path / 'cache'),
        'TMPDIR': str(tmp_path / 'tmp'),
    }
    (tmp_path / 'tmp').mkdir()
    liftlock = [sys.executable, '-m', 'liftlock']
    with subprocess.Popen(
        [*liftlock, 'run'], cwd=project, env=env, stdout=subprocess.DEVNULL
    ) as child:
        until(lambda: (tmp_path / 'ready').exists() or child.poll() is not None)
        assert all(map(is_open, ports))
        child.send_signal(signal.SIGKILL)
    until(lambda: not any(map(is_open, ports)))
    subprocess.run([*liftlock, 'cancel', '1'], cwd=project, env=env, check=True)  # ends the step


def test_what_does_not_die_is_ended_with_the_lost_attempt() -> None:
    env = {'RUNNER_TRACKING_ID': 'github_lost_services'}
    with subprocess.Popen(['/bin/sleep', '60'], env=env) as left:
        services.end_leftovers('github_lost')
        assert left.wait(PATIENCE) == -signal.SIGKILL


def test_a_room_that_nobody_holds_is_cleared_away() -> None:
    with room.open_folder() as lived_in:
        left = Path(own.make('services', under=str(Path(lived_in).parents[2]))) / 'job-left'
        left.mkdir(exist_ok=True)
        (left / 'data').write_text('')
        with room.open_folder():
            assert not left.exists()
        assert Path(lived_in).exists()
    assert not Path(lived_in).exists()
