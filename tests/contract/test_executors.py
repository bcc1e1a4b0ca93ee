"""Every executor keeps the same promises. A new executor gets this suite for free."""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

import containers
from e2e.delivery.clusters import kubectl
from fakekube.server import running
from liftlock.runner import directories
from liftlock.runner.containers import Container, Wanted
from liftlock.runner.executors import find
from liftlock.runner.executors.base import CannotStart, Leash, Order, Patience, Workplace
from liftlock.runner.kubernetes.settings import Pods, Template

ENV = {'PATH': '/usr/bin:/bin'}
QUICK = Patience(after_interrupt=0.3, after_terminate=0.3, for_pipes=0.3)
# Whoever starts in a container, or is signalled there, does so by a command line of its own.
CONTAINED = ('docker', 'kubernetes')
PATIENT = Patience(after_interrupt=1.5, after_terminate=1.5, for_pipes=0.3)


class Stage:
    """One workplace, open for all tests: a container takes half a second to start and to end.

    `folder` belongs to the job, so processes in there see it, under a name of their own perhaps.
    """

    def __init__(self, executor: str, folder: Path) -> None:
        self.executor = executor
        self.folder = folder
        places = directories.name(str(folder / 'job'), 'octo/hello')
        directories.make(places)
        image = Container(containers.IMAGE) if executor == 'docker' else None
        self._around = ExitStack()
        self._order = Order(
            directories=places,
            tracking_id=f'github_contract_{os.getpid()}',
            wanted=Wanted(image),
            say=print,
            tool_cache=str(folder / 'tools'),
            patience=PATIENT if executor in CONTAINED else QUICK,
            pods=self._cluster() if executor == 'kubernetes' else Pods(),
        )
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._runner.run(self._open())

    def _cluster(self) -> Pods:
        """An API server of ours, before containers that really run."""
        cluster = self._around.enter_context(running(containers=True))
        return Pods(
            kubeconfig=str(cluster.kubeconfig(self.folder / 'kubeconfig')),
            program=kubectl(),
            templates={'default': Template(image=containers.IMAGE)},
        )

    async def _open(self) -> None:
        prepared = find(self.executor).prepare(self._order)
        self.place: Workplace = await self._stack.enter_async_context(prepared)

    def play(self, scene: Callable[[Workplace], Awaitable[int]]) -> int:
        async def played() -> int:
            return await scene(self.place)

        return self._runner.run(played())

    def make_folder(self, name: str) -> Path:
        made = Path(self._order.directories.temp, name)
        made.mkdir()
        made.chmod(0o777)  # processes may be another user
        return made

    def close(self) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()
        self._around.close()


@pytest.fixture(scope='module', params=['host', 'docker', 'sandbox', 'kubernetes'])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    if request.param in CONTAINED:
        containers.docker()
    if request.param == 'sandbox' and shutil.which('bwrap') is None:
        containers.lack('to run this: apt install bubblewrap')
    opened = Stage(request.param, tmp_path_factory.mktemp('stage'))
    yield opened
    opened.close()


@pytest.fixture
def folder(stage: Stage, request: pytest.FixtureRequest) -> Path:
    return stage.make_folder(request.node.originalname)


class Heard:
    """What a command printed, and when somebody wants to act on it."""

    def __init__(self) -> None:
        self.output = b''
        self.wanted: dict[bytes, Callable[[], None]] = {}

    def __call__(self, chunk: bytes) -> None:
        self.output += chunk
        for text in [text for text in self.wanted if text in self.output]:
            self.wanted.pop(text)()


def run(
    stage: Stage,
    script: str,
    heard: Heard,
    leash: Leash | None = None,
    cwd: str = '/',
    env: dict[str, str] | None = None,
) -> int:
    command = ('sh', '-c', script)
    return stage.play(lambda place: place.run(command, env or ENV, cwd, heard, leash or Leash()))


