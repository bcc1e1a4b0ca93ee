"""What default branches say is learnt of each repository by itself; on both databases."""

import asyncio
import errno
from collections.abc import Mapping
from pathlib import Path

import pytest

from liftlock.engine.triggers.learning import Learner
from liftlock.store import intakes, repositories, schedules
from liftlock.store.database import Store
from liftlock.store.repositories import Repository

NIGHTLY = 'on: {schedule: [{cron: "17 3 * * *"}]}\njobs: {a: {runs-on: x, steps: [{run: a}]}}\n'


class Branches:
    """Files by the name of the repository."""

    def __init__(self, files: Mapping[str, Mapping[str, str]]) -> None:
        self._files = files

    async def head(self, repository: Repository, *, fetch: bool) -> str:
        return 'a' * 40

    async def files(self, repository: Repository, commit: str) -> Mapping[str, str]:
        return self._files[repository.name]


def test_what_one_repository_holds_stops_no_other(store: Store, tmp_path: Path) -> None:
    """A name that is no text, as git knows them."""
    folder = '.github/workflows/'
    branches = Branches(
        {
            'evil/one': {f'{folder}a\udcff.yml': NIGHTLY},
            'good/two': {f'{folder}nightly.yml': NIGHTLY},
        }
    )
    for one in ('evil/one', 'good/two'):
        draft = repositories.Draft(one, f'/srv/git/{one}.git')
        repositories.add(store, draft, 'mona', tmp_path / 'key')
    learner = Learner(store, branches, lambda: 1000.0, lambda: 0.5)
    asyncio.run(learner.look())
    known = {one.workflow for one in schedules.active(store)}
    assert f'{folder}nightly.yml' in known


def test_a_full_disk_is_told_of_once_in_a_line_and_it_is_tried_again(
    store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(Branches):
        full = True

        async def files(self, repository: Repository, commit: str) -> Mapping[str, str]:
            if self.full:
                raise OSError(errno.ENOSPC, 'No space left on device')
            return await super().files(repository, commit)

    branches = Full({'good/two': {'.github/workflows/nightly.yml': NIGHTLY}})
    draft = repositories.Draft('good/two', '/srv/git/good/two.git')
    repositories.add(store, draft, 'mona', tmp_path / 'key')
    clock = [1000.0]
    learner = Learner(store, branches, lambda: clock[0], lambda: 0.5)
    for _ in range(3):
        asyncio.run(learner.look())
        clock[0] += 500.0
    (told,) = caplog.records
    assert told.getMessage().endswith('No space left on device')
    assert told.exc_info is None
    branches.full = False
    clock[0] += 500.0
    asyncio.run(learner.look())
    assert [one.workflow for one in schedules.active(store)]


def test_the_first_push_that_ever_came_is_learnt_from(store: Store, tmp_path: Path) -> None:
    class Growing(Branches):
        commit = 'a' * 40

        async def head(self, repository: Repository, *, fetch: bool) -> str:
            return self.commit

    files: dict[str, str] = {}
    branches = Growing({'good/two': files})
    draft = repositories.Draft('good/two', '/srv/git/good/two.git', branch='main')
    there = repositories.add(store, draft, 'mona', tmp_path / 'key')
    learner = Learner(store, branches, lambda: 1000.0, lambda: 0.5)
    asyncio.run(learner.look())
    assert not schedules.active(store)
    pushed = intakes.Draft(there.id, 'hook:1:push', 'push', 'refs/heads/main', 'mona', '{}')
    row = intakes.begin(store, pushed)
    asyncio.run(learner.look())  # git may not have it yet, and it is looked at again
    intakes.end(store, row.id, 'done')
    files['.github/workflows/nightly.yml'] = NIGHTLY
    branches.commit = 'b' * 40
    asyncio.run(learner.look())
    assert len(schedules.active(store)) == 1
