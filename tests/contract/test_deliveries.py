"""What every store promises to those who deliver: facts of environments, and rows that follow."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from liftlock.engine import leftovers
from liftlock.errors import UserError
from liftlock.rollout import facts as f
from liftlock.rollout.sight import Routes
from liftlock.rollout.version import Version
from liftlock.store import blobs, deliveries, owners, runs, tidy
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.database import Store
from liftlock.store.deliveries import Behind, StaleToken
from patience import eventually
from postgres import ON_SQLITE

V1: Final = Version('v1', 'a' * 40, 'refs/tags/v1', run=7)
DRAFT: Final = f.DeploymentRequested(0, f.DEPLOY, V1, 'settings', 'mona', 'because')
DAY: Final = 86400.0


@pytest.fixture
def place(store: Store) -> int:
    return deliveries.environment(store, 'o/r', 'production').id


def ask(store: Store, place: int, version: Version = V1, kind: str = f.DEPLOY) -> int:
    stamped = deliveries.request(store, place, DRAFT._replace(version=version, kind=kind))
    assert isinstance(stamped.fact, f.DeploymentRequested)
    return stamped.fact.number


def deliver(store: Store, place: int, version: Version = V1, conclusion: str = 'success') -> int:
    number = ask(store, place, version)
    deliveries.append(store, place, [f.DeploymentFinished(number, conclusion)])
    return number


# --- environments


def test_an_environment_is_made_once_whatever_the_case_of_its_name(store: Store) -> None:
    one = deliveries.environment(store, 'o/r', 'production')
    assert deliveries.environment(store, 'o/r', 'Production') == one
    assert deliveries.environment(store, 'o/s', 'production').id != one.id
    assert deliveries.environment(store, 'o/r', 'PRODUCTION', create=False).name == 'production'
    assert [place.repository for place in deliveries.environments(store)] == ['o/r', 'o/s']


def test_an_environment_that_is_not_there_is_a_users_mistake(store: Store) -> None:
    deliveries.environment(store, 'o/r', 'staging')
    with pytest.raises(UserError, match='"prod"') as told:
        deliveries.environment(store, 'o/r', 'prod', create=False)
    assert told.value.hint == 'there are: staging'
    assert len(deliveries.environments(store)) == 1


def test_an_environment_of_a_living_process_cannot_be_claimed(store: Store, place: int) -> None:
    assert deliveries.claim(store, place, '4711-x', lambda owner: False) == 1
    assert deliveries.claim(store, place, '4711-x', lambda owner: False) == 1
    with pytest.raises(UserError, match='production is held by process 4711'):
        deliveries.claim(store, place, '4712-y', lambda owner: False)
    assert deliveries.claim(store, place, '4712-y', lambda owner: True) == 2
    (held,) = deliveries.environments(store)
    assert (held.owner, held.token) == ('4712-y', 2)


# --- facts


def test_facts_come_back_in_order_with_the_environment_they_belong_to(store: Store) -> None:
    one, other = (deliveries.environment(store, 'o/r', name).id for name in ('one', 'other'))
    told: list[f.Fact] = [
        f.ScaleSet(1, 'r1', 3),
        f.RoutesSet(1, Routes((('r1', 100),), fallback='r1')),
    ]
    first, second = deliveries.append(store, one, told)
    deliveries.append(store, other, [f.DriftSeen('')])
    assert deliveries.facts(store, one) == [first, second]
    assert deliveries.facts(store, one, first.seq) == [second]
    assert [stamped.fact for stamped in deliveries.facts(store, one)] == told
    assert deliveries.latest(store) == {one: second.seq, other: second.seq + 1}


def test_a_fact_under_an_older_token_is_refused_and_leaves_no_trace(
    store: Store, place: int
) -> None:
    number = ask(store, place)
    old = deliveries.claim(store, place, 'one', lambda owner: True)
    new = deliveries.claim(store, place, 'other', lambda owner: True)
    with pytest.raises(StaleToken):
        deliveries.append(store, place, [f.DeploymentFinished(number, 'success')], old)
    assert len(deliveries.facts(store, place)) == 1
    assert deliveries.find(store, place, number).status == 'waiting'
    deliveries.append(store, place, [f.DeploymentFinished(number, 'success')], new)
    assert deliveries.find(store, place, number).status == 'completed'


def test_a_person_needs_no_token(store: Store, place: int) -> None:
    deliveries.claim(store, place, 'one', lambda owner: True)
    deliveries.append(store, place, [f.AutomationHeld('mona', 'enough')])
    assert len(deliveries.facts(store, place)) == 1


def test_who_has_not_read_everything_is_told_and_writes_nothing(store: Store, place: int) -> None:
    other = deliveries.environment(store, 'o/r', 'staging').id
    ask(store, place)
    (read,) = deliveries.facts(store, place)
    ask(store, other)
    (mine,) = deliveries.append(store, place, [f.HealthChanged(True)], 0, read.seq)
    deliveries.append(store, place, [f.AbortRequested(1, 'mona')])
    with pytest.raises(Behind):
        deliveries.append(store, place, [f.DeploymentFinished(1, 'success')], 0, mine.seq)
    assert deliveries.find(store, place, 1).status == 'waiting'
    assert len(deliveries.facts(store, place)) == 3


def test_what_a_newer_version_wrote_is_passed_on(store: Store, place: int) -> None:
    future = f.Unknown('MoonPhaseChecked', {'version': 1, 'phase': 'full'})
    deliveries.append(store, place, [future])
    (stamped,) = deliveries.facts(store, place)
    assert stamped.fact == future


# --- deployments


def test_numbers_count_by_environment(store: Store) -> None:
    one, other = (deliveries.environment(store, 'o/r', name).id for name in ('one', 'other'))
    assert [ask(store, place) for place in (one, one, other)] == [1, 2, 1]


STAGES: Final = (
    (f.DeploymentHeld(1, 'waits for a review by ops'), 'waiting', 'waits for a review by ops'),
    (f.Approved(1, 'hubot', 'a', 'settings'), 'waiting', 'waits for a review by ops'),
    (f.DeploymentAllowed(1), 'queued', ''),
    (f.DeploymentStarted(1, 'r1', '', ('pause',)), 'in_progress', ''),
    (f.Paused(1, 'until somebody promotes'), 'paused', 'until somebody promotes'),
    (f.Promoted(1, 'mona'), 'in_progress', ''),
    (f.Paused(1, 'for a minute'), 'paused', 'for a minute'),
    (f.StepFinished(1, 0, 'pause'), 'in_progress', ''),
    (f.RollbackStarted(1, 'health', 'it is not healthy'), 'in_progress', 'it is not healthy'),
    (f.DeploymentStarted(1, 'r1', '', ('restore',)), 'in_progress', 'it is not healthy'),
    (f.DeploymentFinished(1, 'rolled_back', 'it was not', 1.5), 'completed', 'it was not'),
    (f.Paused(1, 'too late'), 'completed', 'it was not'),
    (f.DeploymentAllowed(1, 'too late'), 'completed', 'it was not'),
)


def test_rows_follow_the_facts(store: Store, place: int) -> None:
    ask(store, place)
    row = deliveries.find(store, place, 1)
    assert (row.status, row.version, row.version_id, row.by) == ('waiting', 'v1', V1.id, 'mona')
    began = set()
    for fact, status, message in STAGES:
        deliveries.append(store, place, [fact])
        row = deliveries.find(store, place, 1)
        assert (row.status, row.message) == (status, message), fact
        began.add(row.started)
    assert len(began - {0.0}) == 1, 'going back is a part of it'
    assert (row.conclusion, row.downtime, row.run) == ('rolled_back', 1.5, 7)
    assert row.finished >= row.started >= row.created > 0


def test_deployments_are_listed_newest_first_and_found_by_what_is_known(store: Store) -> None:
    one, other = (deliveries.environment(store, 'o/r', name).id for name in ('one', 'other'))
    v2 = Version('v2', 'b' * 40)
    deliver(store, one)
    ask(store, one, v2)
    ask(store, other, v2, f.ROLLBACK)

    def found(**wish: str | int) -> list[tuple[int, int]]:
        rows = deliveries.listed(store, **wish)  # type: ignore[arg-type]
        return [(row.environment, row.number) for row in rows]

    assert found() == [(other, 1), (one, 2), (one, 1)]
    assert found(limit=1) == [(other, 1)]
    assert found(environment=one) == [(one, 2), (one, 1)]
    assert found(status='success') == [(one, 1)]
    assert found(status='waiting', environment=one) == [(one, 2)]
    assert found(kind='rollback') == [(other, 1)]
    for name in ('v1', V1.id, 'aaaa'):
        assert found(version=name) == [(one, 1)]


def test_a_list_goes_on_after_the_last_that_was_told_whatever_comes_in_meanwhile(
    store: Store,
) -> None:
    for name in ('staging', 'production'):
        there = deliveries.environment(store, 'octo/shop', name).id
        for _ in range(3):
            ask(store, there)
    told = [deliveries.listed(store, limit=2)]
    ask(store, deliveries.environment(store, 'octo/shop', 'staging').id)
    while told[-1]:
        last = told[-1][-1]
        after = last.created, last.environment, last.number
        told.append(deliveries.listed(store, limit=2, after=after))
    everything = deliveries.listed(store, limit=50)
    assert [one for page in told for one in page] == everything[1:]


def test_a_deployment_that_is_not_there_is_a_users_mistake(store: Store, place: int) -> None:
    with pytest.raises(UserError, match='no deployment 5'):
        deliveries.find(store, place, 5)


def test_texts_are_kept_by_their_digests(store: Store) -> None:
    name = deliveries.keep(store, 'some: settings')
    assert deliveries.keep(store, 'some: settings') == name
    assert deliveries.text(store, name) == 'some: settings'
    with pytest.raises(KeyError):
        deliveries.text(store, 'nothing')


# --- many processes, and the power

PROLOGUE: Final = """
import sys
from pathlib import Path
from liftlock.rollout import facts as f
from liftlock.rollout.version import Version
from liftlock.store import deliveries
from liftlock.store.database import open_store
store = open_store(Path(sys.argv[1]), sys.argv[2])
place = deliveries.environment(store, 'o/r', 'production').id
draft = f.DeploymentRequested(0, f.DEPLOY, Version('v1'), 'settings', 'mona')
"""


def child(store: Store, script: str) -> subprocess.Popen[str]:
    command = [sys.executable, '-c', PROLOGUE + script, str(store.directory), store.database]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_processes_that_ask_at_once_get_different_numbers(store: Store) -> None:
    script = """