def test_output_and_error_arrive_in_order_with_the_status(stage: Stage) -> None:
    heard = Heard()
    assert run(stage, 'echo out; echo err >&2; echo out; exit 3', heard) == 3
    assert heard.output == b'out\nerr\nout\n'


def test_a_signal_becomes_128_and_its_number(stage: Stage) -> None:
    assert run(stage, 'kill -KILL $$', Heard()) == 128 + signal.SIGKILL


def test_the_environment_is_what_was_given(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('OURS', 'nobody in there sees it')
    heard = Heard()
    env = {**ENV, 'GREETING': 'hé\nllo', 'EMPTY': ''}
    run(stage, 'printf "%s|%s|%s" "$GREETING" "${EMPTY-unset}" "${OURS-unset}"', heard, env=env)
    assert heard.output == 'hé\nllo||unset'.encode()


def test_variables_with_names_that_no_shell_knows_arrive_too(stage: Stage) -> None:
    heard = Heard()
    env = {**ENV, 'INPUT_GITHUB-TOKEN': "it's\n$HOME", "INPUT_A.'B": '', 'PLAIN': 'x'}

    async def scene(place: Workplace) -> int:
        return await place.run(('env', '-0'), env, '/', heard, Leash())

    assert stage.play(scene) == 0
    seen = dict(item.split('=', 1) for item in heard.output.decode().split('\0')[:-1])
    assert {name: seen.get(name) for name in env} == env
    assert not any('ALIAS' in name for name in seen)


def test_the_working_directory(stage: Stage, folder: Path) -> None:
    heard = Heard()
    run(stage, 'pwd', heard, cwd=str(folder))
    assert heard.output.decode().strip() == stage.place.inside(str(folder))


def test_paths_are_told_as_processes_see_them(stage: Stage, folder: Path) -> None:
    (folder / 'file').write_text('read\n')
    heard = Heard()
    env = {**ENV, 'PLACES': f'/bin:{folder}:/usr', 'FOLDER': str(folder)}
    run(stage, 'cat "$FOLDER/file"; echo "$PLACES"', heard, env=env)
    inside = stage.place.inside(str(folder))
    assert heard.output.decode() == f'read\n/bin:{inside}:/usr\n'
    assert stage.place.outside(f'{inside}/file') == f'{folder}/file'


def test_standard_input_is_empty(stage: Stage) -> None:
    heard = Heard()
    assert run(stage, 'cat; echo end', heard) == 0
    assert heard.output == b'end\n'


def test_there_is_no_terminal(stage: Stage) -> None:
    assert run(stage, 'test -t 0 || test -t 1 || test -t 2', Heard()) != 0


def test_a_lot_of_output_comes_whole(stage: Stage) -> None:
    heard = Heard()
    run(stage, 'i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done', heard)
    assert heard.output == b'0123456789\n' * 20000


def test_a_missing_program_cannot_be_started(stage: Stage) -> None:
    with pytest.raises(CannotStart, match='no-such-program'):
        stage.play(lambda place: place.run(('no-such-program',), ENV, '/', Heard(), Leash()))


def test_a_missing_directory_is_named(stage: Stage, folder: Path) -> None:
    with pytest.raises(CannotStart, match=r"working directory '.*/gone' does not exist"):
        run(stage, 'true', Heard(), cwd=str(folder / 'gone'))


def test_programs_are_found_on_the_given_path(stage: Stage, folder: Path) -> None:
    tool = folder / 'tool'
    tool.write_text('#!/bin/sh\n')
    before = stage.place.find('tool', f'/usr/bin:{folder}')
    tool.chmod(0o755)
    after = stage.place.find('tool', f'/usr/bin:{folder}')
    if stage.executor in CONTAINED:  # nobody outside can look
        assert (before, after) == ('tool', 'tool')
    else:
        assert (before, after) == (None, str(tool))


def test_an_interrupt_is_sent_first(stage: Stage) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.interrupt
    script = 'trap "echo got INT; exit 7" INT; echo ready; while :; do sleep 0.05; done'
    assert run(stage, script, heard, leash) == 7
    assert b'got INT' in heard.output


def test_then_terminate(stage: Stage) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.interrupt
    script = 'trap "" INT; trap "exit 8" TERM; echo ready; while :; do sleep 0.05; done'
    assert run(stage, script, heard, leash) == 8


def test_then_kill(stage: Stage) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.interrupt
    script = 'trap "" INT TERM; echo ready; while :; do sleep 0.05; done'
    assert run(stage, script, heard, leash) == 128 + signal.SIGKILL


def test_a_forced_end_waits_for_nothing(stage: Stage) -> None:
    heard, leash = Heard(), Leash()
    heard.wanted[b'ready'] = leash.kill
    started = time.monotonic()
    assert run(stage, 'trap "" INT TERM; echo ready; sleep 60', heard, leash) == 137
    assert time.monotonic() - started < 30


def test_a_leash_that_was_pulled_before_ends_the_next_command(stage: Stage) -> None:
    leash = Leash()
    leash.interrupt()
    assert run(stage, 'exec sleep 60', Heard(), leash) == 128 + signal.SIGINT


def test_a_leash_pulls_those_that_hang_on_it(stage: Stage) -> None:
    parent, heard = Leash(), Heard()
    heard.wanted[b'ready'] = parent.kill
    assert run(stage, 'echo ready; sleep 60', heard, Leash(parent)) == 137


def test_a_child_left_behind_does_not_hold_up_the_end(stage: Stage) -> None:
    heard = Heard()
    assert run(stage, 'sleep 20 & echo done', heard) == 0
    assert heard.output == b'done\n'


def test_what_a_child_prints_after_the_end_is_still_heard(stage: Stage) -> None:
    heard = Heard()
    run(stage, '(sleep 0.1; echo late) & echo done', heard)
    assert heard.output == b'done\nlate\n'


def test_two_commands_run_at_the_same_time(stage: Stage, folder: Path) -> None:
    os.mkfifo(folder / 'pipe')
    (folder / 'pipe').chmod(0o666)

    async def scene(place: Workplace) -> int:
        heard = Heard()
        both = await asyncio.gather(
            place.run(('sh', '-c', 'echo hi > pipe'), ENV, str(folder), heard, Leash()),
            place.run(('cat', 'pipe'), ENV, str(folder), heard, Leash()),
        )
        assert heard.output == b'hi\n'
        return max(both)

    assert stage.play(scene) == 0


def test_breaking_off_leaves_no_process_behind(stage: Stage) -> None:
    heard = Heard()

    async def scene(place: Workplace) -> int:
        command = ('sh', '-c', 'echo $$; sleep 60')
        task = asyncio.create_task(place.run(command, ENV, '/', heard, Leash()))
        heard.wanted[b'\n'] = task.cancel
        with pytest.raises(asyncio.CancelledError):
            await task
        return 0

    stage.play(scene)
    pid = heard.output.decode().strip()
    waiting = f'for _ in $(seq 100); do kill -0 {pid} 2>/dev/null || exit 9; sleep 0.05; done'
    assert run(stage, waiting, Heard()) == 9


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason='reads /proc')
def test_no_file_stays_open(stage: Stage) -> None:
    async def rest(place: Workplace) -> int:
        await asyncio.sleep(0.02)
        return 0

    def fewest() -> int:
        """Of a while: the test's own API server closes files, and somebody looks at the pod."""
        found, until = sys.maxsize, time.monotonic() + 0.3
        while time.monotonic() < until:
            stage.play(rest)
            found = min(found, len(os.listdir('/proc/self/fd')))  # noqa: PTH208
        return found

    run(stage, 'true', Heard())
    before = fewest()
    for _ in range(3):
        run(stage, 'true', Heard())
    until = time.monotonic() + 10
    while (after := fewest()) > before and time.monotonic() < until:
        pass
    assert after <= before
