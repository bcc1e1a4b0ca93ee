"""What every store promises to those who write facts, logs, artifacts and caches."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psycopg
import pytest

from liftlock.errors import UserError
from liftlock.plan import facts as f
from liftlock.plan.plan import Group
from liftlock.plan.trust import Scopes
from liftlock.store import (
    archive,
    artifacts,
    blobs,
    inbox,
    lines,
    logs,
    owners,
    packing,
    place,
    runs,
)
from liftlock.store import tidy as tidying
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.caches import LIMIT, RunCaches
from liftlock.store.database import StaleToken, Store, open_store
from liftlock.store.logs import LogReader, LogWriter
from liftlock.store.paths import RunPaths
from liftlock.store.reports import RunReports
from liftlock.store.runs import Draft
from patience import eventually
from postgres import ON_SQLITE

DRAFT = Draft(
    'o/r', '.github/workflows/ci.yml', 'CI', 'a change', 'push', 'refs/heads/main', 'abc', 'me'
)
NOBODY = '0-0-0'


def submit(store: Store, draft: Draft = DRAFT, owner: str = NOBODY) -> int:
    run, _ = runs.submit(store, draft, owner, lambda run, number: f'request of {run}, no. {number}')
    return run


# --- facts


def test_facts_come_back_in_order_with_the_run_that_they_belong_to(store: Store) -> None:
    one, other = submit(store), submit(store)
    store.append(one, [f.JobQueued('a', 'A', ('x',)), f.JobQueued('b', 'B', ())], 1)
    store.append(other, [f.JobSkipped('a', 'A', 'no')], 1)
    assert [stamped.fact for stamped in store.facts(one)[1:]] == [
        f.JobQueued('a', 'A', ('x',)),
        f.JobQueued('b', 'B', ()),
    ]
    sequence = [stamped.seq for run in (one, other) for stamped in store.facts(run)]
    assert len(set(sequence)) == len(sequence)


def test_facts_after_a_number_are_only_the_newer_ones(store: Store) -> None:
    run = submit(store)
    (first,) = store.append(run, [f.JobQueued('a', 'A', ())], 1)
    store.append(run, [f.JobQueued('b', 'B', ())], 1)
    assert [stamped.fact.job for stamped in store.facts(run, first.seq)] == ['b']  # type: ignore[union-attr]


def test_a_fact_under_an_older_token_is_refused_and_leaves_no_trace(store: Store) -> None:
    run = submit(store)
    token = runs.claim(store, run, 'somebody else', lambda owner: True)
    with pytest.raises(StaleToken):
        store.append(run, [f.RunFinished('success')], token - 1)
    assert len(store.facts(run)) == 1
    assert runs.find(store, str(run)).status == 'queued'
    store.append(run, [f.RunFinished('success')], token)
    assert runs.find(store, str(run)).status == 'completed'


def test_a_person_needs_no_token(store: Store) -> None:
    run = submit(store)
    runs.claim(store, run, 'somebody else', lambda owner: True)
    store.append(run, [f.StopRequested('', 'enough')])
    assert store.facts(run)[-1].fact == f.StopRequested('', 'enough')


def test_a_run_of_a_living_process_cannot_be_claimed(store: Store) -> None:
    run = submit(store, owner='4711-1-1')
    with pytest.raises(UserError, match='carried out by process 4711'):
        runs.claim(store, run, 'me', lambda owner: False)


def test_numbers_count_by_workflow_and_ids_by_store(store: Store) -> None:
    ids = [submit(store), submit(store), submit(store, DRAFT._replace(workflow='other.yml'))]
    rows = [runs.find(store, str(run)) for run in ids]
    assert [row.number for row in rows] == [1, 2, 1]
    assert ids == sorted(set(ids))
    assert runs.request(store, ids[1]) == f'request of {ids[1]}, no. 2'


def test_summaries_follow_the_facts(store: Store) -> None:
    run = submit(store)
    store.append(run, [f.JobQueued('a', 'A', ()), f.JobClaimed('a', 1, 1, 'w')], 1)
    (job,) = runs.jobs(store, run)
    assert (job.name, job.state, job.attempt) == ('A', 'running', 1)
    assert runs.find(store, str(run)).status == 'in_progress'
    store.append(run, [f.JobLost('a', 'gone')], 1)
    assert runs.jobs(store, run)[0].state == 'lost'
    store.append(run, [f.JobClaimed('a', 2, 1, 'w'), f.JobFinished('a', 'failure', {})], 1)
    store.append(run, [f.RunFinished('failure')], 1)
    (job,) = runs.jobs(store, run)
    assert (job.state, job.conclusion, job.attempt) == ('done', 'failure', 2)
    assert job.finished >= job.started > 0
    store.append(run, [f.RunRestarted(2, ('a',))], 1)
    row = runs.find(store, 'last')
    assert (row.status, row.conclusion, row.attempt) == ('queued', '', 2)
    assert runs.jobs(store, run)[0].state == 'queued'


def test_runs_are_listed_newest_first_and_found_by_workflow_and_status(store: Store) -> None:
    one = submit(store)
    other = submit(store, DRAFT._replace(workflow='.github/workflows/nightly.yaml', name='Night'))
    store.append(one, [f.RunFinished('failure')], 1)
    assert [run.id for run in runs.recent(store)] == [other, one]
    for name in ('.github/workflows/nightly.yaml', 'nightly.yaml', 'nightly', 'Night'):
        assert [run.id for run in runs.recent(store, workflow=name)] == [other]
    assert [run.id for run in runs.recent(store, status='failure')] == [one]
    assert [run.id for run in runs.recent(store, status='queued')] == [other]
    assert [run.id for run in runs.unfinished(store)] == [other]


def test_durations_are_averages_of_what_succeeded(store: Store) -> None:
    for outcome in ('success', 'success', 'failure'):
        run = submit(store)
        store.append(run, [f.JobQueued('a', 'A', ()), f.JobClaimed('a', 1, 1, 'w')], 1)
        store.append(run, [f.JobFinished('a', outcome, {}), f.JobSkipped('b', 'B', 'no')], 1)
    with store.transaction() as sql:
        for run, seconds in ((1, 10), (2, 20), (3, 1000)):
            sql.execute('UPDATE jobs SET finished = started + ? WHERE run = ?', (seconds, run))
    found = runs.durations(store, 'o/r', DRAFT.workflow)
    assert {key: round(seconds, 3) for key, seconds in found.items()} == {'a': 15}
    assert runs.durations(store, 'o/r', 'other.yml') == {}


def test_a_run_that_is_not_there_is_a_users_mistake(store: Store) -> None:
    for name in ('last', '12', 'x'):
        with pytest.raises(UserError):
            runs.find(store, name)


def spoil(store: Store) -> None:
    with store.transaction() as sql:
        sql.execute("UPDATE runs SET status = 'completed'")
        raise ZeroDivisionError


def test_a_failed_transaction_leaves_nothing_behind(store: Store) -> None:
    run = submit(store)
    with pytest.raises(ZeroDivisionError):
        spoil(store)
    assert runs.find(store, str(run)).status == 'queued'


def test_messages_become_facts_once(store: Store) -> None:
    run = submit(store)
    inbox.send(store, run, f.StopRequested('', 'first'))
    inbox.send(store, run, f.StopRequested('', 'second'))
    received = inbox.receive(store, run, 1)
    assert [stamped.fact for stamped in received] == [
        f.StopRequested('', 'first'),
        f.StopRequested('', 'second'),
    ]
    assert inbox.receive(store, run, 1) == []
    assert store.facts(run)[1:] == received


# --- who lives


def test_an_owner_lives_as_long_as_its_process(store: Store) -> None:
    script = """
