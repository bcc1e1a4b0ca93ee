"""A repository of one's own, and the command in it, as a person would use them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

LIFTLOCK = (sys.executable, '-m', 'liftlock')


class Ended(NamedTuple):
    status: int
    out: str
    err: str


class Project:
    """A repository with one commit, and homes for everything that liftlock keeps."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / 'project'
        self.homes = {
            name: str(directory / name.lower())
            for name in ('XDG_STATE_HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME')
        }
        self.directory.mkdir()
        self.git('init', '--quiet', '--initial-branch=main')

    def git(self, *words: str) -> None:
        who = ('-c', 'user.name=Somebody', '-c', 'user.email=somebody@localhost')
        subprocess.run(('git', *who, *words), cwd=self.directory, check=True)

    def write(self, path: str, text: str) -> None:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self, message: str = 'Something') -> None:
        self.git('add', '--all')
        self.git('commit', '--quiet', '--message', message)

    def workflow(self, text: str, name: str = 'ci') -> None:
        """Write a workflow file and commit."""
        self.write(f'.github/workflows/{name}.yml', text)
        self.commit()

    def start(self, *words: str, **env: str) -> 'subprocess.Popen[str]':
        return subprocess.Popen(
            (*LIFTLOCK, *words),
            cwd=self.directory,
            env={**os.environ, 'NO_COLOR': '1', **self.homes, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def liftlock(self, *words: str, **env: str) -> Ended:
        process = self.start(*words, **env)
        out, err = process.communicate(timeout=120)
        return Ended(process.returncode, out, err)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true; fail after half a minute."""

    def wait(check: Callable[[], object]) -> None:
        end = time.monotonic() + 30
        while not check():
            assert time.monotonic() < end, 'it never came true'
            time.sleep(0.02)

    return wait


@pytest.fixture
def started() -> Iterator[list['subprocess.Popen[str]']]:
    """Processes to be ended whatever happens."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.communicate()
