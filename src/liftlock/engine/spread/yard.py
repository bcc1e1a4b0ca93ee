"""What the processes of one database share: here tasks get their workers, in the transaction of
whoever made a task, or made room for one."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from liftlock.engine.spread import matching
from liftlock.language.records import NamedTuple
from liftlock.plan import facts as f
from liftlock.store import tasks, workers
from liftlock.store.database import Store
from liftlock.store.logs import Sealing
from liftlock.store.paths import RunPaths
from liftlock.store.sql import Sql
from liftlock.store.tasks import Task

Copies = Mapping[Path, Sealing]  # by the names of logs
DAY: Final = 86400.0


class Limits(NamedTuple):
    """Seconds. A worker says every `beat` that it lives. It ends what it runs when it could not
    for `fence`; others give it up when they have heard nothing for `grace`. `patience`: how long
    a job waits for a worker with its labels. `often`: looks by oneself, if no word comes."""

    beat: float = 3.0
    fence: float = 18.0
    grace: float = 30.0
    patience: float = DAY
    often: float = 5.0


class Post(Protocol):
    """Brings word to other processes once the transaction is through; they look by themselves now
    and then, so a word that is lost costs time only."""

    def bring(self, sql: Sql, worker: str) -> None:
        """There is something for this worker."""
        ...

    def ring(self, sql: Sql, run: int) -> None:
        """There is something for whoever carries the run out."""
        ...

    def clear(self, sql: Sql) -> None:
        """A worker is gone."""
        ...

    async def listen(self, worker: str, look: Callable[[], None]) -> None:
        """Call `look` for every word to this worker, until cancelled."""
        ...


class Silence:
    """No word is brought: everybody looks often. Where all are in one process, in tests."""

    def bring(self, sql: Sql, worker: str) -> None: ...

    def ring(self, sql: Sql, run: int) -> None: ...

    def clear(self, sql: Sql) -> None: ...

    async def listen(self, worker: str, look: Callable[[], None]) -> None: ...


class Yard:
    def __init__(self, store: Store, post: Post, limits: Limits) -> None:
        self.store = store
        self.post = post
        self.limits = limits

    def dispatch(self, sql: Sql, elapsed: float = 0.0) -> None:
        """Give waiting tasks to workers that have room. `elapsed`: seconds that have gone by for
        all that nobody serves."""
        waiting = tasks.waiting(sql)
        if not waiting:
            return
        answer = matching.match(waiting, workers.among(sql))
        for worker in sorted(set(answer.taken.values())):
            self.post.bring(sql, worker)
        for task in waiting:
            if task.id in answer.taken:
                tasks.assign(sql, task.id, answer.taken[task.id])
            else:
                waited = elapsed if task.id in answer.unserved else -task.unserved
                self._hold(sql, task, answer.held[task.id], waited)

    def _hold(self, sql: Sql, task: Task, reason: str, waited: float) -> None:
        unserved = task.unserved + waited
        if waited:
            tasks.age(sql, task.id, waited)
        if reason == matching.BUSY:
            if reason != task.reason:
                tasks.explain(sql, task.id, reason)
        elif task.skippable:
            self._end(sql, task, f.JobSkipped(task.job, task.name, reason))
        elif unserved >= self.limits.patience:
            self._end(sql, task, f.JobFinished(task.job, 'failure', {}, _expired(reason, unserved)))
        elif reason != task.reason:
            tasks.explain(sql, task.id, reason)
            self._tell(sql, task, f.JobBlocked(task.job, reason))

    @contextmanager
    def copied(self, worker: str) -> Iterator[Copies]:
        """To write it off: its logs are copied before the transaction for which others wait, who
        can do without long ones on a slow disk."""
        names = [self._log(task) for task in tasks.of_worker(self.store, worker)]
        copies = {name: Sealing(name) for name in names}
        try:
            for copy in copies.values():
                copy.copy()
            yield copies
        finally:
            for copy in copies.values():
                copy.drop()

    def write_off(self, sql: Sql, worker: workers.Worker, reason: str, copies: Copies) -> None:
        """It will not go on with what it has: others take what it had not begun, and its jobs are
        lost. Inside the transaction that gives it up."""
        for task in tasks.held_by(sql, worker.id):
            if not tasks.give_back(sql, task.id):
                tasks.leave_remains(sql, worker.machine, task)
                self._lose(sql, task, reason, copies)
        self.post.clear(sql)
        self.dispatch(sql)

    def _lose(self, sql: Sql, task: Task, reason: str, copies: Copies) -> None:
        name = self._log(task)
        copies.get(name, Sealing(name)).seal()
        self._end(sql, task, f.JobLost(task.job, reason))

    def fail(self, sql: Sql, task: Task, message: str) -> None:
        self._end(sql, task, f.JobFinished(task.job, 'failure', {}, message))
        self.dispatch(sql)

    def _log(self, task: Task) -> Path:
        return RunPaths(self.store.directory, task.run).log(task.job, task.attempt)

    def _end(self, sql: Sql, task: Task, fact: f.Fact) -> None:
        tasks.end(sql, task.id)
        self._tell(sql, task, fact)

    def _tell(self, sql: Sql, task: Task, fact: f.Fact) -> None:
        tasks.tell(sql, task.run, task.id, [fact])
        self.post.ring(sql, task.run)


def now() -> float:
    """Seconds that go on while this process is stopped, or the machine asleep, and never jump."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _expired(reason: str, waited: float) -> str:
    why = reason.removeprefix('waits for ')
    return f'for {_duration(waited)} there was no such worker: {why}'


def _duration(seconds: float) -> str:
    return f'{seconds / 3600:.0f} hours' if seconds >= 7200 else f'{seconds:.0f} seconds'