import sys
from pathlib import Path
from liftlock.store.database import open_store
from liftlock.store.owners import Owner
owner = Owner(open_store(Path(sys.argv[1]), sys.argv[2]))
print(owner.name, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, '-c', script, str(store.directory), store.database]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        name = child.stdout.readline().strip()
        assert not owners.dead(store, name)
        child.kill()
        child.wait()
        eventually(lambda: owners.dead(store, name))


# --- concurrency groups


def test_a_group_is_passed_on_when_its_holder_leaves(store: Store) -> None:
    one, other = submit(store), submit(store)
    group = Group('Deploy')
    assert lines.arrive(store, 'o/r', str(one), group, lambda run: False).running == str(one)
    line = lines.arrive(store, 'o/r', str(other), group._replace(name='deploy'), lambda run: False)
    assert line == (str(one), (str(other),))
    lines.leave(store, 'o/r', str(one), 'DEPLOY')
    assert lines.arrive(store, 'o/r', str(other), group, lambda run: False).running == str(other)
    assert lines.held(store, 'o/r', other) == {(str(other), 'deploy')}


def test_other_repositories_have_groups_of_their_own(store: Store) -> None:
    one, other = submit(store), submit(store)
    for repository, run in (('o/r', one), ('o/s', other)):
        line = lines.arrive(store, repository, str(run), Group('g'), lambda run: False)
        assert line.running == str(run)


def test_a_run_that_nobody_carries_out_holds_nobody_up(store: Store) -> None:
    one, other = submit(store), submit(store)
    lines.arrive(store, 'o/r', str(one), Group('g'), lambda run: False)
    line = lines.arrive(store, 'o/r', str(other), Group('g'), lambda run: run == one)
    assert line.running == str(other)


def test_who_loses_the_place_and_who_must_make_room_are_told(store: Store) -> None:
    one, two, three = submit(store), submit(store), submit(store)
    group = Group('g', cancel_in_progress=True)
    for run in (one, two, three):
        lines.arrive(store, 'o/r', f'{run}/build', group, lambda run: False)
    for run in (one, two):
        (stop, *_) = inbox.receive(store, run, 1)
        assert isinstance(stop.fact, f.StopRequested)
        assert stop.fact.job == 'build'
        assert f'run {three}' in stop.fact.reason or f'run {two}' in stop.fact.reason


