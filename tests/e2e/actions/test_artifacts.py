"""Uploads and downloads through the real store."""

from pathlib import Path

import pytest

from e2e.actions.bench import Bench
from e2e.actions.ground import Ground
from liftlock.plan.facts import ArtifactStored
from liftlock.runner.workbench import StepFailed

UPLOAD, DOWNLOAD = 'actions/upload-artifact@v4', 'actions/download-artifact@v4'
TREE = {
    'dist/app.js': 'app',
    'dist/maps/app.map': 'map',
    'dist/.hidden': 'h',
    'reports/unit.xml': 'unit',
    '.coverage': 'cov',
}


def upload(ground: Ground, path: str, uses: str = UPLOAD, **inputs: str) -> Bench:
    job = ground.job()
    for name, text in TREE.items():
        file = job / 'work' / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    given = {name.replace('_', '-'): value for name, value in inputs.items()}
    bench = ground.step(uses, {'path': path, **given}, job)
    bench.main()
    return bench


def download(ground: Ground, uses: str = DOWNLOAD, **inputs: str) -> dict[str, str]:
    bench = ground.step(uses, {name.replace('_', '-'): value for name, value in inputs.items()})
    bench.main()
    assert Path(bench.outputs['download-path']).is_relative_to(bench.workspace)
    return {
        file.relative_to(bench.workspace).as_posix(): file.read_text()
        for file in sorted(bench.workspace.rglob('*'))
        if file.is_file()
    }


@pytest.mark.parametrize(
    ('path', 'expected'),
    [
        ('dist', ['app.js', 'maps/app.map']),
        ('dist/', ['app.js', 'maps/app.map']),
        ('dist/app.js', ['app.js']),
        ('dist/*.js', ['app.js']),
        ('**/*.map', ['dist/maps/app.map']),
        ('dist\nreports', ['dist/app.js', 'dist/maps/app.map', 'reports/unit.xml']),
        ('dist/app.js\nreports/unit.xml', ['dist/app.js', 'reports/unit.xml']),
        ('dist\n!dist/maps', ['app.js']),
        ('dist/**\n!**/*.map', ['app.js']),
        ('dist/maps/app.map\ndist/app.js', ['app.js', 'maps/app.map']),
    ],
)
def test_paths_in_the_artifact_are_as_on_github(
    ground: Ground, path: str, expected: list[str]
) -> None:
    upload(ground, path, name='a')
    assert sorted(download(ground, name='a')) == expected


def test_hidden_files_stay_at_home_unless_asked_for(ground: Ground) -> None:
    alone = upload(ground, '.coverage')
    assert alone.warnings == [
        'No files were found with the provided path: .coverage. No artifacts will be uploaded.'
    ]
    upload(ground, '.coverage', name='cov', include_hidden_files='true')
    assert download(ground, name='cov') == {'.coverage': 'cov'}


def test_no_files_are_a_warning_a_failure_or_nothing(ground: Ground) -> None:
    assert upload(ground, 'nothing').warnings
    assert not upload(ground, 'nothing', if_no_files_found='ignore').warnings
    with pytest.raises(StepFailed, match='No files were found'):
        upload(ground, 'nothing', if_no_files_found='error')
    with pytest.raises(StepFailed, match='Available options'):
        upload(ground, 'nothing', if_no_files_found='shout')


def test_outputs_and_a_fact_tell_of_the_upload(ground: Ground) -> None:
    bench = upload(ground, 'dist', name='a')
    assert set(bench.outputs) == {'artifact-id', 'artifact-digest', 'artifact-url'}
    (fact,) = bench.facts
    assert isinstance(fact, ArtifactStored)
    assert (fact.name, fact.files, fact.digest) == ('a', 2, bench.outputs['artifact-digest'])


def test_a_name_is_taken_once_from_v4_on(ground: Ground) -> None:
    upload(ground, 'dist', name='a')
    with pytest.raises(StepFailed, match=r'\(409\) Conflict'):
        upload(ground, 'reports', name='a')
    upload(ground, 'reports', name='a', overwrite='true')
    assert download(ground, name='a') == {'unit.xml': 'unit'}


def test_v3_merges_uploads_of_the_same_name(ground: Ground) -> None:
    for path in ('dist', 'reports'):
        bench = upload(ground, path, 'actions/upload-artifact@v3', name='a')
        assert not bench.outputs
    assert sorted(download(ground, 'actions/download-artifact@v3', name='a')) == [
        'app.js', 'maps/app.map', 'unit.xml',
    ]  # fmt: skip


