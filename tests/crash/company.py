"""Real servers and workers on a real PostgreSQL, of which any may die at any moment; or a server
alone, on SQLite.

Jobs count what they do in files of their own: each attempt writes `begin` and `end`, and its log
has a line for every number up to the last. So whatever happened, it can be told afterwards what was
done how often, and whether the store says the same.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from typing import Any, Final

from liftlock.cli import wiring
from liftlock.engine import declared
from liftlock.engine.submitting import Manner, submission
from liftlock.plan import event as events
from liftlock.plan import facts as f
from liftlock.plan.make import make
from liftlock.plan.plan import Plan, Request
from liftlock.runner import repository, snapshot
from liftlock.store import repositories, runs, served
from liftlock.store.database import Store, open_store
from liftlock.store.logs import LogReader
from liftlock.store.paths import RunPaths
from postgres import Cluster

SRC: Final = Path(__file__).parents[2] / 'src'
PATIENCE: Final = 120.0
NAME: Final = '.github/workflows/ci.yml'
LINES: Final = 20
WORKFLOW: Final = f"""
name: Company
on: push
jobs:
  work:
    runs-on: ubuntu-latest
    strategy: {{fail-fast: false, matrix: {{n: [0, 1, 2, 3]}}}}
    steps:
      - run: |
          trap '' PIPE  # it does not notice by itself that nobody listens any more
          echo begin >> COUNTS/$GITHUB_RUN_ID-$GITHUB_JOB-${{{{ matrix.n }}}}
          for i in $(seq 1 {LINES}); do echo "line $i" || true; sleep PAUSE; done
          echo end >> COUNTS/$GITHUB_RUN_ID-$GITHUB_JOB-${{{{ matrix.n }}}}
  last:
    needs: work
    if: always()
    runs-on: ubuntu-latest
    steps: [{{run: 'echo end >> COUNTS/$GITHUB_RUN_ID-last'}}]