# --- logs


def write_log(name: Path, *parts: tuple[int, str]) -> LogWriter:
    log = LogWriter(name)
    for step, line in parts:
        log.write(step, line)
    return log


def test_lines_come_back_by_window_and_by_step(tmp_path: Path) -> None:
    log = write_log(tmp_path / 'x' / 'job-1', (1, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (3, ''))
    log.close()
    reader = LogReader(tmp_path / 'x' / 'job-1')
    assert [(line.number, line.step, line.text) for line in reader.lines()] == [
        (0, 1, 'a'),
        (1, 1, 'b'),
        (2, 2, 'c'),
        (3, 1, 'd'),
        (4, 3, ''),
    ]
    assert [line.text for line in reader.lines(1, 4)] == ['b', 'c', 'd']
    assert [line.text for line in reader.lines(steps={1})] == ['a', 'b', 'd']
    assert [line.text for line in reader.lines(2, steps={1, 3})] == ['d', '']


def test_many_lines_at_once_are_as_good_as_one_by_one(tmp_path: Path) -> None:
    text = ''.join(f'line {number}\n' for number in range(50_000))
    log = LogWriter(tmp_path / 'whole')
    log.write_many(4, text)
    log.close()
    reader = LogReader(tmp_path / 'whole')
    assert reader.count == 50_000
    assert [line.text for line in reader.lines(49_998)] == ['line 49998', 'line 49999']


def test_what_was_flushed_can_be_read_while_the_log_grows(tmp_path: Path) -> None:
    log = write_log(tmp_path / 'job', (1, 'a'))
    reader = LogReader(tmp_path / 'job')
    assert reader.count == 0
    log.flush()
    assert reader.refresh() == 1
    log.write(1, 'b')
    log.flush()
    assert reader.refresh() == 2
    assert [line.text for line in reader.lines(1)] == ['b']
    log.close()


def test_a_line_whose_record_was_lost_is_still_there(tmp_path: Path) -> None:
    write_log(tmp_path / 'job', (1, 'a'), (2, 'b')).close()
    with (tmp_path / 'job.log').open('a') as file:
        file.write('c\nhalf a li')
    with (tmp_path / 'job.idx').open('ab') as file:
        file.write(b'half')
    assert [(line.step, line.text) for line in LogReader(tmp_path / 'job').lines()] == [
        (1, 'a'),
        (2, 'b'),
        (2, 'c'),
    ]


def test_any_text_survives_the_log(tmp_path: Path) -> None:
    lines = ['\0\x1b[31mrot\x1b[0m', '\u2028 is no end of a line', 'ü' * 100_000, '\x85', '']
    write_log(tmp_path / 'job', *((1, line) for line in lines)).close()
    assert [line.text for line in LogReader(tmp_path / 'job').lines()] == lines


def test_a_packed_log_reads_like_a_plain_one(tmp_path: Path) -> None:
    parts = [(1 + number // 20_000, f'line {number}') for number in range(40_000)]
    write_log(tmp_path / 'job', *parts).close()
    before = list(LogReader(tmp_path / 'job').lines())
    size = (tmp_path / 'job.log').stat().st_size
    assert logs.compress(tmp_path / 'job')
    assert not (tmp_path / 'job.log').exists()
    assert (tmp_path / 'job.log.z').stat().st_size < size / 3
    reader = LogReader(tmp_path / 'job')
    assert list(reader.lines()) == before
    assert [line.text for line in reader.lines(39_999)] == ['line 39999']
    assert not logs.compress(tmp_path / 'job')


def test_a_log_that_was_never_written_is_empty(tmp_path: Path) -> None:
    LogWriter(tmp_path / 'job').close()
    assert list(LogReader(tmp_path / 'job').lines()) == []


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs /dev/full')
def test_a_full_disk_under_a_log_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / 'job.log').symlink_to('/dev/full')
    log = write_log(tmp_path / 'job', (1, 'a'))
    with pytest.raises(UserError, match=r'job\.log: No space left'):
        log.flush()


# --- artifacts


def some_files(directory: Path, *names: str) -> list[tuple[str, Path]]:
    found = []
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'this is {name}\n')
        found.append((name, path))
    return found


async def keep(
    of: RunArtifacts, name: str, files: list[tuple[str, Path]], **asked: bool | int
) -> tuple[str, int, str]:
    options = {'merge': False, 'overwrite': False, 'retention_days': 0, 'compression': 6} | asked
    return await of.store(name, files, **options)  # type: ignore[arg-type]


def run(scene: object) -> object:
    import asyncio

    return asyncio.run(scene)  # type: ignore[arg-type]


def test_an_artifact_comes_back_as_it_was(store: Store, tmp_path: Path) -> None:
    of = RunArtifacts(store, submit(store))
    files = some_files(tmp_path / 'in', 'a.txt', 'deep/er/b.txt', 'ü/c')
    identity, size, digest = run(keep(of, 'out', files))  # type: ignore[misc]
    assert run(of.fetch('out', tmp_path / 'out')) == 3
    for name, path in files:
        assert (tmp_path / 'out' / name).read_bytes() == path.read_bytes()
    assert list(run(of.names())) == ['out']
    (row,) = artifacts.listed(store, 1)
    assert (str(row.id), row.size, row.digest, row.files) == (identity, size, digest, 3)


def test_a_name_is_taken_once_unless_it_is_merged_or_overwritten(
    store: Store, tmp_path: Path
) -> None:
    of = RunArtifacts(store, submit(store))
    one, other = some_files(tmp_path, 'one', 'other')
    run(keep(of, 'out', [one]))
    with pytest.raises(UserError, match='already exists'):
        run(keep(of, 'out', [other]))
    run(keep(of, 'out', [other], merge=True))
    run(of.fetch('out', tmp_path / 'merged'))
    assert sorted(path.name for path in (tmp_path / 'merged').iterdir()) == ['one', 'other']
    run(keep(of, 'out', [other], overwrite=True))
    run(of.fetch('out', tmp_path / 'overwritten'))
    assert [path.name for path in (tmp_path / 'overwritten').iterdir()] == ['other']


def test_another_attempt_of_the_run_may_use_a_name_again_and_is_what_is_fetched(
    store: Store, tmp_path: Path
) -> None:
    number = submit(store)
    of = RunArtifacts(store, number)
    one, other = some_files(tmp_path, 'one', 'other')
    run(keep(of, 'out', [one]))
    store.append(number, [f.RunRestarted(2, ())], 1)
    run(keep(of, 'out', [other]))
    run(of.fetch('out', tmp_path / 'out'))
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['other']


def test_one_file_is_kept_without_an_archive_around_it(store: Store, tmp_path: Path) -> None:
    of = RunArtifacts(store, submit(store))
    ((_, file),) = some_files(tmp_path / 'in', 'page.html')
    plain = {'overwrite': False, 'retention_days': 1}
    _, size, digest = run(of.store_file(file, 'text/html', **plain))  # type: ignore[misc,arg-type]
    assert (size, digest) == (file.stat().st_size, blobs.digest(file))
    assert run(of.fetch('page.html', tmp_path / 'out')) == 1
    assert (tmp_path / 'out' / 'page.html').read_bytes() == file.read_bytes()
    with pytest.raises(UserError, match='already exists'):
        run(of.store_file(file, 'text/html', **plain))  # type: ignore[arg-type]


@pytest.mark.parametrize('name', ['', '.', '..', 'a/b', 'a\\b', 'a:b', 'a\nb', 'a\0b', 'x' * 256])
def test_a_name_that_could_be_no_directory_is_refused(
    store: Store, tmp_path: Path, name: str
) -> None:
    of = RunArtifacts(store, submit(store))
    with pytest.raises(UserError, match='is not valid'):
        run(keep(of, name, some_files(tmp_path, 'a')))
    assert artifacts.listed(store, 1) == []


def test_an_artifact_is_dropped_by_name(store: Store, tmp_path: Path) -> None:
    of = RunArtifacts(store, submit(store))
    identity, *_ = run(keep(of, 'out', some_files(tmp_path, 'a')))  # type: ignore[misc]
    assert (of.remove('out'), of.remove('out')) == (int(identity), 0)
    assert list(run(of.names())) == []


def test_runs_do_not_see_one_anothers_artifacts(store: Store, tmp_path: Path) -> None:
    one, other = RunArtifacts(store, submit(store)), RunArtifacts(store, submit(store))
    run(keep(one, 'out', some_files(tmp_path, 'a')))
    assert list(run(other.names())) == []
    with pytest.raises(UserError, match='no artifact "out"'):
        run(other.fetch('out', tmp_path / 'out'))


@pytest.mark.parametrize('name', ['../evil', '/etc/evil', 'a/../../evil', 'a\\..\\evil'])
def test_an_archive_that_leads_out_of_its_directory_is_refused(name: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'evil.zip', 'w') as zipped:
        zipped.writestr('good', 'x')
        zipped.writestr(name, 'x')
    with pytest.raises(UserError, match='refused'):
        archive.unpack(tmp_path / 'evil.zip', tmp_path / 'out')
    assert not list(tmp_path.glob('out/*')), 'nothing is unpacked of a bad archive'


def test_links_in_an_archive_are_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo('link')
    entry.external_attr = (0o120777 << 16) | 0x20
    with zipfile.ZipFile(tmp_path / 'evil.zip', 'w') as zipped:
        zipped.writestr(entry, '/etc/passwd')
    with pytest.raises(UserError, match='neither a file nor a directory'):
        archive.unpack(tmp_path / 'evil.zip', tmp_path / 'out')


def test_nothing_is_written_through_a_link_that_lies_in_the_way(tmp_path: Path) -> None:
    (tmp_path / 'outside').mkdir()
    (tmp_path / 'outside' / 'file').write_text('precious')
    (tmp_path / 'out').mkdir()
    (tmp_path / 'out' / 'folder').symlink_to(tmp_path / 'outside')
    (tmp_path / 'out' / 'file').symlink_to(tmp_path / 'outside' / 'file')
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as zipped:
        zipped.writestr('file', 'new')
    assert archive.unpack(tmp_path / 'a.zip', tmp_path / 'out') == 1
    assert (tmp_path / 'outside' / 'file').read_text() == 'precious'
    assert (tmp_path / 'out' / 'file').read_text() == 'new'
    with zipfile.ZipFile(tmp_path / 'b.zip', 'w') as zipped:
        zipped.writestr('folder/evil', 'new')
    with pytest.raises(UserError, match='a link leads'):
        archive.unpack(tmp_path / 'b.zip', tmp_path / 'out')
    assert not (tmp_path / 'outside' / 'evil').exists()


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'bomb.zip', 'w', zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr('bomb', bytes(archive.SMALL + 1))
    with pytest.raises(UserError, match='which no honest archive does'):
        archive.unpack(tmp_path / 'bomb.zip', tmp_path / 'out')


def test_an_archive_with_a_name_twice_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as zipped:
        zipped.writestr('same', 'one')
        zipped.writestr('./same', 'other')
    with pytest.raises(UserError, match='twice'):
        archive.unpack(tmp_path / 'a.zip', tmp_path / 'out')


def test_a_file_that_stands_where_a_directory_should_be_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as zipped:
        zipped.writestr('a', 'file')
        zipped.writestr('a/b', 'inside')
    with pytest.raises(UserError, match='in its way'):
        archive.unpack(tmp_path / 'a.zip', tmp_path / 'out')


def test_what_nobody_here_can_read_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w', zipfile.ZIP_LZMA) as zipped:
        zipped.writestr('a', 'x')
    with pytest.raises(UserError, match='compressed in a way unknown'):
        archive.unpack(tmp_path / 'a.zip', tmp_path / 'out')
    with zipfile.ZipFile(tmp_path / 'b.zip', 'w', zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr('a', 'some text' * 99)
    torn = bytearray((tmp_path / 'b.zip').read_bytes())
    torn[34:44] = b'\xff' * 10
    (tmp_path / 'b.zip').write_bytes(torn)
    with pytest.raises(UserError, match='damaged'):
        archive.unpack(tmp_path / 'b.zip', tmp_path / 'out')


def test_an_archive_that_says_it_holds_millions_of_files_is_not_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as zipped:
        zipped.writestr('a', 'x')
    assert archive.count(tmp_path / 'a.zip') == 1
    data = bytearray((tmp_path / 'a.zip').read_bytes())
    data[-10:-6] = (2**32 - 2).to_bytes(4, 'little')  # of its directory, in bytes
    (tmp_path / 'a.zip').write_bytes(data)
    with pytest.raises(UserError, match='is refused: it holds'):
        archive.unpack(tmp_path / 'a.zip', tmp_path / 'out')


def test_entries_are_counted_beyond_the_limits_of_small_archives(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / 'many.zip', 'w') as zipped:
        for number in range(0xFFFF + 10):
            zipped.writestr(f'{number}', '')
    assert archive.count(tmp_path / 'many.zip') == 0xFFFF + 10


def test_archives_are_joined_and_the_last_file_of_a_name_counts(tmp_path: Path) -> None:
    for name, files in {'a': 'xy', 'b': 'yz'}.items():
        with zipfile.ZipFile(tmp_path / name, 'w') as zipped:
            for file in files:
                zipped.writestr(file, f'{file} of {name}')
    packing.join([tmp_path / 'a', tmp_path / 'b'], tmp_path / 'joined')
    archive.unpack(tmp_path / 'joined', tmp_path / 'out')
    found = {path.name: path.read_text() for path in (tmp_path / 'out').iterdir()}
    assert found == {'x': 'x of a', 'y': 'y of b', 'z': 'z of b'}


def test_what_is_large_and_would_not_become_smaller_is_stored(tmp_path: Path) -> None:
    contents = {
        'random': os.urandom(packing.LARGE),
        'text': b'some text ' * (packing.LARGE // 10 + 1),
        'small': os.urandom(999),
        'half': os.urandom(packing.LARGE // 2) + bytes(packing.LARGE // 2),
    }
    files = [(name, tmp_path / name) for name in contents]
    for name, path in files:
        path.write_bytes(contents[name])
    packing.pack(files, tmp_path / 'a.zip', 6)
    methods = {entry.name: entry.method for entry in archive.index(tmp_path / 'a.zip')}
    stored, deflated = archive.STORED, archive.DEFLATED
    assert methods == {'random': stored, 'text': deflated, 'small': deflated, 'half': deflated}
    archive.unpack(tmp_path / 'a.zip', tmp_path / 'out')
    found = {path.name: path.read_bytes() for path in (tmp_path / 'out').iterdir()}
    assert found == contents


def test_an_index_says_where_the_bytes_of_each_file_are(tmp_path: Path) -> None:
    import zlib

    text = b'some text ' * 99
    for method in (archive.STORED, archive.DEFLATED):
        with zipfile.ZipFile(tmp_path / 'a.zip', 'w', method) as zipped:
            zipped.mkdir('folder')
            zipped.writestr('folder/a', text)
        (entry,) = archive.index(tmp_path / 'a.zip')
        raw = (tmp_path / 'a.zip').read_bytes()[entry.start :][: entry.packed]
        assert (raw if method == archive.STORED else zlib.decompress(raw, -15)) == text
        assert (entry.name, entry.size, entry.crc) == ('folder/a', len(text), zlib.crc32(text))


def test_what_is_no_archive_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / 'a.zip').write_text('hello')
    with pytest.raises(UserError, match='damaged'):
        archive.unpack(tmp_path / 'a.zip', tmp_path / 'out')


def test_an_artifact_of_a_lost_job_is_forgotten(store: Store, tmp_path: Path) -> None:
    number = submit(store)
    of = RunArtifacts(store, number)
    for name in ('kept', 'lost'):
        run(keep(of, name, some_files(tmp_path, name)))
    artifacts.forget(store, number, {'kept'})
    assert list(run(of.names())) == ['kept']


def test_what_a_process_was_writing_goes_when_it_has_ended(store: Store, tmp_path: Path) -> None:
    write = 'import sys, os; from pathlib import Path; from liftlock.store import blobs; '
    write += 'file = blobs.scratch(Path(sys.argv[1])); file.write_text("half"); '
    killed = subprocess.run(
        [sys.executable, '-c', f'{write} os.kill(os.getpid(), 9)', store.directory], check=False
    )
    assert killed.returncode == -9
    mine = blobs.scratch(store.directory)
    mine.write_text('mine')
    new = store.directory / 'blobs' / 'new'
    assert len([path for path in new.rglob('*') if path.is_file()]) == 4  # with their locks
    blobs.forget_unfinished(store.directory)
    assert sorted(path for path in new.rglob('*') if path.is_file()) == sorted(
        [mine, mine.parent.with_suffix('.lock')]
    )


def test_what_another_machine_is_writing_stays_as_long_as_it_may_live(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(blobs, '_ours', {})
        elsewhere.setattr(blobs, '_host', lambda: 'elsewhere')
        theirs = blobs.scratch(store.directory)
        theirs.write_text('half')
        ((_, lock),) = blobs._ours.values()
    os.close(lock)  # its locks may not be seen from here
    blobs.forget_unfinished(store.directory)
    assert theirs.exists()
    old = time.time() - blobs.ABANDONED - 60
    os.utime(theirs.parent, (old, old))
    blobs.forget_unfinished(store.directory)
    assert not theirs.exists()


def test_a_store_that_is_closed_leaves_nothing_half_written(tmp_path: Path) -> None:
    opened = open_store(tmp_path / 'state')
    unfinished = blobs.scratch(opened.directory)
    unfinished.write_text('half')
    opened.close()
    assert unfinished.exists(), 'somebody else in this process may be writing it'
    unfinished.unlink()
    opened = open_store(tmp_path / 'state')
    opened.close()
    assert not list((opened.directory / 'blobs' / 'new').iterdir())


# --- caches


def cached(store: Store, ref: str, *bases: str, limit: int = LIMIT) -> RunCaches:
    return RunCaches(store, 'o/r', Scopes((ref, *bases, 'refs/heads/main'), ref), limit=limit)


def some_archive(tmp_path: Path, text: str) -> Path:
    path = tmp_path / f'{text}.tzst'
    path.write_text(text)
    return path


def found(caches: RunCaches, key: str, *restore: str) -> tuple[str, str] | None:
    hit = run(caches.find(key, restore, 'v'))
    return (hit[0], hit[1].read_text()) if hit else None  # type: ignore[index]


def test_a_key_is_found_exactly_before_the_newest_by_prefix(store: Store, tmp_path: Path) -> None:
    caches = cached(store, 'refs/heads/main')
    for key in ('pip-a', 'pip-b', 'npm-a'):
        assert run(caches.store(key, 'v', some_archive(tmp_path, key)))
    assert found(caches, 'pip-a') == ('pip-a', 'pip-a')
    assert found(caches, 'pip-c', 'pip-') == ('pip-b', 'pip-b')
    assert found(caches, 'none', 'nothing', 'npm') == ('npm-a', 'npm-a')
    assert found(caches, 'none') is None


def test_prefixes_are_text_and_not_patterns(store: Store, tmp_path: Path) -> None:
    caches = cached(store, 'refs/heads/main')
    run(caches.store('abc', 'v', some_archive(tmp_path, 'abc')))
    assert found(caches, 'x', 'a_c', 'a%') is None


def test_a_key_is_written_once(store: Store, tmp_path: Path) -> None:
    caches = cached(store, 'refs/heads/main')
    assert run(caches.store('k', 'v', some_archive(tmp_path, 'one'))) is True
    assert run(caches.store('k', 'v', some_archive(tmp_path, 'two'))) is False
    assert run(caches.store('k', 'other version', some_archive(tmp_path, 'two'))) is True
    assert found(caches, 'k') == ('k', 'one')


def test_a_branch_sees_its_own_then_its_base_then_the_default_but_no_other(
    store: Store, tmp_path: Path
) -> None:
    for branch in ('main', 'develop', 'evil'):
        caches = cached(store, f'refs/heads/{branch}')
        run(caches.store('k', 'v', some_archive(tmp_path, branch)))
    pull = cached(store, 'refs/pull/7/merge', 'refs/heads/develop')
    assert found(pull, 'k') == ('k', 'develop')
    assert found(cached(store, 'refs/heads/mine'), 'k') == ('k', 'main')
    run(pull.store('k', 'v', some_archive(tmp_path, 'own')))
    assert found(pull, 'k') == ('k', 'own')
    assert found(cached(store, 'refs/heads/main'), 'k') == ('k', 'main')


def test_a_run_that_may_only_read_keeps_nothing_and_says_so(store: Store, tmp_path: Path) -> None:
    file = some_archive(tmp_path, 'a')
    run(cached(store, 'refs/heads/main').store('k', 'v', file))
    reader = RunCaches(store, 'o/r', Scopes(('refs/heads/main',), ''))
    with pytest.raises(UserError, match='cache write denied'):
        run(reader.store('other', 'v', file))
    assert found(reader, 'k') == ('k', 'a')


def test_pull_requests_have_half_of_the_room_between_them(store: Store, tmp_path: Path) -> None:
    run(cached(store, 'refs/heads/main', limit=10).store('k', 'v', some_archive(tmp_path, 'main')))
    for number in range(9):
        pull = cached(store, f'refs/pull/{number}/merge', limit=10)
        run(pull.store('k', 'v', some_archive(tmp_path, f'pr-{number}')))
    assert found(pull, 'k') == ('k', 'pr-8')
    assert found(cached(store, 'refs/pull/0/merge'), 'k') == ('k', 'main')


def test_the_least_used_cache_makes_room(store: Store, tmp_path: Path) -> None:
    caches = cached(store, 'refs/heads/main', limit=10)
    for key in ('aaaa', 'bbbb'):
        run(caches.store(key, 'v', some_archive(tmp_path, key)))
        time.sleep(0.01)
    assert found(caches, 'aaaa')
    run(caches.store('cccc', 'v', some_archive(tmp_path, 'cccc')))
    assert found(caches, 'bbbb') is None
    assert found(caches, 'aaaa')


# --- tidying


def test_tidying_removes_what_nobody_refers_to(store: Store, tmp_path: Path) -> None:
    number = submit(store)
    of = RunArtifacts(store, number)
    _, _, digest = run(keep(of, 'out', some_files(tmp_path, 'a')))  # type: ignore[misc]
    blob = blobs.path(store.directory, digest)
    tidying.tidy(store, time.time())
    assert blob.exists()
    tidying.tidy(store, time.time() + 91 * 24 * 3600)
    assert not blob.exists()
    assert list(run(of.names())) == []


def test_logs_go_when_their_time_is_over_and_those_of_a_run_that_goes_on_stay(
    store: Store, tmp_path: Path
) -> None:
    week = DRAFT._replace(logs_kept=7 * 86400.0)
    ended, going, long = (
        runs.submit(store, draft, NOBODY, lambda run, number: f'{run}')[0]
        for draft in (week, week, DRAFT)
    )
    for number in (ended, long):
        store.append(number, [f.RunFinished('success')])
    for number in (ended, going, long):
        paths = RunPaths(store.directory, number)
        log = LogWriter(paths.log('build', 1))
        log.write(1, 'hello')
        log.close()
        paths.work('build', 1).mkdir(parents=True)
    now = time.time()
    tidying.tidy(store, now + 6 * 86400)
    kept = [
        number for number in (ended, going, long) if (store.directory / f'logs/{number}').exists()
    ]
    assert kept == [ended, going, long]
    tidying.tidy(store, now + 8 * 86400)
    assert sorted(path.name for path in (store.directory / 'logs').iterdir()) == [
        str(going),
        str(long),
    ]
    assert [path.name for path in (store.directory / 'work').iterdir()] == [str(going)]
    assert runs.lost_logs(store, ended, now + 8 * 86400) == 7
    assert runs.lost_logs(store, going, now + 8 * 86400) == 0
    tidying.tidy(store, now + 91 * 86400)
    assert [path.name for path in (store.directory / 'logs').iterdir()] == [str(going)]


def test_what_a_tidying_that_was_killed_left_goes_with_the_next(store: Store) -> None:
    left = store.directory / 'logs/7.gone'
    left.mkdir(parents=True)
    tidying.tidy(store, time.time())
    assert not left.exists()


def test_artifacts_are_kept_as_long_as_the_run_says(store: Store, tmp_path: Path) -> None:
    draft = DRAFT._replace(artifacts_kept=5 * 86400.0)
    number, _ = runs.submit(store, draft, NOBODY, lambda run, number: f'{run}')
    of = RunArtifacts(store, number)
    run(keep(of, 'out', some_files(tmp_path, 'a')))
    (kept,) = artifacts.listed(store, number)
    assert kept.expires - kept.created == pytest.approx(5 * 86400, abs=60)


def test_reports_are_kept_byte_for_byte_as_long_as_artifacts(store: Store, tmp_path: Path) -> None:
    report = tmp_path / 'coverage.xml'
    report.write_bytes(b'<coverage line-rate="1"/>')
    digest, size = run(RunReports(store, submit(store)).keep(report))  # type: ignore[misc]
    report.unlink()
    blob = blobs.path(store.directory, digest)
    assert (blob.read_bytes(), size) == (b'<coverage line-rate="1"/>', 25)
    tidying.tidy(store, time.time() + 89 * 24 * 3600)
    assert blob.exists()
    tidying.tidy(store, time.time() + 91 * 24 * 3600)
    assert not blob.exists()


def test_a_report_that_is_not_there_is_a_users_mistake(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r'cannot keep the report .*gone\.xml: No such file'):
        run(RunReports(store, submit(store)).keep(tmp_path / 'gone.xml'))


def test_a_read_only_directory_is_removed_too(tmp_path: Path) -> None:
    locked = tmp_path / 'work' / 'locked'
    locked.mkdir(parents=True)
    (locked / 'file').touch()
    locked.chmod(0o500)
    tidying.remove_tree(tmp_path / 'work')
    assert not (tmp_path / 'work').exists()


# --- opening


def test_a_store_is_for_its_owner_alone(store: Store) -> None:
    assert store.directory.stat().st_mode & 0o077 == 0


@ON_SQLITE
def test_a_newer_store_is_refused(store: Store) -> None:
    with store.transaction() as sql:
        sql.execute('PRAGMA user_version = 99')
    with pytest.raises(UserError, match='written by a newer Liftlock'):
        open_store(store.directory)


def test_a_damaged_store_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / 'liftlock.db').write_bytes(b'this is not a database, but it is long enough' * 99)
    with pytest.raises(UserError, match='damaged'):
        open_store(tmp_path)


def test_a_file_where_the_store_should_be_is_told_plainly(tmp_path: Path) -> None:
    (tmp_path / 'state').touch()
    with pytest.raises(UserError, match='cannot keep runs in'):
        open_store(tmp_path / 'state')


def test_a_network_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, 'file_system', lambda device, mounts: 'nfs4')
    with pytest.raises(UserError, match=r'network file system \(nfs4\)'):
        open_store(tmp_path / 'state')


def test_nobody_migrates_a_store_that_another_holds_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('liftlock.store.schema.PATIENCE', 0.05)
    lock = os.open(tmp_path / 'open.lock', os.O_RDWR | os.O_CREAT)
    fcntl.flock(lock, fcntl.LOCK_SH)
    with pytest.raises(UserError, match='another liftlock has it open'):
        open_store(tmp_path)
    os.close(lock)
    open_store(tmp_path).close()


@ON_SQLITE
def test_a_full_disk_is_told_plainly_and_rolled_back(store: Store) -> None:
    run = submit(store)
    with store.reading() as sql:
        pages = sql.execute('PRAGMA page_count').fetchone()[0]
        sql.execute(f'PRAGMA max_page_count = {pages}')
    with pytest.raises(UserError, match='full') as told:
        store.append(run, [f.Summarized('a', 1, 'x' * 10_000_000)], 1)
    assert told.value.hint == 'free some space'
    assert len(store.facts(run)) == 1


def test_many_processes_open_a_fresh_store_at_once(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from liftlock.plan import facts as f
from liftlock.store import runs
from liftlock.store.database import open_store
store = open_store(Path(sys.argv[1]))
draft = runs.Draft('o/r', 'w', 'n', 't', 'push', 'r', 's', 'a')
run, _ = runs.submit(store, draft, 'x', lambda run, number: str(run))
for _ in range(50):
    store.append(run, [f.JobQueued('a', 'A', ())], 1)
"""
    command = [sys.executable, '-c', script, str(tmp_path / 'state')]
    children = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    for child in children:
        _, errors = child.communicate()
        assert child.returncode == 0, errors
    opened = open_store(tmp_path / 'state')
    assert [len(opened.facts(run.id)) for run in runs.recent(opened)] == [51] * 6
    with opened.reading() as sql:
        assert sql.execute('PRAGMA journal_mode').fetchone() == ('wal',)
        assert sql.execute('PRAGMA integrity_check').fetchone() == ('ok',)
    opened.close()


def test_a_database_error_that_is_our_own_stays_one(store: Store) -> None:
    ours = (sqlite3.OperationalError, psycopg.ProgrammingError)
    with pytest.raises(ours), store.reading() as sql:
        sql.execute('SELECT nothing FROM nowhere')
