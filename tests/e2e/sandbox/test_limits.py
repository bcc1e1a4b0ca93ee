"""How much a job may have."""

import os
from pathlib import Path

import pytest

from e2e.sandbox.ground import play
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner.sandbox import limits

MEMORY = Sandbox(memory=100 << 20)


def kept(declared: Sandbox) -> bool:
    return not limits.choose(declared, 'liftlock-test').missing


def test_memory(tmp_path: Path) -> None:
    script = 'python3 -c "x = bytearray(300 << 20); print(len(x))"'
    played = play(f'- run: {script}\n- if: always()\n  run: echo next', tmp_path, MEMORY)
    if kept(MEMORY):
        assert '100 MB of memory' in played.text
        assert '314572800' not in played.text
    else:
        assert 'cannot hold jobs to sandbox.memory' in played.text
    assert 'next' in played.printed(2)


def test_processes(tmp_path: Path) -> None:
    few = Sandbox(processes=50)
    if not kept(few):
        pytest.skip('nothing here counts processes')
    script = 'for n in $(seq 200); do sleep 5 >/dev/null 2>&1 & done; echo all'
    played = play(f'- run: {script}\n- if: always()\n  run: echo next', tmp_path, few)
    assert 'all' not in played.printed(1)
    assert played.finished.conclusion == 'failure'


def test_a_bomb_of_processes_goes_off_inside(tmp_path: Path) -> None:
    few = Sandbox(processes=60)
    if not kept(few):
        pytest.skip('nothing here counts processes')
    script = 'bomb() { bomb | bomb & }; bomb; sleep 1; exit 1'
    played = play(f'- run: {script}\n  timeout-minutes: 1', tmp_path, few)
    assert played.finished.conclusion == 'failure'


@pytest.mark.parametrize('where', ['.', '/tmp', '$HOME'])
def test_disk(tmp_path: Path, where: str) -> None:
    """Many files, since one alone may not be so large in the first place."""
    script = (
        f'cd {where}; for n in $(seq 9); do head -c 10M /dev/zero >$n; sleep 0.4; done; sleep 9'
    )
    played = play(f'- run: {script}\n- run: echo next', tmp_path, Sandbox(disk=30 << 20))
    assert played.finished.conclusion == 'failure'
    assert 'may write 30 MB (sandbox.disk in liftlock.yml)' in played.text
    assert 'next' not in played.text


def test_files_without_a_name_take_room_too(tmp_path: Path) -> None:
    script = (
        'for n in 3 4 5 6; do eval "exec $n>f; rm f; head -c 10M /dev/zero >&$n"; done; sleep 9'
    )
    played = play(f'- run: {script}', tmp_path, Sandbox(disk=30 << 20))
    assert 'may write 30 MB' in played.text


def test_a_file_is_not_larger_than_the_disk(tmp_path: Path) -> None:
    script = 'head -c 50M /dev/zero >file; ls -l file'
    played = play(f'- run: {script}', tmp_path, Sandbox(disk=20 << 20))
    assert played.finished.conclusion == 'failure'
    assert (played.workspace / 'file').stat().st_size <= 20 << 20


def test_control_groups_are_gone_afterwards(tmp_path: Path) -> None:
    play('- run: sleep 600 >/dev/null 2>&1 &', tmp_path, MEMORY, tracking_id='github_gone')
    assert not list(Path('/sys/fs/cgroup').glob(f'**/{limits.name_of("github_gone")}'))


@pytest.mark.skipif(os.geteuid() != 0, reason='plain users have limits of their own here')
def test_root_s_jobs_are_not_counted_with_those_of_others() -> None:
    assert limits.choose(Sandbox(), 'liftlock-test').processes == 0
