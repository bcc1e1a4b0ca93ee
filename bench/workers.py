"""Work over machines: jobs a second with one, two and three workers, what an idle one costs, and
how long a job waits for a worker that is free; beside Procrastinate alone, which is the floor.

    python -m bench.workers [--jobs N] [--json]

Needs PostgreSQL (apt install postgresql). Server, workers and database are on this one machine and
share its cores: what more machines would give cannot be seen here, what the engine costs can.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))

import postgres
from crash.company import Company, company
from liftlock.plan import facts as f
from postgres import Cluster

SETTINGS = """
listen_addresses = ''
max_connections = 100
"""
WORKFLOW = """
name: Bench
on: push
jobs:
  work:
    runs-on: ubuntu-latest
    strategy: {fail-fast: false, matrix: {n: [COUNT]}}
    steps: [{run: 'true'}]
"""
ONE = """
name: Bench
on: push
jobs: {work: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}
"""
IDLE = 20.0  # seconds
WAITS = 30  # single runs, one after the other


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--jobs', type=int, default=120)
    parser.add_argument('--json', action='store_true')
    asked = parser.parse_args(words)
    with postgres.cluster(SETTINGS) as cluster:
        told = floor(cluster, asked.jobs)
        for count in (1, 2, 3):
            told |= spread(cluster, count, asked.jobs)
        told |= waits(cluster)
        told |= idle(cluster)
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    for name, figure in told.items():
        print(f'{name:44} {figure:10.2f}')


def floor(cluster: Cluster, count: int) -> dict[str, float]:
    """Procrastinate, whose jobs do nothing at all."""
    from procrastinate import App, PsycopgConnector

    began: dict[int, float] = {}

    async def play() -> tuple[float, list[float]]:
        url = cluster.database('template0')
        app = App(connector=PsycopgConnector(conninfo=url, max_size=8))

        async def nothing(number: int) -> None:
            began[number] = time.perf_counter()

        task = app.task(name='nothing')(nothing)
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for number in range(count):
                await task.defer_async(number=number)
            start = time.perf_counter()
            await app.run_worker_async(concurrency=3, wait=False, delete_jobs='always')
            took = time.perf_counter() - start
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=3, install_signal_handlers=False, delete_jobs='always'
                )
            )
            await asyncio.sleep(0.5)
            waited = []
            for number in range(count, count + WAITS):
                asked = time.perf_counter()
                await task.defer_async(number=number)
                while number not in began:  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
                waited.append(began[number] - asked)
            working.cancel()
            await asyncio.wait([working])
        return took, waited

    took, waited = asyncio.run(play())
    return {
        'procrastinate alone: jobs/s': count / took,
        **_quantiles('procrastinate alone: wait for a worker, ms', waited),
    }


def spread(cluster: Cluster, workers: int, count: int) -> dict[str, float]:
    text = WORKFLOW.replace('COUNT', ', '.join(map(str, range(count))))
    with (
        tempfile.TemporaryDirectory() as place,
        company(Path(place), cluster, workflow=text, grace=30.0) as here,
    ):
        here.server()
        for _ in range(workers):
            here.worker()
        _until_there(here, workers)
        runs = here.submit()
        here.until(lambda: here.over(runs), 600)
        told = here.store.facts(runs[0])
    claimed = [one.at for one in told if isinstance(one.fact, f.JobClaimed)]
    ended = [one.at for one in told if isinstance(one.fact, f.JobFinished)]
    return {f'{workers} workers of 3 jobs: jobs/s': count / (max(ended) - min(claimed))}


def waits(cluster: Cluster) -> dict[str, float]:
    """From the fact that a job is queued to those that a worker has it, and that it has begun."""
    claimed, begun = [], []
    with (
        tempfile.TemporaryDirectory() as place,
        company(Path(place), cluster, workflow=ONE, grace=30.0) as here,
    ):
        here.server()
        here.worker()
        _until_there(here, 1)
        for _ in range(WAITS):
            runs = here.submit()
            here.until(lambda runs=runs: here.over(runs), 60)  # type: ignore[misc]
            at: dict[type[Any], float] = {}
            for one in here.store.facts(runs[0]):
                at.setdefault(type(one.fact), one.at)
            claimed.append(at[f.JobClaimed] - at[f.JobQueued])
            begun.append(at[f.StepStarted] - at[f.JobQueued])
    return {
        **_quantiles('wait for a worker, ms', claimed),
        **_quantiles('wait for the first step, ms', begun),
    }


def idle(cluster: Cluster) -> dict[str, float]:
    """What a worker costs that has nothing to do, and what it asks of the database."""
    with (
        tempfile.TemporaryDirectory() as place,
        company(Path(place), cluster, workflow=ONE, grace=30.0) as here,
    ):
        here.server()
        _until_there(here, 0)
        time.sleep(3)
        without = _queries(here, cluster)
        workers = [here.worker(), here.worker()]
        _until_there(here, 2)
        time.sleep(3)
        before = [_used(process.pid) for process in workers]
        with_them = _queries(here, cluster)
        after = [_used(process.pid) for process in workers]
        memory = [_memory(process.pid) for process in workers]
    spent = statistics.mean(b - a for a, b in zip(before, after, strict=True))
    return {
        'idle worker: CPU, %': 100 * spent / IDLE,
        'idle worker: memory of its own, MB': statistics.mean(memory),
        'idle worker: transactions/s': (with_them - without) / 2,
    }


def _until_there(here: Company, workers: int) -> None:
    from liftlock.store import workers as rows

    here.until(lambda: len(rows.listed(here.store)) == workers + 1, 60)


def _queries(here: Company, cluster: Cluster) -> float:
    """Transactions a second, over a while."""
    name = here.database.partition('?')[0].rpartition('/')[2]
    ask = f"SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{name}'"
    before = cluster.ask(ask)[0][0]
    time.sleep(IDLE)
    return float(cluster.ask(ask)[0][0] - before) / IDLE


def _used(pid: int) -> float:
    """Seconds of CPU, its children's included."""
    import os

    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf('SC_CLK_TCK')


def _memory(pid: int) -> float:
    """MB that are its own or its share of what is shared (PSS), with its warden's."""
    pids = [pid, *map(int, Path(f'/proc/{pid}/task/{pid}/children').read_text().split())]
    found = 0
    for one in pids:
        for line in Path(f'/proc/{one}/smaps_rollup').read_text().splitlines():
            if line.startswith('Pss:'):
                found += int(line.split()[1])
    return found / 1024


def _quantiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        f'{name}, p50': 1000 * statistics.median(ordered),
        f'{name}, p95': 1000 * ordered[int(len(ordered) * 0.95)],
    }


if __name__ == '__main__':
    main()
