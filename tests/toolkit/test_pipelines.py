"""Artifacts by `@actions/artifact` 1, as upload-artifact and download-artifact v3 do."""

import asyncio
from pathlib import Path

from liftlock.store import artifacts
from liftlock.store.artifacts import RunArtifacts
from toolkit.stage import Clients, Stage
from toolkit.test_artifacts import read, write

TREE = {
    'app.js': b'let it = be',
    'deep/er/b c.txt': b'text that becomes shorter ' * 9999,  # sent gzipped, from the disk
    'short.txt': b'text that becomes shorter ' * 99,  # gzipped in memory
    'empty': b'',
    'big.bin': bytes(range(256)) * 40_000,
    'packed.zip': bytes(range(256)) * 40_000,  # is never compressed: 10 MB, in two chunks
}


def test_files_come_back_as_they_were(stage: Stage, clients: Clients) -> None:
    root, job = clients.workspace / 'in', stage.job()
    put, *_ = clients.run(
        job,
        ('put', ['out', write(root, TREE), str(root)]),
        ('get', ['out', str(clients.workspace / 'one')]),
        ('getAll', [str(clients.workspace / 'all')]),
    )
    assert put['failedItems'] == []
    assert read(clients.workspace / 'one') == TREE
    assert read(clients.workspace / 'all' / 'out') == TREE
    (row,) = artifacts.listed(stage.store, stage.run)
    assert job.told == [('build', 'out', row.digest, row.size, len(TREE))]
    assert stage.unfinished() == []


def test_uploads_of_several_jobs_under_one_name_are_merged(stage: Stage, clients: Clients) -> None:
    for name in 'ab':
        root = clients.workspace / name
        files = write(root, {name: name.encode(), 'same': f'of {name}'.encode()})
        clients.run(stage.job(), ('put', ['out', files, str(root)]))
    clients.run(stage.job(), ('get', ['out', str(clients.workspace / 'out')]))
    assert read(clients.workspace / 'out') == {'a': b'a', 'b': b'b', 'same': b'of b'}


def test_old_and_new_clients_have_the_same_artifacts(
    stage: Stage, clients: Clients, tmp_path: Path
) -> None:
    root = clients.workspace / 'in'
    files = write(root, TREE)
    clients.run(
        stage.job(),
        ('put', ['old', files, str(root)]),
        ('upload', ['new', files, str(root)]),
        ('download', ['old', str(clients.workspace / 'old')]),
        ('get', ['new', str(clients.workspace / 'new')]),
    )
    assert read(clients.workspace / 'old') == read(clients.workspace / 'new') == TREE
    asyncio.run(RunArtifacts(stage.store, stage.run).fetch('old', tmp_path / 'own'))
    assert read(tmp_path / 'own') == TREE


def test_an_artifact_that_is_not_there_is_told_as_on_github(stage: Stage, clients: Clients) -> None:
    (nothing,) = clients.run(stage.job(), ('get', ['out', str(clients.workspace)]))
    assert 'Unable to find any artifacts for the associated workflow' in str(nothing)