"""


class Company:
    """`settings` of workers and servers come by the environment. `database`: '' is SQLite, where a
    job that had begun starts again when its server is back, unless it deploys.

    `patience`: seconds, at most, until what is waited for counts as not to come."""

    def __init__(
        self, directory: Path, database: str, *, workflow: str = WORKFLOW, pause: str = '0.005',
        grace: float = 3.0,
    ) -> None:  # fmt: skip
        self.directory = directory
        self.state = directory / 'state'
        self.counts = directory / 'counts'
        self.counts.mkdir()
        self.database = database
        self.patience = inf
        self.grace = grace
        self.env = {
            'PATH': os.environ['PATH'],
            'HOME': str(directory),
            'PYTHONPATH': str(SRC),
            'GIT_CONFIG_GLOBAL': '/dev/null',
            'LIFTLOCK_DATABASE': database,
            'LIFTLOCK_GRACE': str(grace),
        }
        self.processes: list[subprocess.Popen[str]] = []
        text = workflow.replace('COUNTS', str(self.counts)).replace('PAUSE', pause)
        self._repository(text)
        self.store: Store = open_store(self.state, database)
        key = self.state / 'secrets.key'
        draft = repositories.Draft('octo/shop', str(directory / 'repository'), trusted=True)
        repositories.add(self.store, draft, 'me', key)
        self._works = wiring.open_works(
            wiring.Place(self.state, directory / 'cache', wiring.Config(), database)
        )

    def _repository(self, workflow: str) -> None:
        place = self.directory / 'repository'
        file = place / NAME
        file.parent.mkdir(parents=True)
        file.write_text(workflow)
        who = ('-c', 'user.name=Somebody', '-c', 'user.email=somebody@localhost')
        for words in (
            ('init', '-q', '--initial-branch=main'),
            ('remote', 'add', 'origin', 'https://github.com/octo/shop.git'),
            ('add', '--all'),
            ('commit', '-q', '-m', 'Sell things'),
        ):
            subprocess.run(['git', *who, *words], cwd=place, check=True, env=self.env)

    # --- runs

    def submit(self, count: int = 1) -> list[int]:
        """Runs that whoever sees them first carries out."""
        seen = repository.look(self.directory / 'repository')
        taken = snapshot.take(seen, self.state, clean=False)
        files = snapshot.read_files(taken, '.github', 'liftlock.yml')
        facts = repository.describe(seen, taken.commit)
        plan = make(Request(events.push(facts), NAME, files, 0, 0))
        assert isinstance(plan, Plan), plan
        drafted = submission(plan, files, taken, Manner(), declared.read(files))
        found = []
        for _ in range(count):
            found.append(self._works.engine.submit(drafted))
            served.note(self.store, found[-1], 'me')
        self._works.engine._release()  # nobody's, until somebody takes them up
        return found

    def facts(self, run: int) -> list[f.Fact]:
        return [stamped.fact for stamped in self.store.facts(run)]

    def over(self, numbers: list[int]) -> bool:
        return all(runs.find(self.store, str(run)).status == 'completed' for run in numbers)

    def until(self, holds: Callable[[], object], patience: float = 0.0) -> None:
        end = time.monotonic() + min(patience or PATIENCE, self.patience)
        while not holds():
            assert time.monotonic() < end, self.told()
            time.sleep(0.05)

    def tracking(self, run: int) -> str:
        """What all processes of the run's jobs have in their environment."""
        return RunPaths(self.state, run).tracking_id('', 0).rpartition('_0_')[0]

    def told(self) -> str:
        """What processes said, for whoever has to find out what went wrong."""
        logs = [path.read_text()[-3000:] for path in sorted(self.directory.glob('*.out'))]
        with self.store.reading() as sql:
            rows = sql.execute('SELECT id, run, job, attempt, state, worker, reason FROM tasks')
            tasks = [str(tuple(row)) for row in rows]
            rows = sql.execute('SELECT id, state, beat FROM workers')
            workers = [str(tuple(row)) for row in rows]
        return '\n'.join((*logs, *tasks, *workers))

    # --- processes

    def infect(self, code: str) -> None:
        """Every process that is started from now on runs this before anything else."""
        place = self.directory / f'mutant{len(self.processes)}'
        place.mkdir(exist_ok=True)
        (place / 'sitecustomize.py').write_text(code)
        self.env['PYTHONPATH'] = f'{place}:{SRC}'

    def server(self, *words: str, **how: Any) -> 'subprocess.Popen[str]':
        return self.start('serve', '--port', '0', '--no-worker', *words, **how)

    def worker(self, *words: str, **how: Any) -> 'subprocess.Popen[str]':
        return self.start('worker', '--jobs', '3', *words, **how)

    def start(
        self, *words: str, database: str = '', inside: Sequence[str] = ()
    ) -> 'subprocess.Popen[str]':
        """`database`: that address of it. `inside` stands before the command, and becomes it."""
        number = len(self.processes)
        env = {**self.env, 'LIFTLOCK_DATABASE': database or self.database}
        with (self.directory / f'{number}.out').open('w') as out:
            process = subprocess.Popen(
                [*inside, sys.executable, '-m', 'liftlock', '--state', str(self.state), *words],
                env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, text=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def said(self, process: 'subprocess.Popen[str]') -> str:
        return (self.directory / f'{self.processes.index(process)}.out').read_text()

    def kill(self, process: 'subprocess.Popen[str]') -> None:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        process.wait(30)

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill(process)
        self._works.close()
        self.store.close()

    # --- what must be true in the end

    def check(self, numbers: list[int]) -> Counter[str]:
        """Every run has ended in one true state; nothing was finished twice; no line is lost."""
        states: Counter[str] = Counter()
        for run in numbers:
            told = self.facts(run)
            assert sum(isinstance(fact, f.RunFinished) for fact in told) == 1, (run, told)
            assert isinstance(told[-1], f.RunFinished)
            for job in runs.jobs(self.store, run):
                states[self._check_job(run, job, told)] += 1
        with self.store.reading() as sql:
            assert sql.execute('SELECT COUNT(*) FROM tasks').fetchone() == (0,)
            assert sql.execute('SELECT COUNT(*) FROM task_reports').fetchone() == (0,)
        return states

    def did(self, run: int, job: str) -> list[str]:
        """What the job itself has counted."""
        file = self.counts / f'{run}-{job.replace("[", "-").rstrip("]")}'
        return file.read_text().split() if file.exists() else []

    def _check_job(self, run: int, job: runs.Job, told: list[f.Fact]) -> str:
        assert job.state in ('done', 'lost'), job
        ends = [one for one in told if isinstance(one, f.JobFinished) and one.job == job.key]
        lost = [one for one in told if isinstance(one, f.JobLost) and one.job == job.key]
        assert len(ends) <= 1, (run, job.key, ends)
        assert ends or lost, (run, job.key)
        done = self.did(run, job.key)
        attempts = 1 if self.database else 1 + len(lost)
        assert done.count('begin') <= attempts, (run, job.key, done)
        assert done.count('end') <= attempts, (run, job.key, done)
        if 'work' in job.key:
            assert 'end end' not in ' '.join(done), 'what was lost went on beside what came after'
        if not ends:
            return 'lost'
        assert ends[0].conclusion == 'success', (run, job.key, ends)
        assert done[-1] == 'end', (run, job.key, done)
        if 'work' in job.key:
            reader = LogReader(RunPaths(self.store.directory, run).log(job.key, job.attempt))
            lines = [line.text for line in reader.lines() if line.text.startswith('line ')]
            assert lines == [f'line {n}' for n in range(1, LINES + 1)], (run, job.key, lines)
        return 'success'


@contextlib.contextmanager
def company(directory: Path, cluster: Cluster | None, **how: Any) -> Iterator[Company]:
    """Without a cluster it is on SQLite."""
    database = cluster.database('template0') if cluster is not None else ''
    made = Company(directory, database, **how)
    try:
        yield made
    finally:
        made.close()
