"""Forges are told of commits by an outbox that loses nothing; on both databases."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from liftlock.engine.triggers.statuses import GIVEN_UP, Reporter, destination
from liftlock.observe.forges.statuses import Destination, tell
from liftlock.plan import facts as f
from liftlock.plan.statuses import Status
from liftlock.store import intakes, repositories, settings, statuses
from liftlock.store.database import Store
from liftlock.store.repositories import Repository
from liftlock.store.statuses import Row
from reporting import TOKEN, Forge, forge
from triggers import CI, SHA, Stage

LINT = '.github/workflows/lint.yml'


class Desk:
    def __init__(self, store: Store, directory: Path, forge: Forge) -> None:
        self.store = store
        self.forge = forge
        self.stage = Stage(store, directory, forge.kind, forge.web)
        self.now = 1000.0
        self.begin()
        self.reporter.look(self.now)  # who begins to follow begins with the present

    def begin(self) -> None:
        self.reporter = Reporter(
            self.store, self.stage.token, 'https://ci.example/', chance=lambda: 0.5
        )

    def look(self) -> None:
        while self.reporter.look(self.now):
            pass

    def tell(self, *, look: bool = True) -> dict[str, str]:
        if look:
            self.look()
        for _ in range(5):  # a forge that has failed is asked no further at that look
            self.send()
        return self.forge.states()

    def send(self) -> None:
        async def once() -> None:
            self.reporter.tell(lambda: self.now)
            await self.reporter.errands.rest()

        asyncio.run(once())

    def row(self, context: str = 'liftlock') -> Row:
        return next(one for one in statuses.listed(self.store) if one.context == context)


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Iterator[Desk]:
    with forge('github') as there:
        yield Desk(store, tmp_path, there)


@pytest.mark.parametrize('kind', ['github', 'gitea', 'gitlab'])
def test_a_run_is_told_from_its_beginning_to_its_end(
    store: Store, tmp_path: Path, kind: str
) -> None:
    words = {'gitlab': ('running', 'success', 'failed')}.get(
        kind, ('pending', 'success', 'failure')
    )
    going, green, red = words
    with forge(kind) as there:
        desk = Desk(store, tmp_path, there)
        (run,) = desk.stage.pushed(CI)
        assert desk.tell() == {'liftlock': going, 'build': 'pending', 'test': 'pending'}
        desk.stage.tell(run, f.JobQueued('build', 'build', ('x',)))
        desk.stage.tell(run, f.JobClaimed('build', 1, 1, 'w'))
        desk.stage.tell(run, f.JobFinished('build', 'success', {}))
        assert desk.tell()['build'] == green
        desk.stage.tell(run, f.JobQueued('test[0]', 'test (1)', ('x',)))
        desk.stage.tell(run, f.JobFinished('test[0]', 'success', {}))
        desk.stage.tell(run, f.JobFinished('test[1]', 'failure', {}))
        desk.stage.tell(run, f.RunFinished('failure'))
        assert desk.tell() == {'liftlock': red, 'build': green, 'test': red}
        assert there.urls['test'] == f'https://ci.example/runs/{run}/jobs/test%5B1%5D'
        told = len(there.statuses)
        desk.tell()
        assert len(there.statuses) == told  # nothing is told that is known


def test_an_event_that_starts_nothing_makes_the_aggregate_green(desk: Desk) -> None:
    desk.stage.pushed()
    assert desk.tell() == {'liftlock': 'success'}


def test_what_is_not_decided_yet_is_pending(desk: Desk) -> None:
    row = desk.stage.begun()
    assert desk.tell() == {'liftlock': 'pending'}
    intakes.end(desk.store, row.id, 'done')
    assert desk.tell() == {'liftlock': 'success'}


def test_a_workflow_with_mistakes_makes_the_aggregate_red(desk: Desk) -> None:
    row = desk.stage.begun()
    refused = intakes.Decision(LINT, 'Lint', 'refused', 'line 3 has no `on`')
    intakes.decide(desk.store, row.id, [refused])
    intakes.end(desk.store, row.id, 'done')
    assert desk.tell() == {'liftlock': 'failure'}
    assert desk.row().description == 'Lint cannot start: line 3 has no `on`'


def test_an_intake_that_failed_is_told(desk: Desk) -> None:
    row = desk.stage.begun()
    intakes.end(desk.store, row.id, 'failed', 'git cannot fetch octo/shop')
    assert desk.tell() == {'liftlock': 'failure'}


def test_schedules_and_dispatches_say_nothing_about_the_commit(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI, name='schedule')
    desk.stage.tell(run, f.RunFinished('failure'))
    assert desk.tell() == {}


def test_two_workflows_of_one_commit_are_one_aggregate_with_the_name_that_was_set(
    desk: Desk,
) -> None:
    wanted = settings.Settings(status_name='ci/required')
    settings.change(desk.store, desk.stage.repository.id, wanted)
    one, two = desk.stage.pushed(CI, LINT)
    desk.stage.green(one)
    assert desk.tell()['ci/required'] == 'pending'
    desk.stage.tell(two, f.JobFinished('build', 'success', {}), f.RunFinished('success'))
    assert desk.tell()['ci/required'] == 'success'


def test_started_again_a_run_is_pending_again(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.stage.tell(run, f.JobFinished('build', 'failure', {}), f.RunFinished('failure'))
    assert desk.tell()['liftlock'] == 'failure'
    desk.stage.tell(run, f.RunRestarted(2, ('build',)))
    assert desk.tell()['build'] == 'pending'
    desk.stage.green(run)
    assert desk.tell() == {'liftlock': 'success', 'build': 'success', 'test': 'success'}


# --- nothing is lost


def test_who_is_killed_between_telling_and_noting_tells_it_again(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.stage.green(run)
    desk.look()
    (letter, *_) = statuses.due(desk.store, desk.now)
    where = destination(desk.stage.repository, 'the-token')
    assert isinstance(where, Destination)
    asyncio.run(tell(where, letter.commit.sha, letter.status, ''))  # and here it ends
    desk.begin()
    assert desk.tell()['liftlock'] == 'success'
    assert desk.forge.statuses.count((SHA, 'liftlock', 'success')) == 2


def test_facts_that_nobody_has_looked_at_are_looked_at_by_the_next(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.tell()
    desk.stage.green(run)  # the server is away
    desk.begin()
    assert desk.tell() == {'liftlock': 'success', 'build': 'success', 'test': 'success'}


def test_what_changes_while_it_is_told_is_told_after_it(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.look()
    letters = {one.status.context: one for one in statuses.due(desk.store, desk.now)}
    desk.stage.green(run)
    desk.look()
    statuses.told(desk.store, letters['liftlock'])  # the old state has arrived only now
    assert desk.tell()['liftlock'] == 'success'


# --- forges that are not well


def test_a_forge_that_fails_is_asked_later_and_later_and_told_the_newest_alone(
    desk: Desk,
) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.forge.fail = lambda count: (500, {}, '')
    desk.tell()
    assert desk.row().trouble == 'answered 500'
    first = desk.row().due - desk.now
    desk.now += first
    desk.tell()
    assert desk.row().due - desk.now == pytest.approx(2 * first)
    desk.stage.green(run)
    desk.forge.fail = lambda count: None
    assert desk.tell() == {'liftlock': 'success', 'build': 'success', 'test': 'success'}
    assert ('liftlock', 'pending') not in [(one[1], one[2]) for one in desk.forge.statuses]
    assert desk.row().trouble == ''


@pytest.mark.parametrize('status', [429, 503])
def test_a_forge_that_asks_to_wait_is_left_alone_so_long(desk: Desk, status: int) -> None:
    desk.stage.pushed()
    desk.forge.fail = lambda count: (status, {'retry-after': '900'}, '')
    desk.tell()
    assert desk.row().due == desk.now + 900
    desk.forge.fail = lambda count: None
    desk.now += 899
    assert desk.tell() == {}
    desk.now += 2
    assert desk.tell() == {'liftlock': 'success'}


def test_a_forge_that_breaks_the_connection_off_is_asked_again(desk: Desk) -> None:
    desk.stage.pushed()
    desk.forge.fail = lambda count: (0, {}, '')
    desk.tell()
    assert desk.row().trouble
    desk.forge.fail = lambda count: None
    desk.now += 60
    assert desk.tell() == {'liftlock': 'success'}


def test_a_forge_that_hangs_holds_up_nobody_else(store: Store, tmp_path: Path) -> None:
    """Of twenty repositories of one forge that does not answer, while another is told."""
    go_on = threading.Event()
    with forge('github') as slow, forge('github') as quick:
        slow.fail = lambda count: (503, {}, '') if go_on.wait(60) else None
        desk = Desk(store, tmp_path, slow)
        here, key = desk.stage.repository, desk.stage.key
        others = [
            repositories.add(store, _draft(here, name=f'octo/shop{number}'), 'mona', key)
            for number in range(20)
        ]
        quick.name = 'octo/quick'
        draft = _draft(here, name='octo/quick', web=quick.web)
        others.append(repositories.add(store, draft, 'mona', key))
        told = Status('liftlock', 'success', 'No workflow starts for this commit', '')
        statuses.put(
            store, [(statuses.Commit(one.id, SHA), (told,)) for one in others], desk.now, 0
        )

        async def scene() -> None:
            desk.reporter.tell(lambda: desk.now)
            async with asyncio.timeout(60):
                while not (quick.states() and slow.asked):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                assert await asyncio.to_thread(slow.states) == {}
            assert slow.asked <= 4
            go_on.set()
            await desk.reporter.errands.rest()

        try:
            asyncio.run(scene())
        finally:
            go_on.set()
        assert slow.asked == 20


def test_a_wrong_token_is_said_given_up_after_a_day_and_tried_again_when_asked_for(
    desk: Desk,
) -> None:
    desk.stage.pushed()
    draft = _draft(desk.stage.repository, token='a-wrong-one')
    repositories.change(desk.store, desk.stage.repository.id, draft, desk.stage.key)
    begun = desk.now
    for _ in range(60):
        desk.tell()
        if desk.row().given_up:
            break
        desk.now = desk.row().due
    assert desk.row().trouble == 'answered 401: Bad credentials'
    assert GIVEN_UP - 3600 * 1.2 <= desk.now - begun <= GIVEN_UP
    asked = desk.forge.asked
    desk.now += 10 * GIVEN_UP
    desk.tell()
    assert desk.forge.asked == asked
    draft = _draft(desk.stage.repository, token='the-token')
    repositories.change(desk.store, desk.stage.repository.id, draft, desk.stage.key)
    assert statuses.again(desk.store, desk.stage.repository.id, desk.now) == 1
    assert desk.tell() == {'liftlock': 'success'}


def test_one_status_that_is_refused_does_not_keep_back_the_others(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.stage.green(run)
    desk.forge.fail = lambda count: (422, {}, '') if count == 1 else None
    desk.look()
    for _ in range(5):
        desk.send()
    assert len(desk.forge.states()) == 2
    desk.now += 60
    assert len(desk.tell()) == 3


def _draft(one: Repository, token: str = TOKEN, **more: str) -> repositories.Draft:
    values = {name: getattr(one, name) for name in repositories.FIELDS}
    return repositories.Draft(**{**values, **more}, token=token)


# --- where a forge is asked


@pytest.mark.parametrize(
    ('repository', 'api'),
    [
        (('https://github.com/octo/shop', 'github', ''), 'https://api.github.com'),
        (('git@github.com:octo/shop.git', 'github', ''), 'https://api.github.com'),
        (('https://git.corp/octo/shop.git', 'github', ''), 'https://git.corp/api/v3'),
        (('ssh://git@git.corp:2222/octo/shop', 'gitea', ''), 'https://git.corp/api/v1'),
        (('http://git.corp:3000/octo/shop', 'forgejo', ''), 'http://git.corp:3000/api/v1'),
        (('/srv/shop.git', 'gitlab', 'https://lab.corp/octo/shop'), 'https://lab.corp/api/v4'),
        (('/srv/shop.git', 'gitea', 'https://corp/git/octo/shop'), 'https://corp/git/api/v1'),
        (('/srv/shop.git', 'gitea', ''), None),
        (('https://github.com/octo/shop', '', ''), None),
    ],
)
def test_the_address_of_a_forge_is_known_from_what_is_registered(
    repository: tuple[str, str, str], api: str | None
) -> None:
    found = destination(Repository(1, 'octo/shop', *repository), 'the-token')
    assert (found.api if found else None) == api
    assert destination(Repository(1, 'octo/shop', *repository), '') is None
