"""Every executor keeps the same promises. A new executor gets this suite for free."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from liftlock.runner import directories
from liftlock.runner.containers import Wanted
from liftlock.runner.executors import find
from liftlock.runner.executors.base import (
    CannotStart,
    Executor,
    Leash,
    Order,
    Patience,
    Workplace,
)

ENV = {'PATH': '/usr/bin:/bin'}
QUICK = Patience(after_interrupt=0.3, after_terminate=0.3, for_pipes=0.3)


@pytest.fixture(params=['host'])
def executor(request: pytest.FixtureRequest) -> Executor:
    return find(request.param)


class Heard:
    """What a command printed, and when somebody wants to act on it."""

    def __init__(self) -> None:
        self.output = b''
        self.wanted: dict[bytes, Callable[[], None]] = {}

    def __call__(self, chunk: bytes) -> None:
        self.output += chunk
        for text in [text for text in self.wanted if text in self.output]:
            self.wanted.pop(text)()


def play(executor: Executor, scene: Callable[[Workplace], Awaitable[int]]) -> int:
    async def stage() -> int:
        order = Order(
            directories=directories.name('/nowhere', 'octo/hello'),
            tracking_id='github_contract',
            wanted=Wanted(),
            say=print,
            patience=QUICK,
        )
        async with executor.prepare(order) as workplace:
            return await scene(workplace)

    return asyncio.run(stage())


def run(
    executor: Executor,
    script: str,
    heard: Heard,
    leash: Leash | None = None,
    cwd: str = '/',
    env: dict[str, str] | None = None,
) -> int:
    command = ('sh', '-c', script)
    return play(
        executor, lambda place: place.run(command, env or ENV, cwd, heard, leash or Leash())
    )


def test_output_and_error_arrive_in_order_with_the_status(executor: Executor) -> None:
    heard = Heard()
    assert run(executor, 'echo out; echo err >&2; echo out; exit 3', heard) == 3
    assert heard.output == b'out\nerr\nout\n'


def test_a_signal_becomes_128_and_its_number(executor: Executor) -> None:
    assert run(executor, 'kill -KILL $$', Heard()) == 128 + signal.SIGKILL


def test_the_environment_is_what_was_given(executor: Executor) -> None:
    heard = Heard()
    env = {**ENV, 'GREETING': 'hé\nllo', 'EMPTY': ''}
    run(executor, 'printf "%s|%s|%s" "$GREETING" "${EMPTY-unset}" "${HOME-unset}"', heard, env=env)
    assert heard.output == 'hé\nllo||unset'.encode()


def test_the_working_directory(executor: Executor, tmp_path: Path) -> None:
    heard = Heard()
    run(executor, 'pwd', heard, cwd=str(tmp_path))
    assert heard.output.decode().strip() == str(tmp_path.resolve())


def test_standard_input_is_empty(executor: Executor) -> None:
    heard = Heard()
    assert run(executor, 'cat; echo end', heard) == 0
    assert heard.output == b'end\n'


def test_there_is_no_terminal(executor: Executor) -> None:
    assert run(executor, 'test -t 0 || test -t 1 || test -t 2', Heard()) != 0


def test_a_lot_of_output_comes_whole(executor: Executor) -> None:
    heard = Heard()
    run(executor, 'i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done', heard)
    assert heard.output == b'0123456789\n' * 20000


def test_a_missing_program_cannot_be_started(executor: Executor) -> None:
    with pytest.raises(CannotStart, match='no-such-program'):
        play(executor, lambda place: place.run(('no-such-program',), ENV, '/', Heard(), Leash()))


def test_a_missing_directory_is_named(executor: Executor, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"working directory '.*/gone' does not exist"):
        run(executor, 'true', Heard(), cwd=str(tmp_path / 'gone'))


def test_programs_are_found_on_the_given_path(executor: Executor, tmp_path: Path) -> None:
    tool = tmp_path / 'tool'
    tool.write_text('#!/bin/sh\n')
    found: list[str | None] = []

    async def scene(place: Workplace) -> int:
        found.append(place.find('tool', f'/usr/bin:{tmp_path}'))
        tool.chmod(0o755)
        found.append(place.find('tool', f'/usr/bin:{tmp_path}'))
        return 0

    play(executor, scene)
    assert found == [None, str(tool)]


def test_an_interrupt_is_sent_first(executor: Executor) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.interrupt
    script = 'trap "echo got INT; exit 7" INT; echo ready; while :; do sleep 0.05; done'
    assert run(executor, script, heard, leash) == 7
    assert b'got INT' in heard.output


def test_then_terminate(executor: Executor) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.interrupt
    script = 'trap "" INT; trap "exit 8" TERM; echo ready; while :; do sleep 0.05; done'
    assert run(executor, script, heard, leash) == 8


def test_then_kill(executor: Executor) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.interrupt
    script = 'trap "" INT TERM; echo ready; while :; do sleep 0.05; done'
    assert run(executor, script, heard, leash) == 128 + signal.SIGKILL


def test_a_forced_end_waits_for_nothing(executor: Executor) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.kill
    started = time.monotonic()
    assert run(executor, 'trap "" INT TERM; echo ready; sleep 60', heard, leash) == 137
    assert time.monotonic() - started < 30


def test_a_leash_that_was_pulled_before_ends_the_next_command(executor: Executor) -> None:
    leash = Leash()
    leash.interrupt()
    assert run(executor, 'exec sleep 60', Heard(), leash) == 128 + signal.SIGINT


def test_a_leash_pulls_those_that_hang_on_it(executor: Executor) -> None:
    parent, heard = Leash(), Heard()
    heard.wanted[b'ready'] = parent.kill
    assert run(executor, 'echo ready; sleep 60', heard, Leash(parent)) == 137


def test_a_child_left_behind_does_not_hold_up_the_end(executor: Executor) -> None:
    heard = Heard()
    assert run(executor, 'sleep 20 & echo done', heard) == 0
    assert heard.output == b'done\n'


def test_what_a_child_prints_after_the_end_is_still_heard(executor: Executor) -> None:
    heard = Heard()
    run(executor, '(sleep 0.1; echo late) & echo done', heard)
    assert heard.output == b'done\nlate\n'


def test_two_commands_run_at_the_same_time(executor: Executor, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / 'pipe')

    async def scene(place: Workplace) -> int:
        heard = Heard()
        both = await asyncio.gather(
            place.run(('sh', '-c', 'echo hi > pipe'), ENV, str(tmp_path), heard, Leash()),
            place.run(('cat', 'pipe'), ENV, str(tmp_path), heard, Leash()),
        )
        assert heard.output == b'hi\n'
        return max(both)

    assert play(executor, scene) == 0


def test_breaking_off_leaves_no_process_behind(executor: Executor, tmp_path: Path) -> None:
    mark = tmp_path / 'pid'

    async def scene(place: Workplace) -> int:
        script = f'echo $$ > {mark}.new; mv {mark}.new {mark}; sleep 60'
        task = asyncio.create_task(
            place.run(('sh', '-c', script), {'PATH': ENV['PATH']}, '/', Heard(), Leash())
        )
        while not mark.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return 0

    play(executor, scene)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='reads /proc')
def test_no_file_stays_open(executor: Executor) -> None:
    before = len(os.listdir('/proc/self/fd'))  # noqa: PTH208
    for _ in range(3):
        run(executor, 'true', Heard())
    assert len(os.listdir('/proc/self/fd')) == before  # noqa: PTH208
