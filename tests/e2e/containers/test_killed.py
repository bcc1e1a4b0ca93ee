"""What runs in containers when the process that carries it out is killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import containers
from containers import IMAGE, ask
from liftlock.runner.docker import leftovers, relay
from liftlock.runner.docker.create import LABEL
from liftlock.runner.docker.engine import Engine
from liftlock.runner.docker.sockets import socket_path

SRC = Path(__file__).parents[3] / 'src'
WORKFLOW = """
on: push
jobs:
  inside:
    runs-on: ubuntu-latest
    container:
      image: IMAGE
      volumes: ['READY:READY']
    services:
      beside: {image: IMAGE, entrypoint: sleep, command: '600'}
    steps:
      - run: |
          touch made
          test -f READY/inside && exit
          echo $RUNNER_TRACKING_ID > READY/inside.new; mv READY/inside.new READY/inside
          sleep 600
  here:
    runs-on: ubuntu-latest
    steps:
      - run: |
          test -f READY/here && exit
          docker run --detach IMAGE sleep 600
          docker network create liftlock-test-NUMBER
          echo $RUNNER_TRACKING_ID > READY/here.new; mv READY/here.new READY/here
          sleep 600
"""
PATIENCE = 60.0


class Project:
    """A repository, and everything that liftlock keeps of it."""

    def __init__(self, root: Path, engine: Engine) -> None:
        self.engine = engine
        self.ready = root / 'ready'
        self.ready.mkdir()
        self.repository = root / 'repository'
        file = self.repository / '.github/workflows/ci.yml'
        file.parent.mkdir(parents=True)
        text = WORKFLOW.replace('IMAGE', IMAGE).replace('READY', str(self.ready))
        file.write_text(text.replace('NUMBER', str(os.getpid())))
        self.env = {
            'PATH': os.environ['PATH'],
            'HOME': str(root),
            'PYTHONPATH': str(SRC),
            'GIT_CONFIG_GLOBAL': '/dev/null',
        }
        subprocess.run(('git', 'init', '-q', self.repository), check=True, env=self.env)

    def start(self, *words: str) -> 'subprocess.Popen[bytes]':
        return subprocess.Popen(
            (sys.executable, '-m', 'liftlock', *words),
            cwd=self.repository,
            env=self.env,
            stdout=subprocess.DEVNULL,
        )

    def wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.tracking_ids()) < 2:
            assert time.monotonic() < until
            time.sleep(0.05)

    def tracking_ids(self) -> list[str]:
        return [file.read_text().strip() for file in self.ready.iterdir() if not file.suffix]

    def left(self) -> list[str]:
        """Kinds of what there is of the jobs that were killed."""
        return [
            kind
            for tracking_id in self.tracking_ids()
            for kind, listing in (('container', ('ps', '--all')), ('network', ('network', 'ls')))
            for _ in self._list(listing, tracking_id)
        ]

    def _list(self, listing: tuple[str, ...], tracking_id: str) -> list[str]:
        mark = f'label={LABEL}={tracking_id}'
        return ask(self.engine, *listing, '--quiet', '--filter', mark).stdout.split()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path, containers.docker())
    yield project
    for tracking_id in project.tracking_ids():
        leftovers.end(tracking_id)


def test_containers_of_a_killed_run_are_gone_when_it_goes_on(project: Project) -> None:
    running = project.start('run')
    project.wait_until_ready()
    assert sorted(project.left()) == ['container'] * 3 + ['network'] * 2
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(project.left()) == 5
    assert project.start('resume').wait(PATIENCE) in (0, 1)
    assert project.left() == []


def test_a_job_whose_path_is_long_reaches_docker_too(tmp_path: Path) -> None:
    engine = containers.docker()
    tracking_id = f'github_long_{os.getpid()}'
    folder = tmp_path / ('long' * 30)

    async def scene() -> str:
        opened = await relay.open_relay(socket_path(), str(folder), tracking_id)
        assert opened is not None
        env = {**os.environ, 'DOCKER_HOST': f'unix://{opened.path}'}
        assert (await engine.ask('ps', env=env)).code == 0
        opened.close()
        return opened.path

    assert not Path(asyncio.run(scene())).exists()
    left = Path(relay.aside(tracking_id))
    left.touch()
    leftovers.end(tracking_id)
    assert not left.exists()
