"""What a careless or a hostile user does, on the command line, in a store of one's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

LIFTLOCK = (sys.executable, '-m', 'liftlock')
PATIENCE = 60  # seconds after which a command counts as hanging
MEMORY = 100  # megabytes that the engine may take, whatever its input is

# A child's peak is never below its parent's, so the parent must be smaller than a test-suite.
MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, used = os.wait4(child, 0)
unit = 1024 if sys.platform == 'linux' else 1024 * 1024
sys.stderr.write(f'peak: {used.ru_maxrss // unit}')
sys.exit(os.waitstatus_to_exitcode(status))
"""


class Ended(NamedTuple):
    """`status` is negative where a signal ended it."""

    status: int
    out: str
    err: str


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

    def measured(self, *words: str, **env: str) -> Ended:
        """The same; and it must not take more than MEMORY."""
        program = (sys.executable, '-S', '-c', MEASURE, *LIFTLOCK)
        ended = self.liftlock(*words, program=program, **env)
        err, _, peak = ended.err.rpartition('peak: ')
        assert int(peak) < MEMORY, f'it took {peak} MB'
        return ended._replace(err=err)

    def run(self, *words: str, **env: str) -> Ended:
        return self.liftlock('run', *words, **env)


def finish(process: 'subprocess.Popen[bytes]') -> Ended:
    """Wait for its end; whoever hangs is killed, and has failed."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    texts = (said.decode('utf-8', 'replace') for said in (out, err))
    return Ended(process.returncode, *texts)


def _heed_interrupts() -> None:
    """A test-suite that runs in the background has children that ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
