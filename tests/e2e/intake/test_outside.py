"""What strangers propose: whether it runs, at which commit, where, and with what.

Every test here is an attempt to get somebody else's code, or more of it than somebody has looked
at, further than it may.
"""

import asyncio
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.intake.ground import JOBS, Place
from liftlock.cli import wiring
from liftlock.engine import confinement
from liftlock.engine.intake.intake import Intake
from liftlock.errors import UserError
from liftlock.plan.event import Event
from liftlock.store import intakes, runs

EVIL = {'.github/workflows/c.yml': 'on: pull_request\n' + JOBS, 'evil.sh': 'rm -rf /\n'}
MEMBER = {'author_association': 'MEMBER'}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, trusted=True)
    yield made
    made.works.close()


def approve(place: Place, number: int, *, always: bool = False) -> Any:
    return asyncio.run(place.intake().approve(number, 'mona', always=always))


def second_parent(place: Place, run: int) -> str:
    """The head that a run's merge was made of."""
    commit = runs.find(place.store, str(run)).sha
    mirror = place.intake().mirror(place.repository)
    return asyncio.run(mirror.commit(f'{commit}^2'))


# --- at which commit


def test_what_was_looked_at_runs_though_the_head_has_moved_since(place: Place) -> None:
    looked_at = place.propose(7, {'a': '1'})
    held = place.proposed(7, looked_at)
    assert held.status == 'held'
    merge = place.row(held).sha
    place.propose(7, EVIL, onto=looked_at)  # of which nobody has told yet
    place.git('commit', '--quiet', '--allow-empty', '--message', 'the base moves, too')
    (run,) = approve(place, held.intake).runs
    assert second_parent(place, run) == looked_at
    assert runs.find(place.store, str(run)).sha == merge


def test_an_approval_of_one_head_is_none_of_the_next(place: Place) -> None:
    first = place.propose(7, {'a': '1'})
    approve(place, place.proposed(7, first).intake)
    again = place.proposed(7, first, 'labeled', sender='mona')
    assert (again.status, again.runs) == ('done', ())  # approved, and by its types not started
    second = place.propose(7, EVIL, onto=first)
    assert place.proposed(7, second, 'synchronize').status == 'held'


def test_an_approval_is_of_one_pull_request(place: Place) -> None:
    head = place.propose(7, {'a': '1'})
    place.git('update-ref', 'refs/pull/8/head', head)
    approve(place, place.proposed(7, head).intake)
    assert place.proposed(8, head).status == 'held'


def test_who_clicks_after_the_next_push_was_told_is_refused(place: Place) -> None:
    first = place.propose(7, {'a': '1'})
    seen = place.proposed(7, first).intake
    newer = place.proposed(7, place.propose(7, EVIL, onto=first), 'synchronize')
    with pytest.raises(UserError, match='nobody waits for this approval any more'):
        approve(place, seen)
    assert place.row(newer).status == 'held'
    assert place.made() == []


def test_an_old_delivery_that_comes_again_takes_the_place_of_nothing(place: Place) -> None:
    first = place.propose(7, {'a': '1'})
    place.proposed(7, first)
    second = place.propose(7, {'a': '2'}, onto=first)
    waiting = place.proposed(7, second, 'synchronize')
    replayed = place.proposed(7, first)
    assert (replayed.status, replayed.said) == ('rejected', f'{second[:12]} has come since')
    (run,) = approve(place, waiting.intake).runs
    assert second_parent(place, run) == second


def test_what_was_held_is_not_let_through_by_what_somebody_else_does_to_it(place: Place) -> None:
    head = place.propose(7, EVIL)
    known: dict[str, Any] = {'author_association': 'CONTRIBUTOR'}
    pushed = place.proposed(7, head, 'synchronize', sender='eve', **known)
    assert pushed.status == 'held'
    for name, sender in (('pull_request', 'mona'), ('pull_request_review', 'eve')):
        other = place.proposed(7, head, 'reopened', name=name, sender=sender, **known)
        assert not other.runs
    assert place.made() == []


def test_all_that_waits_for_a_commit_goes_on_when_it_is_approved(place: Place) -> None:
    head = place.propose(7, {'a': '1'})
    held = [place.proposed(7, head, action) for action in ('opened', 'reopened')]
    (first,) = approve(place, held[1].intake).runs
    assert {place.row(one).status for one in held} == {'done'}
    assert len(runs.unfinished(place.store)) == 2
    assert first


def test_who_is_known_is_whoever_was_asked_about(place: Place) -> None:
    head = place.propose(7, {'a': '1'})
    held = place.proposed(7, head, 'synchronize', sender='eve')
    approve(place, held.intake, always=True)
    trusted = [author for author, _, _ in intakes.trusted(place.store, place.repository.id)]
    assert trusted == ['eve', 'mallory']


# --- where, and with what


def submission(place: Place, outcome: Any) -> Any:
    (run,) = outcome.runs
    return place.works.engine.submission(run)


def test_the_settings_of_a_fork_do_not_count(place: Place) -> None:
    files = {'liftlock.yml': 'sandbox: {network: true, read: [/etc]}\ndeploys: {a: production}\n'}
    made = submission(place, place.proposed(7, place.propose(7, files), **MEMBER))
    assert made.otherwise == 'confined'
    assert confinement.load(made.keep['sandbox']).network is None
    assert confinement.load(made.keep['sandbox']).read is None
    assert made.request.deploys == {}


