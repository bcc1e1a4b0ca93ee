"""Signals at any moment, readers that go away, terminals that cannot show what is said."""

import signal
import time
from pathlib import Path

import pytest

from .conftest import LIFTLOCK, Place, finish
from .test_stores import await_file


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_once_a_run_stops_and_cleans_up(
    number: signal.Signals, place: Place, tmp_path: Path
) -> None:
    reached = tmp_path / 'reached'
    place.steps(f'run: touch {reached}; exec sleep 60', '{if: always(), run: echo cleaned up}')
    process = place.start('run')
    await_file(reached)
    process.send_signal(number)
    ended = finish(process)
    assert ended.status == 130
    assert 'job | cleaned up\n' in ended.out
    assert 'cancelled' in place.liftlock('runs').out


def test_asked_twice_a_run_ends_at_once_also_where_a_step_will_not(
    place: Place, tmp_path: Path
) -> None:
    reached = tmp_path / 'reached'
    place.steps(f"run: trap '' INT TERM; touch {reached}; while true; do sleep 0.1; done")
    process = place.start('run')
    await_file(reached)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    ended = finish(process)
    assert ended.status == 130
    assert time.monotonic() - begun < 9  # being asked politely takes ten seconds
    assert 'success' not in place.liftlock('runs').out


@pytest.mark.parametrize('moment', [0.05, 0.1, 0.15, 0.2, 0.3])
def test_ctrl_c_leaves_nothing_half_done_whenever_it_comes(moment: float, place: Place) -> None:
    place.steps('run: sleep 1')
    process = place.start('run')
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    ended = finish(process)
    # 1 and -SIGINT: Python itself had not begun with us
    assert ended.status in (130, 1, -signal.SIGINT)
    listed = place.liftlock('runs')
    assert listed.status == 0
    assert 'interrupted' not in listed.out
    assert place.liftlock('resume').status == 2


def test_a_reader_that_goes_away_does_not_stop_the_run(place: Place, tmp_path: Path) -> None:
    place.steps(f'run: seq 1 100000; touch {tmp_path}/reached')
    words = ' '.join(LIFTLOCK)
    for command, status in (('run', '0'), ('run --json', '0'), ('logs', '0'), ('--help', '0')):
        script = f'set -o pipefail; {{ {words} {command}; echo $? > {tmp_path}/status; }} | head -1'
        ended = finish(place.start(program=('bash', '-c', script)))
        assert 'Traceback' not in ended.err
        assert 'Broken' not in ended.err
        assert (tmp_path / 'status').read_text().strip() == status
    assert (tmp_path / 'reached').exists()


@pytest.mark.parametrize('closed', ['>&-', '2>&-', '<&-', '>&- 2>&- <&-'])
def test_outputs_that_are_closed_are_no_trouble(closed: str, place: Place) -> None:
    place.steps('run: echo hello')
    script = f'exec "$@" {closed}'
    ended = place.liftlock('run', program=('sh', '-c', script, '-', *LIFTLOCK))
    assert ended.status == 0, ended.err
    assert place.liftlock('logs').out.endswith('hello\n')


def test_an_output_that_is_full_is_said_to_be(place: Place) -> None:
    if not Path('/dev/full').exists():
        pytest.skip('needs /dev/full: run on Linux')
    place.steps('run: echo hello')
    for command in ('run', 'runs', 'check'):
        script = 'exec "$@" > /dev/full'
        ended = place.liftlock(command, program=('sh', '-c', script, '-', *LIFTLOCK))
        assert ended.status == 3
        assert 'cannot write: No space left on device' in ended.err


@pytest.mark.parametrize(
    'env',
    [
        {'LC_ALL': 'C'},
        {'LC_ALL': 'C', 'PYTHONCOERCECLOCALE': '0', 'PYTHONUTF8': '0'},
        {'LC_ALL': 'xx_YY.nope', 'PYTHONCOERCECLOCALE': '0', 'PYTHONUTF8': '0'},
        {'PYTHONIOENCODING': 'latin-1'},
        {'TERM': ''},
        {'COLUMNS': '1'},
    ],
)
def test_what_a_terminal_cannot_show_is_replaced(env: dict[str, str], place: Place) -> None:
    place.steps('{name: Grüße ✓, run: echo "hällo ✓"}')
    ended = place.liftlock('run', **env)
    assert ended.status == 0, ended.err
    assert 'succeeded' in ended.out
    for words in (('show',), ('logs',), ('runs',), ('run', '--json'), ('check',)):
        assert place.liftlock(*words, **env).status == 0
    assert 'hällo ✓' in place.liftlock('logs').out


def test_names_cannot_move_the_cursor(place: Place) -> None:
    place.steps(
        r'{name: "a\e[2Jb", run: "echo \"::error title=x::$(printf \"a\\033[2Jb\")\"; exit 1"}'
    )
    for words in (('run',), ('show',), ('runs',)):
        assert '\x1b' not in place.liftlock(*words).out
