"""What is left of a job when it ends: nothing, however it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import fakes
from e2e.sandbox.ground import need, play
from fakes import once_ready
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner.executors import find
from liftlock.runner.ports import Stop
from liftlock.runner.sandbox import limits

PATIENCE = 20.0  # seconds


def running(marker: str) -> list[str]:
    """Processes of this machine with this in their arguments."""
    found = subprocess.run(['pgrep', '-f', marker], capture_output=True, text=True, check=False)
    return [pid for pid in found.stdout.split() if int(pid) != os.getpid()]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_process_of_one_step_is_there_in_the_next(tmp_path: Path) -> None:
    steps = """
- run: sleep 600 >/dev/null 2>&1 & echo $! >pid
- run: kill -0 $(cat pid) && echo alive
"""
    played = play(steps, tmp_path)
    assert played.printed(2)[-1] == 'alive'
    assert 'Cleaning up orphan processes' in played.text
    assert '(sleep)' in played.text


def test_daemons_end_with_the_job(tmp_path: Path) -> None:
    marker = f'9{os.getpid()}'
    steps = f"""
- run: |
    setsid nohup sleep {marker} >/dev/null 2>&1 &
    (setsid sh -c 'env -i sleep {marker} &' &) >/dev/null 2>&1
    sleep 0.2; pgrep -fc 'sleep {marker}'
"""
    played = play(steps, tmp_path)
    assert played.printed()[-1] == '2'
    assert not running(f'sleep {marker}')


def test_a_cancelled_job_may_clean_up_and_then_ends(tmp_path: Path) -> None:
    stop, marker = Stop(), f'8{os.getpid()}'
    steps = f"""
- run: trap 'echo interrupted; exit 1' INT; touch ready; sleep {marker} >/dev/null 2>&1 & wait
- if: always()
  run: echo "still here"
"""
    played = play(
        steps, tmp_path, stop=stop, when=once_ready(tmp_path, lambda: stop.request('enough'))
    )
    assert played.finished.conclusion == 'cancelled'
    assert 'interrupted' in played.printed(1)
    assert 'still here' in played.printed(2)
    assert not running(f'sleep {marker}')


def test_nothing_survives_when_liftlock_is_killed(tmp_path: Path) -> None:
    need()
    marker, mark = f'7{os.getpid()}', tmp_path / 'job/hello/hello/ready'
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
import pytest

import fakes
from e2e.sandbox.ground import play
from liftlock.language.settings.sandbox import Sandbox
play('- run: setsid sleep {marker} & touch ready; sleep {marker}', Path({str(tmp_path)!r}),
     Sandbox(memory=1 << 30), tracking_id='github_{marker}')
"""
    child = subprocess.Popen([sys.executable, '-c', code], start_new_session=True)
    until(lambda: mark.exists() or child.poll() is not None)
    assert running(f'sleep {marker}')
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    until(lambda: not running(f'sleep {marker}'))
    find('sandbox').end_leftovers(f'github_{marker}')
    assert not list(Path('/sys/fs/cgroup').glob(f'**/{limits.name_of(f"github_{marker}")}'))


def test_a_sandbox_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    need()
    tools = tmp_path / 'bin'
    tools.mkdir()
    (tools / 'bwrap').write_text('#!/bin/sh\necho "bwrap: setting up uid map: Permission denied"\n')
    (tools / 'bwrap').chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv('PATH', f'{tools}:{os.environ["PATH"]}')
        played = play('- run: echo never', tmp_path)
        patch.setenv('PATH', str(tmp_path))
        without = fakes.play('- run: echo never', tmp_path / 'more', place='sandbox')
    assert 'setting up uid map: Permission denied. ' in played.finished.message
    assert 'apt install bubblewrap' in without.finished.message
    assert played.steps == without.steps == []


def test_a_job_that_is_cancelled_before_it_has_a_place_ends(tmp_path: Path) -> None:
    stop = Stop()
    stop.request('enough')
    assert play('- run: echo never', tmp_path, stop=stop).finished.conclusion == 'cancelled'


def test_many_jobs_at_once(tmp_path: Path) -> None:
    need()

    async def all_of_them() -> list[str]:
        from fakes import Lines, indent, make_plan, make_request, make_world
        from liftlock.runner import job

        async def one(number: int) -> str:
            folder = tmp_path / str(number)
            folder.mkdir()
            request = make_request(make_plan(indent('- run: sleep 0.2')), folder, place='sandbox')
            world = make_world(folder, sandbox=Sandbox(processes=64))
            done = await job.run(request, world, lambda fact: None, Lines(), Stop())
            return done.conclusion

        return list(await asyncio.gather(*map(one, range(8))))

    assert asyncio.run(all_of_them()) == ['success'] * 8
