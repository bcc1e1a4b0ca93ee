"""What a careless or a hostile user does, on the command line, in a store of one's own."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

LIFTLOCK = (sys.executable, '-m', 'liftlock')
PATIENCE = 60  # seconds after which a command counts as hanging


class Ended(NamedTuple):
    """`status` is negative where a signal ended it; `peak` is its memory in megabytes."""

    status: int
    out: str
    err: str
    peak: int


class Place:
    """A directory to run liftlock in, and homes for all that it keeps."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / 'project'
        self.state = directory / 'state/liftlock'
        self.env = {name: value for name, value in os.environ.items() if 'LIFTLOCK' not in name}
        for name in ('STATE', 'CACHE', 'CONFIG'):
            self.env[f'XDG_{name}_HOME'] = str(directory / name.lower())
        self.env['NO_COLOR'] = '1'
        self.directory.mkdir()

    def git(self, *words: str) -> None:
        who = ('-c', 'user.name=Somebody', '-c', 'user.email=somebody@localhost')
        subprocess.run(('git', *who, *words), cwd=self.directory, check=True)

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def workflow(self, content: str | bytes, name: str = 'ci.yml') -> None:
        self.write(f'.github/workflows/{name}', content)

    def steps(self, *steps: str) -> None:
        """A workflow of one job with these steps, each as YAML in braces."""
        lines = ''.join(f'      - {step}\n' for step in steps)
        job = f'  job:\n    runs-on: ubuntu-latest\n    steps:\n{lines}'
        self.workflow(f'name: CI\non: push\njobs:\n{job}')

    def start(
        self, *words: str, program: Sequence[str] = LIFTLOCK, **env: str
    ) -> 'subprocess.Popen[bytes]':
        return subprocess.Popen(
            (*program, *words),
            cwd=self.directory,
            env={**self.env, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_heed_interrupts,
        )

    def liftlock(self, *words: str, program: Sequence[str] = LIFTLOCK, **env: str) -> Ended:
        """Run it to the end. Whatever happens, it must not hang, or show a traceback."""
        ended = finish(self.start(*words, program=program, **env))
        assert 'Traceback' not in ended.err, ended.err
        assert 'bug in liftlock' not in ended.out + ended.err, ended.err
        return ended

    def run(self, *words: str, **env: str) -> Ended:
        return self.liftlock('run', *words, **env)


def finish(process: 'subprocess.Popen[bytes]') -> Ended:
    """`communicate`, and how much memory it took."""
    said: dict[str, bytes] = {}
    assert process.stdout is not None
    assert process.stderr is not None
    streams = {'out': process.stdout, 'err': process.stderr}
    readers = [
        threading.Thread(target=lambda name=name, stream=stream: said.update({name: stream.read()}))
        for name, stream in streams.items()
    ]
    for reader in readers:
        reader.start()
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    _, status, used = os.wait4(process.pid, 0)
    watchdog.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    for reader in readers:
        reader.join()
    for stream in streams.values():
        stream.close()
    unit = 1024 if sys.platform == 'linux' else 1024 * 1024
    out, err = (said[name].decode('utf-8', 'replace') for name in ('out', 'err'))
    return Ended(process.returncode, out, err, used.ru_maxrss // unit)


def _heed_interrupts() -> None:
    """A test-suite that runs in the background has children that ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A repository without a commit."""
    made = Place(tmp_path)
    made.git('init', '--quiet', '--initial-branch=main')
    return made


@pytest.fixture
def anywhere(tmp_path: Path) -> Place:
    """A directory that is no repository."""
    return Place(tmp_path)


@pytest.fixture
def started() -> Iterator[list['subprocess.Popen[bytes]']]:
    """Processes to be ended whatever happens."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        if process.returncode is None:
            process.kill()
            finish(process)
