"""`workflow_run` is told once of every run, by whoever is there; on both databases."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from liftlock.engine.triggers.chains import Chain
from liftlock.engine.triggers.learning import hears, wants
from liftlock.language.expressions.values import Value
from liftlock.plan import facts as f
from liftlock.plan.event import Event
from liftlock.store import runs
from liftlock.store.database import Store
from triggers import CI, SHA, Stage, Taking

AFTER = '.github/workflows/after.yml'


class Desk:
    def __init__(self, store: Store, directory: Path) -> None:
        self.store = store
        self.stage = Stage(store, directory)
        self.taking = Taking()
        self.begin()
        self.look()

    def begin(self, wanted: tuple[str, ...] = ('requested', 'in_progress', 'completed')) -> None:
        async def rest(seconds: float) -> None: ...

        self.chain = Chain(
            self.store,
            self.taking.note,
            self.taking,
            lambda repository, name, action: action in wanted,
            'https://ci.example',
            rest,
        )

    def look(self) -> list[str]:
        async def all_of_it() -> None:
            while self.chain.look():
                pass
            await self.chain.errands.rest()

        asyncio.run(all_of_it())
        return list(self.taking.taken)

    def event(self, delivery: str) -> Event:
        return self.taking.taken[delivery]


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def run_of(event: Event) -> Mapping[str, Value]:
    found = event.payload['workflow_run']
    assert isinstance(found, dict)
    return found


def test_a_run_is_told_when_it_is_requested_begins_and_ends(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.stage.green(run)
    names = [f'workflow_run:{run}:1:{word}' for word in ('requested', 'in_progress', 'completed')]
    assert desk.look() == names
    assert [run_of(desk.event(name))['status'] for name in names] == [
        'queued',
        'in_progress',
        'completed',
    ]
    ended = desk.event(names[2])
    told = run_of(ended)
    assert ended.payload['action'] == 'completed'
    assert (told['id'], told['name'], told['path'], told['conclusion'], told['event']) == (
        float(run),
        'CI',
        CI,
        'success',
        'push',
    )
    assert (told['head_branch'], told['head_sha']) == ('main', SHA)
    assert told['html_url'] == f'https://ci.example/runs/{run}'
    assert run_of(desk.event(names[0]))['conclusion'] is None


def test_a_run_that_nobody_can_read_keeps_back_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,), (second,) = desk.stage.pushed(CI), desk.stage.pushed(CI)
    read = runs.request

    def broken(store: Store, run: int) -> str:
        return '{' if run == first else read(store, run)

    monkeypatch.setattr(runs, 'request', broken)
    assert desk.look() == [f'workflow_run:{second}:1:requested']


def test_nothing_is_told_twice_even_if_who_told_it_was_killed(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.stage.green(run)
    desk.look()
    with desk.store.transaction() as sql:  # as if it had not moved on
        sql.execute("UPDATE followers SET seq = 0 WHERE name = 'chains'")
    desk.begin()
    desk.look()
    assert len(desk.taking.asked) == 6
    assert len(desk.taking.taken) == 3


def test_what_was_written_but_not_taken_in_is_there_for_the_next(desk: Desk) -> None:
    desk.begin(('completed',))
    (run,) = desk.stage.pushed(CI)
    desk.stage.green(run)

    async def killed() -> None:
        while desk.chain.look():
            pass
        await desk.chain.errands.end()  # before any was taken in

    asyncio.run(killed())
    assert list(desk.taking.noted) == [f'workflow_run:{run}:1:completed']
    assert desk.taking.taken == {}


def test_an_attempt_is_told_as_one_of_its_own(desk: Desk) -> None:
    (run,) = desk.stage.pushed(CI)
    desk.stage.tell(run, f.RunFinished('failure'))
    desk.look()
    desk.stage.tell(run, f.RunRestarted(2, ('build',)), f.RunFinished('success'))
    assert desk.look() == [
        f'workflow_run:{run}:1:requested',
        f'workflow_run:{run}:1:completed',
        f'workflow_run:{run}:2:requested',
        f'workflow_run:{run}:2:completed',
    ]
    assert run_of(desk.event(f'workflow_run:{run}:2:completed'))['run_attempt'] == 2.0


def test_three_workflows_in_a_row_are_started_and_no_fourth(desk: Desk) -> None:
    desk.begin(('completed',))
    (run,) = desk.stage.pushed(CI)
    depths = []
    for _ in range(5):
        desk.stage.tell(run, f.RunFinished('success'))
        before = len(desk.taking.taken)
        name = f'workflow_run:{run}:1:completed'
        depths.append(len(desk.look()) > before)
        (run,) = desk.stage.pushed(AFTER, name='workflow_run', delivery=name)
    assert depths == [True, True, True, False, False]


def test_a_run_that_nothing_caused_but_a_person_on_this_machine_tells_nobody(desk: Desk) -> None:
    from liftlock.store import runs

    draft = runs.Draft('octo/shop', CI, 'CI', 'x', 'push', 'refs/heads/main', SHA, 'mona')
    run, _ = runs.submit(desk.store, draft, '0-0', lambda run, number: '{}')
    desk.stage.tell(run, f.RunFinished('success'))
    assert desk.look() == []


def test_whoever_does_not_listen_is_told_nothing(desk: Desk) -> None:
    desk.begin(())
    (run,) = desk.stage.pushed(CI)
    desk.stage.green(run)
    assert desk.look() == []


def test_a_forge_that_is_away_is_asked_again_under_another_name(desk: Desk) -> None:
    desk.begin(('completed',))
    desk.taking.status = 'failed'
    (run,) = desk.stage.pushed(CI)
    desk.stage.tell(run, f.RunFinished('success'))
    desk.look()
    name = f'workflow_run:{run}:1:completed'
    assert desk.taking.asked == [name, f'{name}:1', f'{name}:2']


def test_a_fork_is_named_to_whoever_hears_of_its_run(desk: Desk) -> None:
    desk.begin(('completed',))
    head: Value = {'ref': 'fix', 'sha': 'b' * 40, 'repo': {'full_name': 'stranger/shop'}}
    payload: dict[str, Value] = {'pull_request': {'number': 7.0, 'head': head, 'base': {}}}
    (run,) = desk.stage.pushed(CI, name='pull_request', payload=payload)
    desk.stage.tell(run, f.RunFinished('success'))
    (name,) = desk.look()
    told = run_of(desk.event(name))
    assert told['head_repository'] == {'full_name': 'stranger/shop'}
    assert told['head_branch'] == 'fix'
    assert told['pull_requests'] == []


def test_who_listens_is_known_from_the_files_of_the_default_branch() -> None:
    files = {
        AFTER: """
on: {workflow_run: {workflows: [CI], types: [completed]}}
jobs: {a: {runs-on: x, steps: [{run: 'true'}]}}
"""
    }
    (trigger,) = hears(files)
    assert wants(trigger, 'CI', 'completed')
    assert not wants(trigger, 'CI', 'requested')
    assert not wants(trigger, 'Lint', 'completed')