for _ in range(40):
    print(deliveries.request(store, place, draft).fact.number)
"""
    children = [child(store, script) for _ in range(3)]
    numbers: list[int] = []
    for process in children:
        out, errors = process.communicate()
        assert process.returncode == 0, errors
        numbers += map(int, out.split())
    assert sorted(numbers) == list(range(1, 121))
    (place,) = deliveries.environments(store)
    assert len(deliveries.listed(store, environment=place.id, limit=200)) == 120


def test_a_process_that_is_killed_leaves_every_fact_with_its_row_or_neither(store: Store) -> None:
    script = """
while True:
    number = deliveries.request(store, place, draft).fact.number
    print(number, flush=True)
    told = [f.DeploymentStarted(number, 'r', '', ()), f.DeploymentFinished(number, 'success')]
    deliveries.append(store, place, told)
"""
    told = 0
    for _ in range(4):
        with child(store, script) as process:
            assert process.stdout is not None
            for _ in range(5):
                told = int(process.stdout.readline())
            os.kill(process.pid, signal.SIGKILL)
            told = int((process.stdout.read().split() or [told])[-1])
        (place,) = deliveries.environments(store)
        facts = [stamped.fact for stamped in deliveries.facts(store, place.id)]
        asked = {one.number for one in facts if isinstance(one, f.DeploymentRequested)}
        ended = {one.number for one in facts if isinstance(one, f.DeploymentFinished)}
        rows = deliveries.listed(store, environment=place.id, limit=10_000)
        assert told in asked, 'what was answered is written'
        assert {row.number for row in rows} == asked
        assert {row.number for row in rows if row.status == 'completed'} == ended


def test_a_claim_is_free_when_its_process_was_killed(store: Store) -> None:
    script = """
