"""Runs as a server tells of them."""

import asyncio
import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from liftlock.cli.remote.client import Absent, Client
from liftlock.engine.telling import board as folded
from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.plan import wire
from liftlock.plan.board import Board
from liftlock.plan.facts import Stamped
from liftlock.store import archive
from liftlock.store.artifacts import ZIP, Artifact
from liftlock.store.logs import Line
from liftlock.store.runs import Job, Run

if TYPE_CHECKING:
    from liftlock.gates.verdict import Verdict

WINDOW: Final = 5000  # lines in one answer


class Told:
    """Satisfies `Past`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._interrupted: dict[int, bool] = {}

    def recent(self, workflow: str, status: str, limit: int) -> list[Run]:
        given = {'workflow': workflow, 'status': status}
        return [self._run(one) for one in self.client.each('/runs', 'runs', limit, **given)]

    def find(self, name: str) -> Run:
        if name == 'last':
            found = self.recent('', '', 1)
            if not found:
                raise UserError('no run was ever started there')
            return found[0]
        if not (name.isascii() and name.isdecimal()):
            raise UserError(f'"{name}" is no run', 'give the number of a run, or `last`')
        return self._run(self.client.get(f'/runs/{int(name)}'))

    def condition(self, run: Run) -> str:
        if run.status == 'completed':
            return run.conclusion
        return 'interrupted' if self._interrupted.get(run.id) else run.status

    def record(self, run: Run) -> dict[str, Any]:
        hidden = ('request', 'owner', 'token')
        told = {name: value for name, value in run._asdict().items() if name not in hidden}
        return {**told, 'interrupted': self.condition(run) == 'interrupted'}

    def facts(self, run: int, after: int = 0) -> list[Stamped]:
        found: list[Stamped] = []
        while True:
            page = self.client.get(f'/runs/{run}/facts', after=after)
            found += [_stamped(run, one) for one in page['facts']]
            if not page['more']:
                return found
            after = found[-1].seq

    def whole(self, run: Run, board: Board) -> Mapping[str, Any]:
        found: dict[str, Any] = self.client.get(f'/runs/{run.id}')
        return found

    def jobs(self, run: int) -> list[Job]:
        """In the order in which they were first spoken of."""
        facts = self.facts(run)
        board = folded(facts)
        attempts = {one.fact.job: one.fact.attempt for one in facts
                    if isinstance(one.fact, f.JobClaimed)}  # fmt: skip
        found = []
        for job in board.jobs.values():
            state, conclusion = ('done', job.state) if job.ended else (job.state, '')
            found.append(
                Job(
                    run,
                    job.key,
                    job.name,
                    state,
                    conclusion,
                    attempts.get(job.key, 0),
                    job.started,
                    job.finished,
                )
            )
        return sorted(found, key=lambda one: (one.started, one.finished, one.key))

    def artifacts(self, run: int) -> list[Artifact]:
        told = self.client.get(f'/runs/{run}/artifacts')['artifacts']
        return [Artifact(**{name: one[name] for name in Artifact._fields}) for one in told]

    async def fetch(self, run: int, name: str, directory: Path) -> int:
        """Of the newest attempt all parts, in order."""
        found = [one for one in self.artifacts(run) if one.name == name]
        newest = max(one.attempt for one in found)
        return await asyncio.to_thread(
            self._fetch, run, [one for one in found if one.attempt == newest], directory
        )

    def log(self, run: int, job: str, attempt: int) -> 'Remote':
        return Remote(self.client, run, job, attempt)

    def verdicts(self, run: Run) -> 'Sequence[Verdict]':
        return ()  # a server does not tell them

    def lost_logs(self, run: int) -> int:
        return 0

    def over(self, run: int) -> bool:
        row = self.find(str(run))
        return self.condition(row) not in ('queued', 'in_progress')

    # ---

    def _run(self, told: Mapping[str, Any]) -> Run:
        self._interrupted[told['id']] = told['interrupted']
        known = {name: told.get(name, '') for name in Run._fields}
        return Run(**{**known, 'token': 0})

    def _fetch(self, run: int, parts: list[Artifact], directory: Path) -> int:
        files = 0
        with tempfile.TemporaryDirectory(prefix='liftlock-') as scratch:
            for part in parts:
                file = Path(scratch, str(part.id))
                self.client.download(f'/runs/{run}/artifacts/{part.id}', file)
                if part.mime == ZIP:
                    files += archive.unpack(file, directory)
                    continue
                directory.mkdir(parents=True, exist_ok=True)
                target = directory / part.name
                target.unlink(missing_ok=True)  # never write through a link
                target.write_bytes(file.read_bytes())
                files += 1
        return files


class Remote:
    """A log, in windows. Satisfies `Reader`."""

    def __init__(self, client: Client, run: int, job: str, attempt: int) -> None:
        self._client = client
        self._where = {'job': job, 'attempt': attempt or None}
        self._path = f'/runs/{run}/lines'
        try:
            self.count = int(self._window(0, 1)['count'])
        except Absent:  # nobody has begun it
            self.count = 0

    def lines(
        self, start: int = 0, stop: int | None = None, steps: Collection[int] | None = None
    ) -> Iterator[Line]:
        end = self.count if stop is None else min(stop, self.count)
        while start < end:
            told = self._window(start, min(WINDOW, end - start))['lines']
            if not told:
                return
            for one in told:
                if steps is None or one['step'] in steps:
                    yield Line(one['number'], one['step'], one['at'], one['text'])
            start = told[-1]['number'] + 1

    def _window(self, start: int, limit: int) -> Any:
        return self._client.get(self._path, **self._where, from_=start, limit=limit)


def _stamped(run: int, told: Mapping[str, Any]) -> Stamped:
    record = {name: value for name, value in told.items() if name not in ('seq', 'at')}
    return Stamped(told['seq'], run, told['at'], wire.load(json.dumps(record)))
