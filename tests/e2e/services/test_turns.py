"""Ports of this machine: who has one, who waits for it, and who may not."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from e2e.services.ground import NO_ENGINE, free_port, need, workflow
from fakes import Lines, make_plan, make_request, make_world
from liftlock.plan.facts import JobBlocked, JobFinished
from liftlock.runner import job as runner
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.ports import Stop
from liftlock.runner.services import holding, own
from liftlock.runner.services.holding import hold
from liftlock.runner.services.ports import Port

ELSEWHERE = """
import asyncio, sys
from liftlock.runner.services.holding import hold
from liftlock.runner.services.ports import Port

async def scene():
    async with hold([Port(int(sys.argv[1]), 1)], 'job "other" of run 7', print):
        print('ready', flush=True)
        await asyncio.sleep(60)

asyncio.run(scene())
"""


def ignore(port: str) -> None:
    """Who waits says nothing."""


class One:
    """A job that maps a port, and what became of it."""

    def __init__(self, root: Path, port: int, *steps: str, **plan: object) -> None:
        root.mkdir()
        service = {'image': 'redis', 'ports': [f'{port}:6379']}
        made = make_plan(workflow({'cache': service}, *steps), **plan)
        self.request = make_request(made, root)
        self.world = make_world(root, **NO_ENGINE)
        self.log, self.stop = Lines(), Stop()
        self.facts: list[Any] = []

    async def run(self) -> JobFinished:
        return await runner.run(self.request, self.world, self.facts.append, self.log, self.stop)

    @property
    def blocked(self) -> list[str]:
        return [fact.reason for fact in self.facts if isinstance(fact, JobBlocked)]


def test_two_jobs_with_one_port_run_one_after_the_other_and_say_so(tmp_path: Path) -> None:
    need('redis')
    port, diary = free_port(), tmp_path / 'diary'
    script = f'echo begin >> {diary}; sleep 0.3; echo end >> {diary}'
    both = [One(tmp_path / name, port, script, name=name) for name in ('one', 'two')]

    async def scene() -> list[str]:
        return [ended.conclusion for ended in await asyncio.gather(*(job.run() for job in both))]

    assert asyncio.run(scene()) == ['success', 'success']
    assert diary.read_text().split() == ['begin', 'end', 'begin', 'end']
    first, second = sorted(both, key=lambda job: len(job.blocked))
    assert first.blocked == []
    owner = first.request.plan.name
    assert second.blocked == [f'waits for port {port}, which job "{owner}" of run  has']
    assert second.log.lines[0][1].startswith('Waited ')


def test_the_wait_does_not_count_as_time_of_the_job(tmp_path: Path) -> None:
    need('redis')
    port = free_port()
    job = One(tmp_path / 'job', port, timeout_minutes=5 / 60)

    async def scene() -> str:
        async with hold([Port(port, 1)], 'somebody', ignore):
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(5.5)
        return (await running).conclusion

    assert asyncio.run(scene()) == 'success'


def test_a_job_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    port = free_port()
    job = One(tmp_path / 'job', port)

    async def scene() -> JobFinished:
        async with hold([Port(port, 1)], 'somebody', ignore):
            asyncio.get_running_loop().call_later(0.3, job.stop.request, 'by hand')
            return await asyncio.wait_for(job.run(), 10)

    finished = asyncio.run(scene())
    assert (finished.conclusion, finished.message) == ('cancelled', 'by hand')


def test_another_process_has_a_port_until_it_dies() -> None:
    port = free_port()
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    command = [sys.executable, '-c', ELSEWHERE, str(port)]
    reasons: set[str] = set()

    def hear(reason: str) -> None:
        """Not until somebody has waited does the other one die."""
        if reason in reasons:
            other.send_signal(signal.SIGKILL)
        reasons.add(reason)

    async def scene() -> None:
        async with hold([Port(port, 1)], 'me', hear):
            pass

    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b'ready\n'
        asyncio.run(asyncio.wait_for(scene(), 60))
    assert reasons == {f'port {port}, which job "other" of run 7 has'}


def test_those_who_wait_have_their_turn_in_the_order_in_which_they_came() -> None:
    port = Port(free_port(), 1)
    had: list[int] = []

    async def scene() -> None:
        waits = [asyncio.Event() for _ in range(9)]

        async def wait(number: int) -> None:
            async with hold([port], 'me', lambda _: waits[number].set()):
                had.append(number)
                await asyncio.sleep(0.05)  # so that others look meanwhile

        async with hold([port], 'the first', ignore):
            jobs = []
            for number in range(9):
                jobs.append(asyncio.ensure_future(wait(number)))
                await waits[number].wait()
            jobs[4].cancel()
        await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 60)

    asyncio.run(scene())
    assert had == [0, 1, 2, 3, 5, 6, 7, 8]


def test_the_turn_of_one_who_died_is_nobody_s() -> None:
    port = free_port()
    env = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    command = [sys.executable, '-uc', ELSEWHERE, str(port)]

    async def scene() -> None:
        async with hold([Port(port, 1)], 'me', ignore):
            other = await asyncio.create_subprocess_exec(
                *command, stdout=asyncio.subprocess.PIPE, env=env
            )
            assert other.stdout is not None
            assert b'me has' in await other.stdout.readline()
            other.kill()
            await other.wait()
        async with hold([Port(port, 1)], 'me again', ignore):
            pass

    asyncio.run(asyncio.wait_for(scene(), 60))
    assert not list(Path(own.make('ports')).glob(f'{port}-*'))


def test_a_port_that_a_stranger_has_is_named_with_the_stranger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, 'GRACE', 0.2)
    with socket.create_server(('127.0.0.1', 0)) as stranger:
        port = stranger.getsockname()[1]

        async def scene() -> None:
            async with hold([Port(port, 1)], 'me', ignore):
                raise AssertionError('it is taken')

        with pytest.raises(CannotPrepare) as refused:
            asyncio.run(scene())
    assert str(refused.value).startswith(f'Port {port} of this machine')
    if sys.platform == 'linux':
        assert f'(process {os.getpid()})' in str(refused.value)


def test_a_server_that_is_just_ending_is_waited_for() -> None:
    stranger = socket.create_server(('127.0.0.1', 0))
    port = stranger.getsockname()[1]

    async def scene() -> None:
        asyncio.get_running_loop().call_later(0.5, stranger.close)
        async with hold([Port(port, 1)], 'me', ignore):
            pass

    asyncio.run(scene())


def test_nobody_waits_in_a_circle() -> None:
    one, two = Port(free_port(), 1), Port(free_port(), 2)

    async def take(ports: list[Port]) -> None:
        for _ in range(3):
            async with hold(ports, 'me', ignore):
                await asyncio.sleep(0)

    async def scene() -> None:
        await asyncio.wait_for(asyncio.gather(take([one, two]), take([two, one])), 20)

    asyncio.run(scene())


def test_any_free_port_is_nobodys() -> None:
    async def scene() -> None:
        async with hold([Port(0, 1)], 'me', ignore), hold([Port(0, 1)], 'you', ignore):
            pass

    asyncio.run(scene())
