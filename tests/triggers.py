"""A store with a registered repository, whose events and runs a test makes up by itself."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from liftlock.engine.intake.outcome import Outcome
from liftlock.engine.submission import Submission, dump
from liftlock.language.expressions.values import Value
from liftlock.plan import facts as f
from liftlock.plan.event import Event
from liftlock.plan.plan import Request
from liftlock.store import intakes, repositories, runs
from liftlock.store.database import Store
from liftlock.store.intakes import Decision
from liftlock.store.repositories import Repository

SHA = 'a' * 40
CI = '.github/workflows/ci.yml'
TEXT = """
on: push
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
  test:
    needs: build
    strategy: {matrix: {n: [1, 2]}}
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
"""


class Stage:
    """One repository, and a push to it whose run goes on as the test says."""

    def __init__(self, store: Store, directory: Path, forge: str = 'github', web: str = '') -> None:
        self.store = store
        draft = repositories.Draft(
            'octo/shop', 'https://github.com/octo/shop', forge, web, 'main', token='the-token'
        )
        self.key = directory / 'key'
        self.repository = repositories.add(store, draft, 'mona', self.key)
        self.deliveries = 0

    def token(self, repository: Repository) -> str:
        return repositories.token(self.store, repository.id, self.key)

    def pushed(
        self,
        *workflows: str,
        sha: str = SHA,
        name: str = 'push',
        delivery: str = '',
        payload: Mapping[str, Value] | None = None,
    ) -> list[int]:
        """An event that was taken in, and a run for each workflow."""
        row = self.begun(sha, name, delivery, payload)
        found = [self._run(row.id, path, sha, name, payload) for path in workflows]
        intakes.end(self.store, row.id, 'done')
        return found

    def begun(
        self,
        sha: str = SHA,
        name: str = 'push',
        delivery: str = '',
        payload: Mapping[str, Value] | None = None,
    ) -> intakes.Intake:
        self.deliveries += 1
        called = delivery or f'hook:{self.deliveries}:{name}'
        draft = intakes.Draft(self.repository.id, called, name, 'refs/heads/main', 'mona', '{}')
        row = intakes.begin(self.store, draft)
        row = row._replace(sha=sha, head=sha)
        intakes.found(self.store, row.id, row, '{}')
        return row

    def _run(
        self, intake: int, path: str, sha: str, name: str, payload: Mapping[str, Value] | None
    ) -> int:
        event = Event(name, dict(payload or {}), 'refs/heads/main', sha, 'octo/shop', 'mona')
        request = Request(event, path, {path: TEXT}, 0, 0)
        text = dump(Submission(request, 'CI', 'a change'))
        draft = runs.Draft(
            'octo/shop', path, 'CI', 'a change', name, 'refs/heads/main', sha, 'mona',
            cause=f'intake:{intake}:{path}',
        )  # fmt: skip
        run, _ = runs.submit(self.store, draft, '0-0', lambda run, number: text)
        intakes.decide(self.store, intake, [Decision(path, 'CI', 'started', '', (), run)])
        return run

    def tell(self, run: int, *facts: f.Fact) -> None:
        self.store.append(run, facts, 1)

    def green(self, run: int) -> None:
        self.tell(
            run,
            f.JobQueued('build', 'build', ('x',)),
            f.JobClaimed('build', 1, 1, 'w'),
            f.JobFinished('build', 'success', {}),
            f.JobFinished('test[0]', 'success', {}),
            f.JobFinished('test[1]', 'success', {}),
            f.RunFinished('success'),
        )


class Taking:
    """An intake that only notes what it is brought: the same delivery once, as the real one."""

    def __init__(self, *, status: str = 'done', run: int = 1) -> None:
        self.status = status
        self.run = run
        self.taken: dict[str, Event] = {}
        self.noted: dict[str, Event] = {}
        self.asked: list[str] = []

    def note(self, repository: Repository, event: Event, delivery: str) -> None:
        self.noted.setdefault(delivery, event)

    async def __call__(
        self,
        repository: Repository,
        event: Event,
        delivery: str,
        *,
        only: str = '',
        inputs: Mapping[str, Value] | None = None,
    ) -> Outcome:
        json.dumps(event._asdict())  # it is written down as JSON
        self.asked.append(delivery)
        self.taken.setdefault(delivery, event)
        if self.status == 'failed':
            return Outcome(1, 'failed', 'git cannot fetch it')
        started: Sequence[Decision] = (Decision(only, 'CI', 'started', '', (), self.run),)
        return Outcome(1, self.status, '', tuple(started))
