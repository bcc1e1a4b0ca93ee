"""Stores that are full, read-only, damaged or too new; many processes on one store."""

import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import Ended, Place, finish

ECHO = 'on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [run: echo hello]}}\n'


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """A small file system of one's own, made with the options that are given."""
    where = tmp_path / 'disk'
    where.mkdir()

    def mount(options: str) -> Path:
        command = ('mount', '-t', 'tmpfs', '-o', options, 'tmpfs', str(where))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f'a tmpfs cannot be mounted (run as root): {done.stderr}')
        return where

    yield mount
    subprocess.run(('umount', '--lazy', str(where)), capture_output=True, check=False)


@pytest.mark.parametrize('size', ['64k', '100k', '1m', '3m'])
def test_a_full_disk_is_named_and_what_was_written_is_kept(
    size: str, disk: Callable[[str], Path], place: Place
) -> None:
    state = disk(f'size={size}')
    place.steps('run: seq 1 1000000', 'run: echo not reached')
    ended = place.measured('--state', str(state / 'store'), 'run')
    assert ended.status == 2
    assert 'full' in ended.err or 'No space left on device' in ended.err
    if 'cannot write the log' in ended.err:
        logs = place.liftlock('--state', str(state / 'store'), 'logs')
        assert logs.status == 0
        lines = logs.out.splitlines()
        assert lines[3:13] == [str(number) for number in range(1, 11)]
        assert 'interrupted' in place.liftlock('--state', str(state / 'store'), 'runs').out
        subprocess.run(('mount', '-o', 'remount,size=40m', str(state)), check=True)
        place.steps('run: echo changed since')
        assert place.liftlock('--state', str(state / 'store'), 'resume').status == 0


def test_a_step_that_fills_the_disk_fails_by_itself(
    disk: Callable[[str], Path], place: Place
) -> None:
    state = disk('size=8m')
    place.steps(
        'run: trap "rm big" EXIT; dd if=/dev/zero of=big bs=1M count=100',
        '{if: always(), run: echo cleaned}',
    )
    ended = place.liftlock('--state', str(state / 'store'), 'run')
    assert ended.status == 1
    assert 'No space left on device' in ended.out
    assert 'job | cleaned\n' in ended.out


def test_a_read_only_disk_is_named(disk: Callable[[str], Path], place: Place) -> None:
    state = disk('ro')
    place.workflow(ECHO)
    for command in ('run', 'runs', 'show'):
        ended = place.liftlock('--state', str(state / 'store'), command)
        assert ended.status == 2
        assert 'Read-only file system' in ended.err
        assert '--state DIR' in ended.err


@pytest.mark.parametrize('state', ['/dev/null', '/proc/nowhere', 'a-file'])
def test_a_store_that_cannot_be_is_refused(state: str, place: Place) -> None:
    place.workflow(ECHO)
    place.write('a-file', '')
    for command in ('run', 'runs'):
        ended = place.liftlock('--state', state, command)
        assert ended.status == 2
        assert '--state DIR' in ended.err


def damage(how: str, file: Path) -> None:
    content = file.read_bytes()
    match how:
        case 'garbage':
            file.write_bytes(os.urandom(50_000))
        case 'cut':
            file.write_bytes(content[: len(content) // 2 + 100])
        case 'holes':
            file.write_bytes(content[:4096] + os.urandom(len(content) - 8192) + content[-4096:])
        case 'newer':
            connection = sqlite3.connect(file)
            connection.execute('PRAGMA user_version = 999')
            connection.close()


@pytest.mark.parametrize('how', ['garbage', 'cut', 'holes', 'newer'])
def test_a_damaged_database_is_left_alone(how: str, place: Place) -> None:
    place.workflow(ECHO)
    assert place.run().status == 0
    file = place.state / 'liftlock.db'
    for other in place.state.glob('liftlock.db-*'):
        other.unlink()
    damage(how, file)
    before = file.read_bytes()
    for words in (('run',), ('runs',), ('show', '1'), ('logs', '1'), ('resume',)):
        ended = place.liftlock(*words)
        assert ended.status == 2
        assert ('newer Liftlock' if how == 'newer' else 'is damaged') in ended.err
    assert file.read_bytes() == before


def test_a_database_that_was_lost_leaves_no_old_lines_in_new_logs(place: Place) -> None:
    place.steps('run: echo old')
    assert place.run().status == 0
    for file in place.state.glob('liftlock.db*'):
        file.unlink()
    place.steps('run: echo new')
    assert place.run().status == 0
    assert 'old' not in place.liftlock('logs').out


def test_several_begin_on_one_new_store_at_once(place: Place) -> None:
    place.workflow(
        'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n'
        '    strategy: {matrix: {n: [1, 2, 3, 4, 5]}}\n    steps: [run: echo]\n'
    )
    ended = [finish(process) for process in [place.start('run') for _ in range(4)]]
    assert [one.status for one in ended] == [0] * 4, ended
    assert place.liftlock('runs').out.count('✓') == 4


def test_of_two_that_resume_one_run_only_one_does(
    place: Place, started: list['subprocess.Popen[bytes]'], tmp_path: Path
) -> None:
    reached, free = tmp_path / 'reached', tmp_path / 'free'
    place.steps(f'run: touch {reached}; until test -e {free}; do sleep 0.05; done; echo done')
    process = place.start('run')
    started.append(process)
    await_file(reached)
    process.kill()
    finish(process)
    reached.unlink()
    both = [place.start('resume', '1') for _ in range(2)]
    started += both
    await_file(reached)
    await_that(lambda: any(one.poll() is not None for one in both), 'both go on')
    free.touch()
    ended = sorted((finish(one) for one in both), key=status)
    assert [one.status for one in ended] == [0, 2]
    assert 'run 1 is being carried out by process' in ended[1].err
    assert place.liftlock('logs').out.count('done\n') >= 1
    assert place.liftlock('resume').status == 2


def status(ended: Ended) -> int:
    return ended.status


def await_file(file: Path) -> None:
    await_that(file.exists, f'{file} never came')


def await_that(holds: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


def test_a_run_goes_on_only_with_its_sources(place: Place, tmp_path: Path) -> None:
    reached = tmp_path / 'reached'
    place.steps(f'run: touch {reached}; sleep 30')
    process = place.start('run')
    await_file(reached)
    process.kill()
    finish(process)
    shutil.rmtree(place.state / 'sources')
    ended = place.liftlock('resume')
    assert ended.status == 2
    assert 'the snapshot' in ended.err
    assert 'is gone' in ended.err
