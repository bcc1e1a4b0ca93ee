"""What the engine and the store cost by themselves: a runner that does nothing, a log that is long.

    python -m bench.engine

Prints microseconds a job and a fact, and milliseconds for 100,000 lines, each the best of a few.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from liftlock.engine.inline import Inline
from liftlock.engine.submission import Hands, Submission, Terms
from liftlock.plan.event import Event
from liftlock.plan.facts import JobFinished, Stamped, StepFinished, StepStarted
from liftlock.plan.make import make
from liftlock.plan.plan import Plan, Request
from liftlock.runner.ports import JobRequest, Log, Report, Stop, World
from liftlock.store.database import open_store
from liftlock.store.logs import LogReader, LogWriter

PATH = '.github/workflows/bench.yml'
ROUNDS = 5


class Nobody:
    """Watches, and does nothing with it."""

    def take(self, stamped: Stamped) -> None:
        pass

    def hear(self, job: str, number: int, lines: str) -> None:
        pass


async def nothing(
    request: JobRequest, world: World, report: Report, log: Log, stop: Stop
) -> JobFinished:
    key = request.plan.key
    for number, step in enumerate(request.plan.job.steps, 1):
        report(StepStarted(key, number, step.id, 'nothing'))
        await asyncio.sleep(0)
        report(StepFinished(key, number, 'success', 'success'))
    return JobFinished(key, 'success', {})


def independent(jobs: int, steps: int) -> str:
    told = ''.join('      - run: "true"\n' for _ in range(steps))
    body = ''.join(
        f'  job{number}:\n    runs-on: ubuntu-latest\n    steps:\n{told}' for number in range(jobs)
    )
    return f'on: push\njobs:\n{body}'


def matrix(legs: int) -> str:
    values = ', '.join(map(str, range(legs)))
    return (
        'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n'
        f'    strategy: {{matrix: {{n: [{values}]}}}}\n    steps: [{{run: "true"}}]\n'
    )


def carry_out(workflow: str) -> tuple[float, int]:
    """Seconds from submitting to the end, and how many facts that were."""
    event = Event('push', {}, 'refs/heads/main', 'a' * 40, 'owner/name', 'me')
    request = Request(event, PATH, {PATH: workflow}, 0, 0)
    plan = make(request)
    assert isinstance(plan, Plan)
    nowhere = Path('/nonexistent')
    world = World(None, None, None, None, nowhere, nowhere)  # type: ignore[arg-type]
    hands = Hands(lambda run, submission: world, nothing, lambda tracking_id: None)
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(Path(directory))
        engine = Inline(store, hands, slots=2)
        start = time.perf_counter()
        run = engine.submit(Submission(request, plan.name, plan.title))
        asyncio.run(engine.carry_out(run, Terms(), Nobody(), Stop()))
        took = time.perf_counter() - start
        facts = len(store.facts(run))
        store.close()
    return took, facts


def log_lines(count: int, many: int) -> float:
    """Seconds to write so many lines, `many` in one call."""
    with tempfile.TemporaryDirectory() as directory:
        log = LogWriter(Path(directory, 'job'))
        chunk = 'a line of output as tests print them, neither short nor long\n' * many
        start = time.perf_counter()
        if many == 1:
            for _ in range(count):
                log.write(1, chunk[:-1])
        else:
            for _ in range(count // many):
                log.write_many(1, chunk)
        log.close()
        took = time.perf_counter() - start
        assert LogReader(Path(directory, 'job')).count == count
    return took


def best(work: Callable[[], float]) -> float:
    return min(work() for _ in range(ROUNDS))


def main(argv: Sequence[str] | None = None) -> None:
    for name, workflow, jobs in (
        ('1 job of 1 step', independent(1, 1), 1),
        ('1 job of 20 steps', independent(1, 20), 1),
        ('50 jobs of 1 step', independent(50, 1), 50),
        ('a matrix of 200 legs', matrix(200), 200),
    ):
        facts = carry_out(workflow)[1]
        took = best(lambda workflow=workflow: carry_out(workflow)[0])  # type: ignore[misc]
        per_job, per_fact = took / jobs * 1e6, took / facts * 1e6
        print(f'{name:22} {took * 1e3:8.1f} ms {per_job:8.0f} µs a job {per_fact:6.0f} µs a fact')
    for many in (1, 1000):
        took = best(lambda many=many: log_lines(100_000, many))  # type: ignore[misc]
        print(f'100,000 log lines, {many:4} a call {took * 1e3:8.1f} ms')


if __name__ == '__main__':
    main()
