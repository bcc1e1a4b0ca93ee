"""Bills of materials of directories, archives and artifacts."""

import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from e2e.cli.conftest import Project

METADATA = 'Metadata-Version: 2.4\nName: app\nVersion: 1.0\nLicense-Expression: MIT\n'
LOCK = json.dumps(
    {'lockfileVersion': 3, 'packages': {'node_modules/left-pad': {'version': '1.3.0'}}}
)
WORKFLOW = """
on: push
permissions: {contents: read, id-token: write, attestations: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: anchore/sbom-action@v0
        with: {format: cyclonedx-json, output-file: bom.json, artifact-name: bom.cdx.json}
      - uses: actions/attest-sbom@v3
        with: {subject-path: requirements.txt, sbom-path: bom.json}
      - uses: actions/upload-artifact@v4
        with: {name: sources, path: .}
"""


def purls(text: str) -> list[str]:
    bom: dict[str, Any] = json.loads(text)
    assert (bom['bomFormat'], bom['specVersion']) == ('CycloneDX', '1.6')
    return sorted(component['purl'] for component in bom.get('components', []))


@pytest.fixture
def sources(project: Project) -> Project:
    project.write('requirements.txt', 'django==4.2\nopen-ended\n')
    project.write('web/package-lock.json', LOCK)
    project.write('web/node_modules/x/package-lock.json', LOCK.replace('left-pad', 'installed'))
    return project


def test_a_directory_is_listed_with_what_it_rests_on(sources: Project) -> None:
    ended = sources.liftlock('sbom', '-o', 'bom.json')
    assert (ended.status, ended.out) == (0, '')
    assert ended.err.splitlines() == [
        'bom.json: 3 packages',
        '  project/requirements.txt: 2',
        '  project/web/package-lock.json: 1',
        'warning: 1 package without a fixed version',
    ]
    written = (sources.directory / 'bom.json').read_text()
    assert purls(written) == [
        'pkg:npm/left-pad@1.3.0',
        'pkg:pypi/django@4.2',
        'pkg:pypi/open-ended',
    ]


def test_archives_are_looked_into(project: Project) -> None:
    wheel = project.directory / 'app-1.0-py3-none-any.whl'
    with zipfile.ZipFile(wheel, 'w') as archive:
        archive.writestr('app-1.0.dist-info/METADATA', METADATA)
    sdist = project.directory / 'app-1.0.tar.gz'
    with tarfile.open(sdist, 'w:gz') as tar:
        info = tarfile.TarInfo('app-1.0/PKG-INFO')
        info.size = len(METADATA)
        tar.addfile(info, io.BytesIO(METADATA.encode()))
    for name in (wheel.name, sdist.name, '.'):
        ended = project.liftlock('sbom', name)
        assert purls(ended.out) == ['pkg:pypi/app@1.0'], name
    bom = json.loads(project.liftlock('sbom', wheel.name).out)
    assert bom['metadata']['component']['hashes'][0]['alg'] == 'SHA-256'
    assert bom['components'][0]['licenses'] == [{'license': {'id': 'MIT'}}]


def test_what_cannot_be_read_is_told(project: Project) -> None:
    project.write('package-lock.json', '{')
    project.write('broken.whl', 'x')
    ended = project.liftlock('sbom')
    assert ended.status == 0
    assert 'warning: project/package-lock.json was not read: it is no JSON' in ended.err
    assert 'warning: project/broken.whl is damaged' in ended.err
    assert 'of others nothing is known here' in ended.err


def test_without_the_library_it_says_what_to_install(sources: Project, tmp_path: Path) -> None:
    (tmp_path / 'cyclonedx.py').write_text("raise ImportError('no', name='cyclonedx')")
    ended = sources.liftlock('sbom', PYTHONPATH=str(tmp_path))
    assert ended.status == 2
    assert "pip install 'liftlock[gates]'" in ended.err


def test_a_workflow_makes_attests_and_keeps_one(sources: Project) -> None:
    sources.workflow(WORKFLOW)
    ended = sources.liftlock('run', '-v')
    assert ended.status == 0, ended
    assert 'syft is not installed: only packages of Python and npm' in ended.out
    assert sources.liftlock('artifacts', '-d', 'bom.cdx.json', '--to', 'out').status == 0
    made = (sources.directory / 'out/bom.cdx.json').read_text()
    assert 'pkg:pypi/django@4.2' in purls(made)

    kind = ('--predicate-type', 'https://cyclonedx.org/bom')
    ended = sources.liftlock('verify', 'requirements.txt', *kind, '--json')
    assert ended.status == 0
    assert json.loads(ended.out)['predicate'] == json.loads(made)

    ended = sources.liftlock('sbom', 'sources')
    assert 'pkg:pypi/django@4.2' in purls(ended.out)
    about = json.loads(ended.out)['metadata']['component']
    assert (about['name'], about['hashes'][0]['alg']) == ('sources', 'SHA-256')


def test_a_format_that_only_syft_writes_fails_without_it(project: Project) -> None:
    uses = '{uses: anchore/sbom-action@v0}'
    project.workflow(f'on: push\njobs: {{a: {{runs-on: ubuntu-latest, steps: [{uses}]}}}}\n')
    ended = project.liftlock('run', DOCKER_HOST='unix:///nowhere', PATH='/usr/bin:/bin')
    assert ended.status == 1
    assert 'anchore/sbom-action runs syft, which is not on the PATH of this job' in ended.out
    assert '`format: cyclonedx-json` lists packages of Python and npm' in ended.out