@pytest.mark.parametrize('name', ['a/b', 'a:b', 'what?', 'a\\b'])
def test_names_that_some_file_systems_cannot_have_are_refused(ground: Ground, name: str) -> None:
    with pytest.raises(StepFailed, match='The artifact name is not valid'):
        upload(ground, 'dist', name=name)


def test_one_file_can_be_kept_without_an_archive_under_its_own_name(ground: Ground) -> None:
    upload(ground, 'dist/app.js', 'actions/upload-artifact@v7', archive='false')
    assert download(ground, name='app.js') == {'app.js': 'app'}
    with pytest.raises(StepFailed, match='only a single file'):
        upload(ground, 'dist', 'actions/upload-artifact@v7', archive='false')


@pytest.mark.parametrize(
    ('uses', 'inputs', 'expected'),
    [
        (DOWNLOAD, {}, ['cov-1/app.js', 'cov-2/unit.xml', 'site/app.map']),
        (DOWNLOAD, {'path': 'all'}, ['all/cov-1/app.js', 'all/cov-2/unit.xml', 'all/site/app.map']),
        (DOWNLOAD, {'pattern': 'cov-*'}, ['cov-1/app.js', 'cov-2/unit.xml']),
        (DOWNLOAD, {'pattern': '{site,cov-1}'}, ['cov-1/app.js', 'site/app.map']),
        (DOWNLOAD, {'pattern': 'cov-*', 'merge_multiple': 'true'}, ['app.js', 'unit.xml']),
        (DOWNLOAD, {'pattern': 'site'}, ['site/app.map']),
        ('actions/download-artifact@v5', {'pattern': 'site'}, ['app.map']),
        (DOWNLOAD, {'pattern': 'none-*'}, []),
        ('actions/download-artifact@v3', {}, ['cov-1/app.js', 'cov-2/unit.xml', 'site/app.map']),
    ],
)
def test_several_artifacts_are_downloaded_as_on_github(
    ground: Ground, uses: str, inputs: dict[str, str], expected: list[str]
) -> None:
    for name, path in (('cov-1', 'dist/*.js'), ('cov-2', 'reports'), ('site', 'dist/maps')):
        upload(ground, path, name=name)
    assert sorted(download(ground, uses, **inputs)) == expected


def test_artifacts_are_had_by_the_ids_that_uploads_have_told(ground: Ground) -> None:
    first = upload(ground, 'dist/*.js', name='a').outputs['artifact-id']
    upload(ground, 'reports', name='b')
    third = upload(ground, 'dist/maps', name='c').outputs['artifact-id']
    v5 = 'actions/download-artifact@v5'
    assert sorted(download(ground, artifact_ids=f'{third}, {first}')) == ['a/app.js', 'c/app.map']
    assert list(download(ground, artifact_ids=first)) == ['a/app.js']
    assert list(download(ground, v5, artifact_ids=first)) == ['app.js']
    told = ground.step(v5, {'artifact-ids': f'99,{first}'})
    told.main()
    assert told.warnings == ['Could not find the following artifact IDs: 99']


@pytest.mark.parametrize(
    ('ids', 'message'),
    [
        ('98, 99', 'None of the provided artifact IDs were found'),
        ('1, a', "Invalid artifact ID: 'a'. Must be a number."),
        (',', "No valid artifact IDs provided in 'artifact-ids' input"),
    ],
)
def test_ids_that_are_none(ground: Ground, ids: str, message: str) -> None:
    upload(ground, 'dist', name='a')
    with pytest.raises(StepFailed, match=message):
        download(ground, artifact_ids=ids)


def test_what_is_not_there_is_said_with_what_is(ground: Ground) -> None:
    with pytest.raises(StepFailed, match='Unable to find any artifacts'):
        download(ground, 'actions/download-artifact@v3')
    upload(ground, 'dist', name='a')
    with pytest.raises(StepFailed, match=r'Artifact not found for name: b \(there are: a\)'):
        download(ground, name='b')


@pytest.mark.parametrize(
    'inputs',
    [
        {'artifact_ids': '1', 'name': 'a'},
        {'github_token': 't', 'run_id': '99'},
        {'name': 'a', 'skip_decompress': 'true'},
    ],
)
def test_artifacts_from_elsewhere_are_refused(ground: Ground, inputs: dict[str, str]) -> None:
    with pytest.raises(StepFailed):
        download(ground, **inputs)