def test_a_proposal_without_a_repository_is_a_strangers(place: Place) -> None:
    head = place.propose(7, EVIL)
    made = place.proposed(7, head, head={'ref': 'topic', 'sha': head, 'repo': None})
    assert made.status == 'held'


def test_a_repository_that_is_not_trusted_gives_itself_nothing_of_the_machine(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    (place.work / 'liftlock.yml').write_text(
        'sandbox: {read: [/etc], write: [/srv], env: [HOME], caches: shared,'
        ' jobs: {a: {read: [/root]}}}\n'
    )
    place.git('commit', '--all', '--quiet', '--message', 'two')
    place.head = place.git('rev-parse', 'HEAD')
    place.take()
    made = place.works.engine.submission(1)
    assert made.otherwise == 'sandbox'
    said = confinement.load(made.keep['sandbox'])
    for one in (said, said.of('a')):
        assert (one.read, one.write, one.env, one.caches) == (None, None, None, None)
    place.works.close()


# --- what it may do to the server itself


def test_what_cannot_be_taken_up_holds_up_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = place.intake()
    for number, sha in ((1, 'x'), (2, place.head)):
        payload: dict[str, Any] = {'before': '0' * 40, 'after': sha}
        event = Event('push', payload, 'refs/heads/main', '', 'octo/shop', 'mona')
        intake.note(place.repository, event, f'hook:{number}:push')
    taking = type(intake)._take

    async def take(self: Any, row: Any, *others: Any) -> None:
        if row.id == 1:
            raise OverflowError
        await taking(self, row, *others)

    monkeypatch.setattr(type(intake), '_take', take)
    asyncio.run(intake.take_up())
    assert [intakes.of(place.store, one).status for one in (1, 2)] == ['failed', 'done']
    assert place.made() == ['a.yml', 'b.yml']


def test_a_file_whose_name_is_no_text_keeps_no_other_from_starting(place: Place) -> None:
    with open(os.fsencode(place.work / '.github/workflows') + b'/odd\xff.yml', 'w') as file:  # noqa: PTH123
        file.write('name: "a\\0b"\non: push\n' + JOBS)
    place.git('add', '--all')
    place.git('commit', '--quiet', '--message', 'two')
    place.head = place.git('rev-parse', 'HEAD')
    place.take()
    assert place.made() == ['a.yml', 'b.yml', 'odd\ufffd.yml']


@pytest.mark.parametrize('number', [float('inf'), float('nan'), -1.0, 1e300])
def test_a_number_that_is_none_is_no_pull_request(place: Place, number: Any) -> None:
    made = place.proposed(number, place.propose(7, EVIL))
    assert made.status in ('held', 'done', 'failed'), made
    assert place.made() == []


@pytest.mark.parametrize(
    'path', ['.github/workflows/x.yml', '../../../../private/key', 'plain.yml']
)
def test_a_workflow_of_elsewhere_tells_nothing_of_the_server(
    place: Place, tmp_path: Path, path: str
) -> None:
    private = tmp_path / 'private'
    private.mkdir()
    (private / 'key').write_text('the-key-of-this-machine')
    evil = tmp_path / 'evil'
    (evil / '.github/workflows').mkdir(parents=True)
    (evil / '.github/workflows/x.yml').symlink_to(private / 'key')
    (evil / 'plain.yml').write_text('the-key-of-this-machine')
    for words in (('init', '-q', '-b', 'main'), ('add', '-A'), ('commit', '-q', '-m', 'x')):
        who = ('-c', 'user.name=m', '-c', 'user.email=m@localhost')
        subprocess.run(('git', *who, *words), cwd=evil, check=True)
    config = place.works.place.config._replace(actions=(('mallory/*', str(tmp_path / '{name}')),))
    where = place.works.place._replace(config=config)
    with pytest.raises(UserError) as refusal:
        wiring.read_remote(where, f'mallory/evil/{path}@main', None)
    assert 'the-key' not in str(refusal.value)


def test_a_workflow_of_elsewhere_that_nobody_answers_for_holds_up_no_other(place: Place) -> None:
    """Of twelve proposals with one; the threads that everybody works with are fewer."""
    called: list[str] = []
    go_on = threading.Event()

    def remote(reference: str, pins: object) -> str:
        called.append(reference)
        go_on.wait(60)
        raise UserError('it could not be had')

    bench = wiring.bench(place.works)._replace(remote=remote)
    intake = Intake(bench, lambda run, who: None)
    uses = 'on: pull_request\njobs: {a: {uses: mallory/x/.github/workflows/y.yml@v1}}\n'
    head = place.propose(7, {'.github/workflows/c.yml': uses})
    for number in range(8, 20):
        place.git('update-ref', f'refs/pull/{number}/head', head)

    async def scene() -> None:
        events = [place.about(number, head, **MEMBER) for number in range(8, 20)]
        taking = [
            asyncio.create_task(intake.take(place.repository, event, f'hook:{number}:x'))
            for number, event in enumerate(events)
        ]
        async with asyncio.timeout(60):
            while len(called) < len(taking):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert await asyncio.to_thread(lambda: 'free') == 'free'
        go_on.set()
        await asyncio.gather(*taking)

    try:
        asyncio.run(scene())
    finally:
        go_on.set()
