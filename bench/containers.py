"""What the runner adds to a container engine, in one process, without engine and store of ours.

    python -m bench.containers [--times N] [--json] [--image NAME]

The floors are `docker exec CONTAINER true` and `docker run --rm IMAGE true`, measured between our
rounds. A job begins with its first step: network, container and all that is asked about them stand
before it. `act` needs 6 to 7 times `docker exec`.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import report
from bench.report import Row
from bench.steps import Nothing, make_plan, make_world, row
from liftlock.plan.facts import StepStarted
from liftlock.runner import job as runner
from liftlock.runner.docker.engine import Engine, look
from liftlock.runner.ports import JobRequest, Stop, World

IMAGE = 'debian:bookworm-slim'
MANY = 20
TRUE = '      - run: "true"\n'


class Stage:
    """Runs jobs in containers, each in a directory of its own. Times are in milliseconds."""

    def __init__(self, engine: Engine, image: str, root: Path) -> None:
        self.engine = engine
        self.image = image
        self.root = root
        self.count = 0
        self.world: World = make_world(root)

    def run(self, steps: str) -> tuple[float, float]:
        """From the beginning to its first step, and to its end."""
        self.count += 1
        begun: list[float] = []

        def report(fact: object) -> None:
            if isinstance(fact, StepStarted) and fact.stage == 'main':
                begun.append(time.perf_counter())

        folder = self.root / f'job{self.count}'
        plan = make_plan(steps, f'    container: {self.image}\n')
        request = JobRequest(plan, {}, folder, f'bench_{self.count}', 1)
        start = time.perf_counter()
        ended = asyncio.run(runner.run(request, self.world, report, Nothing(), Stop()))
        end = time.perf_counter()
        assert ended.conclusion == 'success', ended
        return 1e3 * (begun[0] - start), 1e3 * (end - start)

    def ask(self, *words: str) -> float:
        start = time.perf_counter()
        subprocess.run(
            (self.engine.program, *words),
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        return 1e3 * (time.perf_counter() - start)


def measure(stage: Stage, rounds: int) -> list[Row]:
    name = 'liftlock-bench'
    stage.ask('run', '--detach', '--name', name, stage.image, 'tail', '-f', '/dev/null')
    try:
        stage.run(TRUE)  # warm
        bare, steps, run, starts, jobs = ([] for _ in range(5))
        for _ in range(rounds):
            bare.append(sum(stage.ask('exec', name, 'true') for _ in range(MANY)) / MANY)
            run.append(stage.ask('run', '--rm', stage.image, 'true'))
            start, one = stage.run(TRUE)
            steps.append((stage.run(TRUE * (MANY + 1))[1] - one) / MANY)
            starts.append(start)
            jobs.append(one)
    finally:
        stage.ask('rm', '--force', name)
    return [
        row('each further step, to `exec`', steps, bare, 1.5),
        row('until the first step, to `run --rm`', starts, run, 1.5),
        row('a job of one step, to `run --rm`', jobs, run),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=7)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--image', default=IMAGE, help='one that is here and has `tail`')
    given = parser.parse_args(argv)
    engine = look('')
    if isinstance(engine, str):
        print(f'not measured: {engine}')
        return
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        stage = Stage(engine, given.image, Path(name))
        report.show(measure(stage, given.times), engine.name, as_json=given.json)


if __name__ == '__main__':
    main(sys.argv[1:])
