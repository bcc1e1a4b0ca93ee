"""Images are really built by every builder of this machine, and pushed to a real registry."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from containers import IMAGE, docker
from e2e.actions.bench import Bench
from e2e.actions.engines import Kind, call, kinds, step
from e2e.actions.ground import Repository
from liftlock.runner.repository import look
from liftlock.runner.snapshot import take
from liftlock.runner.sources import SnapshotSources
from liftlock.runner.workbench import StepFailed
from registry import Registry, open_registry

USES = 'docker/build-push-action@v5'
KINDS = kinds()
NOTHING = 'FROM scratch\nCOPY hello /\n'
ACCEPTED = ', '.join(
    f'application/vnd.{kind}+json'
    for kind in (
        'docker.distribution.manifest.v2',
        'oci.image.manifest.v1',
        'oci.image.index.v1',
    )
)


@pytest.fixture(scope='module')
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with open_registry(tmp_path_factory.mktemp('registry') / 'open') as running:
        yield running


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def tag(tmp_path: Path) -> Iterator[str]:
    """A name that nobody else has, which is gone afterwards."""
    name = f'liftlock-test/{tmp_path.name[-20:].strip("_").lower()}-{os.getpid()}'
    yield name
    for engine in ('docker', 'podman'):
        words = (engine, 'images', '--format', '{{.Repository}}:{{.Tag}}')
        listed = subprocess.run(words, capture_output=True, text=True, check=False)
        made = [image for image in listed.stdout.split() if name in image]
        if made:
            subprocess.run((engine, 'rmi', '--force', *made), capture_output=True, check=False)


def build(
    root: Path, kind: Kind, files: dict[str, str], /, sources: Any = None, **inputs: str
) -> Bench:
    given = {'context': '.'} | inputs if sources is None else inputs
    bench = step(root, USES, given, engine=kind.engine, env=kind.lay(root / 'place'))
    bench.world = bench.world._replace(sources=sources)
    for name, text in files.items():
        file = bench.workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    bench.main()
    return bench


def digest_of(registry: Registry, repository: str, tag: str) -> str:
    url = f'http://{registry.host}/v2/{repository}/manifests/{tag}'
    with urlopen(Request(url, headers={'Accept': ACCEPTED})) as answer:
        return str(answer.headers['Docker-Content-Digest'])


def inspect(bench: Bench, kind: Kind, image: str) -> Any:
    told = call(bench, kind.engine, 'image', 'inspect', image)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)[0]


def test_an_image_is_built_and_pushed_under_all_its_tags(
    tmp_path: Path, registry: Registry, kind: Kind, tag: str
) -> None:
    name = f'{registry.host}/{tag}'
    bench = build(
        tmp_path, kind, {'hello': 'hi', 'Dockerfile': NOTHING},
        tags=f'{name}:1\n{name}:latest', labels='a=b c\nd=e', push='true',
    )  # fmt: skip
    digest = bench.outputs['digest']
    assert digest_of(registry, tag, '1') == digest_of(registry, tag, 'latest') == digest
    found = inspect(bench, kind, f'{name}:1')
    assert found['Config']['Labels'].items() >= {'a': 'b c', 'd': 'e'}.items()
    image = bench.outputs['imageid']
    assert re.fullmatch(r'sha256:[0-9a-f]{64}', image)
    assert found['Id'].removeprefix('sha256:') == image.removeprefix('sha256:')
    metadata = json.loads(bench.outputs['metadata'])
    assert metadata['containerimage.digest'] == digest
    assert not list(bench.temp.glob('docker-build-*'))


def test_what_is_only_built_is_the_engines(tmp_path: Path, kind: Kind, tag: str) -> None:
    files = {'app/hello': 'hi', 'app/other.Dockerfile': NOTHING, 'hello': ''}
    bench = build(
        tmp_path, kind, files, context='./app', file='./app/other.Dockerfile', tags=tag, load='true'
    )
    assert inspect(bench, kind, tag)['Id'].endswith(bench.outputs['imageid'].partition(':')[2])


def test_a_stage_can_be_chosen_and_given_arguments(tmp_path: Path, kind: Kind, tag: str) -> None:
    dockerfile = (
        'FROM scratch AS one\nARG WHO=nobody\nLABEL who=$WHO\nCOPY hello /\n'
        'FROM scratch AS two\nCOPY missing /\n'
    )
    bench = build(
        tmp_path, kind, {'hello': 'hi', 'Dockerfile': dockerfile},
        target='one', build_args='WHO=ada, the first\nOTHER=1', tags=tag,
    )  # fmt: skip
    assert inspect(bench, kind, tag)['Config']['Labels']['who'] == 'ada, the first'


def test_the_default_context_is_the_runs_snapshot(tmp_path: Path, kind: Kind, tag: str) -> None:
    repository = Repository(tmp_path / 'shop')
    (repository.top / 'app').mkdir()
    (repository.top / 'app/Dockerfile').write_text('FROM scratch\nCOPY . /\n')
    repository.commit(hello='committed')
    (repository.top / 'app' / 'hello').write_text('not committed')
    snapshot = take(look(repository.top), tmp_path / 'state')
    sources = SnapshotSources(snapshot, 'refs/heads/main')
    bench = build(
        tmp_path, kind, {}, sources, context='{{defaultContext}}:app', file='Dockerfile', tags=tag
    )
    saved = call(bench, kind.engine, 'save', '--output', str(tmp_path / 'saved'), tag)
    assert saved.returncode == 0, saved.stderr
    subprocess.run(('tar', '-xf', tmp_path / 'saved', '-C', bench.temp), check=True)
    listed = ''.join(
        subprocess.run(('tar', '-tf', file), capture_output=True, text=True, check=False).stdout
        for file in bench.temp.rglob('*')
        if file.is_file()
    )
    assert {'Dockerfile', 'hello'} <= set(listed.split())
    assert '.git/' not in listed
    assert not list(bench.workspace.iterdir())


def test_a_build_that_fails_says_so_above(tmp_path: Path, kind: Kind) -> None:
    bench = step(
        tmp_path, USES, {'context': '.'}, engine=kind.engine, env=kind.lay(tmp_path / 'place')
    )
    (bench.workspace / 'Dockerfile').write_text('FROM scratch\nCOPY missing /\n')
    with pytest.raises(StepFailed, match=f'{kind.name} failed with exit code'):
        bench.main()
    assert 'missing' in '\n'.join(bench.lines)


@pytest.mark.parametrize('kind', [one for one in KINDS if one.name.startswith('build')])
def test_secrets_reach_the_build_and_nothing_else(tmp_path: Path, kind: Kind, tag: str) -> None:
    docker()
    secret = 'open sesame = yes'
    dockerfile = (
        f'FROM {IMAGE}\n'
        'RUN --mount=type=secret,id=one --mount=type=secret,id=two --mount=type=secret,id=three '
        'cat /run/secrets/one /run/secrets/two /run/secrets/three | wc -c > /count\n'
    )
    bench = step(
        tmp_path, USES,
        {
            'context': '.', 'tags': tag, 'secrets': f'one={secret}\nnonsense',
            'secret-envs': 'two=TWO', 'secret-files': 'three=three.txt\nfour=gone.txt',
        },
        env={**kind.lay(tmp_path / 'place'), 'TWO': '22'},
    )  # fmt: skip
    (bench.workspace / 'Dockerfile').write_text(dockerfile)
    (bench.workspace / 'three.txt').write_text('333')
    bench.main()
    told = call(bench, 'docker', 'run', '--rm', '--network=none', tag, 'cat', '/count')
    assert told.stdout.strip() == str(len(secret) + 5), told.stderr
    assert 'masked' in bench.lines
    assert not any(secret in line for line in bench.lines)
    assert len(bench.warnings) == 2


def test_a_foreign_platform_is_refused_before_anything_is_built(tmp_path: Path, kind: Kind) -> None:
    with pytest.raises(StepFailed, match='This machine cannot build for linux/mips64'):
        build(tmp_path, kind, {'Dockerfile': NOTHING}, platforms='linux/mips64')


def test_files_come_out_where_they_are_wanted(tmp_path: Path, kind: Kind) -> None:
    files = {'hello': 'hi', 'Dockerfile': NOTHING}
    if kind.name == 'classic':
        with pytest.raises(StepFailed, match="needs Docker's buildx plugin"):
            build(tmp_path, kind, files, outputs='type=local,dest=out')
        return
    bench = build(tmp_path, kind, files, outputs='type=local,dest=out')
    assert (bench.workspace / 'out' / 'hello').read_text() == 'hi'


def test_what_falls_away_is_said(tmp_path: Path, kind: Kind, tag: str) -> None:
    files = {'hello': 'hi', 'Dockerfile': NOTHING}
    bench = build(
        tmp_path, kind, files, tags=tag,
        cache_from='type=gha', cache_to='type=gha,mode=max', provenance='true',
    )  # fmt: skip
    said = '\n'.join(bench.lines)
    assert 'type=gha is left out' in said
    assert 'provenance: left out' in said
    assert any(line.startswith('##[command]') for line in bench.lines)
