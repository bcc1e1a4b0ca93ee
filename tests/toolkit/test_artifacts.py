"""Artifacts by `@actions/artifact` 2 and its latest, as upload-artifact v4 and later do."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from liftlock.store import artifacts, blobs
from liftlock.store.artifacts import RunArtifacts
from toolkit.stage import Clients, Stage

TREE = {
    'app.js': b'let it = be',
    'deep/er/ü b.txt': b'text',
    'empty': b'',
    'big.bin': bytes(range(256)) * 80_000,  # 20 MB of what hardly compresses away to one block
}
GENERATIONS = pytest.mark.parametrize('generation', ['', 'latest'])


def write(folder: Path, tree: dict[str, bytes] = TREE) -> list[str]:
    for name, content in tree.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return [str(folder / name) for name in tree]


def read(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def keep(stage: Stage, name: str, files: list[tuple[str, Path]], **asked: Any) -> str:
    """As the stand-in for upload-artifact does; the digest."""
    options = {'merge': False, 'overwrite': False, 'retention_days': 0, 'compression': 6} | asked
    kept = RunArtifacts(stage.store, stage.run).store(name, files, **options)
    return asyncio.run(kept)[2]


@GENERATIONS
def test_files_come_back_as_they_were(stage: Stage, clients: Clients, generation: str) -> None:
    root = clients.workspace / 'in'
    job, files = stage.job(), write(root)
    up, listed, down, gone, after = clients.run(
        job,
        ('upload', ['out', files, str(root), {'compressionLevel': 0, 'retentionDays': 2}]),
        ('list', []),
        ('download', ['out', str(clients.workspace / 'out')]),
        ('delete', ['out']),
        ('list', []),
        generation=generation,
    )
    assert read(clients.workspace / 'out') == TREE
    assert down['digestMismatch'] is False
    assert [one['name'] for one in listed['artifacts']] == ['out']
    assert listed['artifacts'][0]['digest'] == f'sha256:{up["digest"]}'
    (fact,) = job.told
    assert fact == ('build', 'out', up['digest'], up['size'], 4)
    assert (gone['id'], after['artifacts']) == (up['id'], [])


@GENERATIONS
def test_a_name_is_taken_once_in_a_run(stage: Stage, clients: Clients, generation: str) -> None:
    root = clients.workspace / 'in'
    files = write(root, {'a': b'a'})
    first, second = clients.run(
        stage.job(),
        *[('upload', ['out', files, str(root)])] * 2,
        generation=generation,
    )
    assert first['id']
    assert '(409) Conflict: an artifact with this name already exists on the workflow run' in str(
        second
    )


@GENERATIONS
def test_what_the_stand_in_keeps_real_clients_download(
    stage: Stage, clients: Clients, generation: str
) -> None:
    files = write(clients.workspace / 'in')
    digest = keep(
        stage, 'out', [(name, Path(file)) for name, file in zip(TREE, files, strict=True)]
    )
    (down,) = clients.run(
        stage.job(), ('download', ['out', str(clients.workspace / 'out')]), generation=generation
    )
    assert (down['digestMismatch'], down['artifact']['digest']) == (False, f'sha256:{digest}')
    assert read(clients.workspace / 'out') == TREE


@GENERATIONS
def test_what_real_clients_upload_the_stand_in_unpacks(
    stage: Stage, clients: Clients, tmp_path: Path, generation: str
) -> None:
    root = clients.workspace / 'in'
    (up,) = clients.run(
        stage.job(), ('upload', ['out', write(root), str(root)]), generation=generation
    )
    assert asyncio.run(RunArtifacts(stage.store, stage.run).fetch('out', tmp_path / 'out')) == 4
    assert read(tmp_path / 'out') == TREE
    (row,) = artifacts.listed(stage.store, stage.run)
    assert row.digest == up['digest'] == blobs.digest(blobs.path(stage.state, row.digest))


@GENERATIONS
def test_uploads_that_v3_merged_come_as_one_archive(
    stage: Stage, clients: Clients, generation: str
) -> None:
    for name in 'ab':
        (path,) = write(clients.workspace, {name: name.encode()})
        keep(stage, 'out', [(name, Path(path))], merge=True)
    clients.run(
        stage.job(), ('download', ['out', str(clients.workspace / 'out')]), generation=generation
    )
    assert read(clients.workspace / 'out') == {'a': b'a', 'b': b'b'}
    stage.end_job()
    assert stage.unfinished() == []


def test_one_file_goes_both_ways_without_an_archive(
    stage: Stage, clients: Clients, tmp_path: Path
) -> None:
    (page,) = write(clients.workspace, {'seite ä.html': b'<p>'})
    (text,) = write(clients.workspace, {'own.txt': b'own'})
    asyncio.run(
        RunArtifacts(stage.store, stage.run).store_file(
            Path(text), 'text/plain', overwrite=False, retention_days=1
        )
    )
    clients.run(
        stage.job(),
        ('upload', ['ignored', [page], str(clients.workspace), {'skipArchive': True}]),
        ('download', ['seite ä.html', str(clients.workspace / 'out')]),
        ('download', ['own.txt', str(clients.workspace / 'out')]),
        generation='latest',
    )
    assert read(clients.workspace / 'out') == {'seite ä.html': b'<p>', 'own.txt': b'own'}
    of = RunArtifacts(stage.store, stage.run)
    assert asyncio.run(of.fetch('seite ä.html', tmp_path / 'plain')) == 1
    assert read(tmp_path / 'plain') == {'seite ä.html': b'<p>'}
    assert {one.name: one.mime for one in artifacts.listed(stage.store, stage.run)} == {
        'own.txt': 'text/plain',
        'seite ä.html': 'text/html',
    }


def test_clients_that_know_only_archives_get_one_around_a_single_file(
    stage: Stage, clients: Clients
) -> None:
    (text,) = write(clients.workspace, {'own.txt': b'own'})
    of = RunArtifacts(stage.store, stage.run)
    asyncio.run(of.store_file(Path(text), 'text/plain', overwrite=False, retention_days=1))
    given = ['own.txt', str(clients.workspace / 'out')]
    old, new = clients.run(stage.job(), ('download', given), ('download@latest', given))
    assert (old['digestMismatch'], new['digestMismatch']) == (False, False)
    assert 'digest' not in old['artifact'], 'it is that of the file, not of the archive'
    assert read(clients.workspace / 'out') == {'own.txt': b'own'}


def test_retention_is_what_the_client_asked_for(stage: Stage, clients: Clients) -> None:
    root = clients.workspace / 'in'
    clients.run(
        stage.job(), ('upload', ['out', write(root, {'a': b''}), str(root), {'retentionDays': 2}])
    )
    (row,) = artifacts.listed(stage.store, stage.run)
    assert row.expires - row.created == pytest.approx(2 * 86400, abs=60)