from liftlock.store.owners import Owner
owner = Owner(store)
print(deliveries.claim(store, place, owner.name, lambda owner: False), flush=True)
sys.stdin.read()
"""
    place = deliveries.environment(store, 'o/r', 'production').id

    def free(owner: str) -> bool:
        return owners.dead(store, owner)

    command = [sys.executable, '-c', PROLOGUE + script, str(store.directory), store.database]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == '1\n'
        with pytest.raises(UserError, match='is held by process'):
            deliveries.claim(store, place, 'me', free)
        process.kill()
        process.wait()
        eventually(lambda: free(deliveries.place(store, place).owner))
        assert deliveries.claim(store, place, 'me', free) == 2


@ON_SQLITE
@pytest.mark.parametrize(
    ('fact', 'safety'),
    [
        (f.Approved(1, 'mona', 'a', 'settings'), 2),
        (f.OperationStarted(1, 'apply:r1'), 2),
        (f.HealthChanged(True), 1),
    ],
)
def test_what_is_about_to_be_done_outlives_a_power_cut(
    store: Store, place: int, fact: f.Fact, safety: int
) -> None:
    """2 is FULL: SQLite asks the disk to have it, and waits."""
    with store.reading() as sql:
        sql.create_function('look', 0, lambda: seen.append(current(store)))
        sql.execute(
            'CREATE TEMP TRIGGER watch AFTER INSERT ON deployment_facts BEGIN SELECT look(); END'
        )
    seen: list[int] = []
    deliveries.append(store, place, [fact])
    assert seen == [safety]
    assert current(store) == 1, 'what follows is not slowed down'


def current(store: Store) -> int:
    with store.reading() as sql:
        found: int = sql.execute('PRAGMA synchronous').fetchone()[0]
    return found


@ON_SQLITE
def test_a_durable_transaction_that_fails_leaves_the_next_ones_quick(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction(durable=True):
        raise ZeroDivisionError
    assert current(store) == 1


# --- what must stay


def kept_artifact(store: Store, tmp_path: Path, text: str) -> tuple[Version, Path]:
    """A version whose artifact has outlived its time, and where its bytes are."""
    draft = runs.Draft('o/r', 'ci.yml', 'CI', 't', 'push', 'refs/heads/main', 'a', 'mona')
    run, _ = runs.submit(store, draft, '0-0', lambda run, number: f'{run}')
    of = RunArtifacts(store, run)
    new = of.scratch()
    new.write_text(text)
    digest = blobs.digest(new)
    of.adopt('app', new, digest, 1, time.time() - DAY)
    return Version(text, artifact=digest), blobs.path(store.directory, digest)


def test_an_artifact_stays_while_it_is_deployed_or_on_its_way(
    store: Store, place: int, tmp_path: Path
) -> None:
    deployed, on_its_way, failed, never = (
        kept_artifact(store, tmp_path, text) for text in ('one', 'two', 'three', 'four')
    )
    deliver(store, place, deployed[0])
    deliver(store, place, failed[0], 'failure')
    ask(store, place, on_its_way[0])
    tidy.tidy(store, time.time())
    there = [blob.exists() for _, blob in (deployed, on_its_way, failed, never)]
    assert there == [True, True, False, False]
    with store.reading() as sql:
        rows = sql.execute('SELECT digest FROM artifacts ORDER BY id').fetchall()
    assert rows == [(deployed[0].artifact,), (on_its_way[0].artifact,)]


def test_an_artifact_goes_when_it_is_behind_the_last_ten(
    store: Store, place: int, tmp_path: Path
) -> None:
    version, blob = kept_artifact(store, tmp_path, 'old')
    deliver(store, place, version)
    for count in range(9):
        deliver(store, place, Version(f'v{count}'))
        deliver(store, place, Version(f'w{count}'), 'rolled_back')
    tidy.tidy(store, time.time())
    assert blob.exists()
    deliver(store, deliveries.environment(store, 'o/r', 'staging').id)
    tidy.tidy(store, time.time())
    assert blob.exists(), 'another environment has ten of its own'
    deliver(store, place)
    tidy.tidy(store, time.time())
    assert not blob.exists()


def test_a_blob_stays_even_if_its_run_has_dropped_the_artifact(
    store: Store, place: int, tmp_path: Path
) -> None:
    version, blob = kept_artifact(store, tmp_path, 'one')
    deliver(store, place, version)
    RunArtifacts(store, 1).remove('app')
    tidy.tidy(store, time.time())
    assert blob.exists()


def test_the_sources_of_a_version_stay_as_long_as_its_artifact(store: Store, place: int) -> None:
    from liftlock.engine.submission import Hands

    deliver(store, place, Version('v0', 'c' * 40, sources='/sources/gone.git'))
    for count in range(10):
        deliver(store, place, Version(f'v{count}', f'{count}' * 40, sources='/sources/a.git'))
    asked: list[object] = []

    def prune(before: float, kept: object) -> None:
        asked.extend((keep['sources'], keep['commit']) for keep in kept())  # type: ignore[operator]

    leftovers.tidy_up(store.again, Hands(None, None, None, prune))  # type: ignore[arg-type]
    assert sorted(map(str, asked)) == sorted(
        str(('/sources/a.git', f'{count}' * 40)) for count in range(10)
    )
