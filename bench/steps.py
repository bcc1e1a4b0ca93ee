"""What the runner adds to the processes it starts, in one process, without engine and store.

    python -m bench.steps [--times N] [--json]

The floor is `bash -e script` in a loop, measured between our rounds. A job's own CPU is what this
process spends on it, its children left out. Facts and lines are counted and thrown away.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench import report
from bench.report import Row
from liftlock.language.parse import parse
from liftlock.language.workflow import Job
from liftlock.plan.plan import JobPlan
from liftlock.runner import job as runner
from liftlock.runner.ports import JobRequest, Stop, World

MANY = 100
HEAD = 'on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n'
TRUE = '      - run: "true"\n'
LINES = '      - run: seq -f "a line of some usual length, number %.0f" 100000\n'
BYTES = '      - run: head -c 300000000 /dev/zero | tr "\\0" "a"\n'


class Nothing:
    """Takes lines, counts them, keeps none."""

    def __init__(self) -> None:
        self.lines = 0

    def write(self, number: int, line: str) -> None:
        self.lines += 1

    def write_many(self, number: int, lines: str) -> None:
        self.lines += lines.count('\n')


class Spent(NamedTuple):
    """Milliseconds."""

    wall: float
    cpu: float


class Stage:
    """Runs jobs, each in a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.count = 0
        self.world = make_world(root)

    def run(self, steps: str, secrets: dict[str, str], times: int = 1) -> Spent:
        plan = make_plan(steps)
        requests = []
        for _ in range(times):
            self.count += 1
            folder = self.root / f'job{self.count}'
            requests.append(JobRequest(plan, secrets, folder, f'bench_{self.count}', 1))
        wall, cpu = time.perf_counter(), time.process_time()
        asyncio.run(self._all(requests))
        return Spent(1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu))

    async def _all(self, requests: Sequence[JobRequest]) -> None:
        for request in requests:
            ended = await runner.run(request, self.world, lambda fact: None, Nothing(), Stop())
            assert ended.conclusion == 'success', ended


def make_world(root: Path) -> World:
    absent: Any = None  # these steps check nothing out and keep nothing
    env = {'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8'}
    return World(absent, absent, absent, absent, root / 'tools', root / 'caches', host_env=env)


def make_plan(steps: str, more: str = '') -> JobPlan:
    """`more` are further lines of the job."""
    text = HEAD.replace('    steps:', f'{more}    steps:') + steps
    workflow = parse('.github/workflows/bench.yml', text).workflow
    assert workflow is not None
    job = workflow.jobs['build']
    assert isinstance(job, Job)
    github: Any = {'repository': 'octo/bench', 'event': {'ref': 'refs/heads/main'}, 'sha': '0' * 40}
    return JobPlan('build', 'build', job, workflow, {'github': github}, ('ubuntu-latest',))


def floor(script: Path, times: int) -> float:
    """Milliseconds of one `bash -e script`."""
    start = time.perf_counter()
    for _ in range(times):
        subprocess.run(('bash', '-e', script), check=True, stdin=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - start) / times


def measure(rounds: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        root = Path(name)
        script = root / 'true.sh'
        script.write_text('true')
        stage = Stage(root)
        stage.run(TRUE * 2, {})  # warm
        bare, steps, jobs, cpus, lines, masked, long = ([] for _ in range(7))
        for _ in range(rounds):
            bare.append(floor(script, MANY))
            one = stage.run(TRUE, {}).wall
            steps.append((stage.run(TRUE * (MANY + 1), {}).wall - one) / MANY)
            many = stage.run(TRUE, {}, MANY)
            jobs.append(many.wall / MANY)
            cpus.append(many.cpu / MANY)
            lines.append(stage.run(LINES, {}).wall)
            masked.append(stage.run(LINES, {'GITHUB_TOKEN': 'ghs_16C7e42F292c6912E7'}).wall)
        long.append(stage.run(BYTES, {}).wall)
    return [
        row('each further step', steps, bare, 2.0),
        row('a job of one step', jobs, bare),
        row('  our own CPU of it', cpus, bare, 1.5),
        row('100,000 lines', lines),
        row('  with a secret to hide', masked),
        row('300 MB in one line', long),
    ]


def row(work: str, ours: Sequence[float], peer: Sequence[float] = (), goal: float = 0.0) -> Row:
    if not peer:
        return Row(work, 'ms', median(ours), 0.0, least=min(ours))
    return Row(work, 'ms', median(ours), median(peer), goal, min(ours), min(peer))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=7)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    report.show(measure(given.times), 'bash -e script', as_json=given.json)


if __name__ == '__main__':
    main(sys.argv[1:])
