"""What the sandbox adds to a job, in one process, without engine and store.

    python -m bench.sandbox [--times N] [--json]

The floors are the same job straight on the host, and for the sandbox by itself bubblewrap with a
small root and name spaces of its own, which starts `true`. They are measured between our rounds.
"""

import argparse
import asyncio
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import report
from bench.report import Row
from bench.steps import LINES, Nothing, make_plan, make_world, row
from liftlock.plan.facts import StepStarted
from liftlock.runner import job as runner
from liftlock.runner.ports import JobRequest, Stop

MANY = 50
TRUE = '      - run: "true"\n'
BARE = (
    'bwrap', '--die-with-parent', '--unshare-pid', '--unshare-net', '--unshare-ipc',
    '--unshare-uts', '--ro-bind', '/usr', '/usr', '--symlink', 'usr/bin', '/bin', '--symlink',
    'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64', '--proc', '/proc', '--dev', '/dev',
    '--tmpfs', '/tmp', 'true',
)  # fmt: skip


class Stage:
    """Runs jobs, each in a directory of its own. Times are in milliseconds."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0
        self.world = make_world(root)

    def run(self, steps: str, place: str) -> tuple[float, float]:
        """From the beginning to its first step, and to its end."""
        self.count += 1
        begun: list[float] = []

        def heard(fact: object) -> None:
            if isinstance(fact, StepStarted):
                begun.append(time.perf_counter())

        folder = self.root / f'job{self.count}'
        request = JobRequest(make_plan(steps), {}, folder, f'bench_{self.count}', 1, place=place)
        start = time.perf_counter()
        ended = asyncio.run(runner.run(request, self.world, heard, Nothing(), Stop()))
        end = time.perf_counter()
        assert ended.conclusion == 'success', ended
        return 1e3 * (begun[0] - start), 1e3 * (end - start)

    def more(self, steps: str, place: str) -> float:
        """What these steps take beside another one."""
        _, one = self.run(TRUE, place)
        return self.run(TRUE + steps, place)[1] - one


def bare() -> float:
    start = time.perf_counter()
    subprocess.run(BARE, check=True, stdin=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - start)


def measure(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        stage = Stage(Path(name))
        stage.run(TRUE, 'sandbox')  # warm
        steps: tuple[list[float], list[float]] = ([], [])
        lines: tuple[list[float], list[float]] = ([], [])
        starts: tuple[list[float], list[float]] = ([], [])
        jobs: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            for number, place in enumerate(('sandbox', 'host')):
                steps[number].append(stage.more(TRUE * MANY, place) / MANY)
                lines[number].append(stage.more(LINES, place))
                jobs[number].append(stage.run(TRUE, place)[1])
            starts[0].append(stage.run(TRUE, 'sandbox')[0])
            starts[1].append(bare())
    return [
        row('each further step', *steps, 1.5),
        row('100,000 lines', *lines, 1.2),
        row('a job of one step', *jobs),
        row('until the first step (peer: bwrap … true)', *starts),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=7)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    report.show(measure(given.times), 'host', as_json=given.json)


if __name__ == '__main__':
    main()
