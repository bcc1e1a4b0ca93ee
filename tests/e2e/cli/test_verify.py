"""From a run to a verdict about a file that somebody has in his hands."""

import json
import re
import shutil
from pathlib import Path

import pytest

import containers
from e2e.cli.conftest import Project
from envelopes import Signer, envelope, statement

WORKFLOW = """
on: push
permissions: {contents: read, id-token: write, attestations: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: mkdir dist; echo wheel > dist/app.whl; echo more > dist/more.txt
      - uses: actions/attest-build-provenance@v3
        id: attest
        with: {subject-path: dist/app.whl}
      - run: cp "$BUNDLE" dist/bundle.json
        env: {BUNDLE: '${{ steps.attest.outputs.bundle-path }}'}
      - uses: actions/upload-artifact@v4
        with: {name: dist, path: dist}
"""


@pytest.fixture(scope='module')
def built(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run that attested app.whl, and its artifact in `out`. Tests leave it as it is."""
    project = Project(tmp_path_factory.mktemp('shop'))
    project.git('remote', 'add', 'origin', 'https://somebody:hush@git.example.org/acme/shop.git')
    project.workflow(WORKFLOW)
    ended = project.liftlock('run')
    assert ended.status == 0, ended.out
    assert project.liftlock('artifacts', '-d', 'dist', '--to', 'out').status == 0
    (project.directory / 'key.pem').write_text(project.liftlock('verify', '--public-key').out)
    return project


@pytest.fixture
def mine(built: Project, tmp_path: Path) -> Project:
    """The same, to be spoilt."""
    copy = Project(tmp_path)
    for name in ('XDG_STATE_HOME',):
        shutil.copytree(built.homes[name], copy.homes[name])
    shutil.copytree(built.directory, copy.directory, dirs_exist_ok=True)
    return copy


def test_a_file_that_was_attested_is_verified(built: Project) -> None:
    ended = built.liftlock('verify', 'out/app.whl')
    assert ended.status == 0, ended
    lines = [' '.join(line.split()) for line in ended.out.splitlines()]
    assert lines[:4] == [
        'verified: out/app.whl',
        'subject app.whl',
        'states https://slsa.dev/provenance/v1',
        'repository https://git.example.org/acme/shop',
    ]
    assert 'builder urn:liftlock:builder:host' in lines
    assert 'hush' not in ended.out


def test_expectations_are_held_against_what_was_signed(built: Project) -> None:
    well = ('--repository', 'acme/shop', '--workflow', 'ci.yml', '--ref', 'main')
    assert built.liftlock('verify', 'out/app.whl', *well).status == 0
    for wrong in (
        ('--repository', 'acme/other'),
        ('--ref', 'v1'),
        ('--source-digest', 'a' * 40),
        ('--builder', 'sandbox'),
        ('--predicate-type', 'https://cyclonedx.org/bom'),
    ):
        ended = built.liftlock('verify', 'out/app.whl', *well, *wrong)
        assert ended.status == 1, wrong
        assert ended.out.startswith('NOT verified: out/app.whl\n')


def test_a_bundle_and_a_key_are_enough_elsewhere(built: Project, tmp_path: Path) -> None:
    nowhere = {name: str(tmp_path / name) for name in built.homes}
    words = ('verify', 'out/app.whl', '--bundle', 'out/bundle.json')
    ended = built.liftlock(*words, '--key', 'key.pem', '--json', **nowhere)
    assert ended.status == 0
    told = json.loads(ended.out)
    assert (told['verdict'], told['subject']) == ('verified', 'app.whl')
    assert told['predicate']['buildDefinition']['internalParameters']['liftlock'] == {
        'job': 'build',
        'executor': 'host',
        'standIns': ['actions/attest-build-provenance@v3', 'actions/upload-artifact@v4'],
    }
    assert not (tmp_path / 'XDG_STATE_HOME').exists()
    ended = built.liftlock(*words, **nowhere)
    assert ended.status == 3
    assert 'there is no key to verify with' in ended.out


def test_a_file_that_was_changed_is_not_verified(mine: Project) -> None:
    (mine.directory / 'out/app.whl').write_text('other')
    ended = mine.liftlock('verify', 'out/app.whl')
    assert ended.status == 3
    assert 'a file of that name was signed as sha256:' in ended.out
    ended = mine.liftlock('verify', 'out/app.whl', '--bundle', 'out/bundle.json')
    assert ended.status == 1
    assert 'none of its subjects has this digest' in ended.out


def test_a_bundle_that_was_changed_is_not_verified(mine: Project) -> None:
    file = mine.directory / 'out/bundle.json'
    bundle = json.loads(file.read_text())
    bundle['dsseEnvelope']['payload'] = bundle['dsseEnvelope']['payload'].replace('ey', 'eY', 1)
    file.write_text(json.dumps(bundle))
    ended = mine.liftlock('verify', 'out/app.whl', '--bundle', 'out/bundle.json')
    assert (ended.status, 'changed after it was signed' in ended.out) == (1, True)


def test_somebody_else_s_signature_is_none(mine: Project) -> None:
    stranger = Signer()
    digest = '1' * 64
    text = json.dumps(envelope(stranger, statement(digest)))
    (mine.directory / 'theirs.json').write_text(text)
    (mine.directory / 'theirs.pem').write_bytes(stranger.public)
    target = ('verify', f'sha256:{digest}', '--bundle', 'theirs.json')
    assert mine.liftlock(*target).status == 1
    assert mine.liftlock(*target, '--key', 'theirs.pem').status == 0  # a foreign tool's, trusted
    assert mine.liftlock(*target, '--key', 'key.pem', '--key', 'theirs.pem').status == 0


def test_a_new_key_does_not_verify_what_the_old_one_signed(mine: Project) -> None:
    (Path(mine.homes['XDG_STATE_HOME']) / 'liftlock/signing.pem').unlink()
    assert mine.liftlock('verify', 'out/app.whl').status == 3
    assert 'BEGIN PUBLIC KEY' in mine.liftlock('verify', '--public-key').out
    assert mine.liftlock('verify', 'out/app.whl').status == 1
    assert mine.liftlock('verify', 'out/app.whl', '--key', 'key.pem').status == 0


# --- artifacts, attested by whoever has the store


def test_artifacts_are_attested_on_request_with_all_their_files(mine: Project) -> None:
    assert mine.liftlock('verify', 'out/more.txt').status == 3
    ended = mine.liftlock('artifacts', '--attest')
    assert ended.out == 'dist: attested (4 subjects, attestation 2)\n'
    assert mine.liftlock('verify', 'out/more.txt').status == 0
    assert mine.liftlock('verify', 'dist').status == 0
    assert mine.liftlock('artifacts', '--attest').out == 'dist: attested already\n'
    listed = mine.liftlock('artifacts').out
    assert re.search(r'attested: app.whl \(sha256:\w{12}\), https://slsa.dev/provenance/v1', listed)
    assert mine.liftlock('artifacts', '--bundle', 'all.jsonl').out == 'all.jsonl: 2 bundles\n'
    ended = mine.liftlock('verify', 'out/more.txt', '--bundle', 'all.jsonl', '--key', 'key.pem')
    assert ended.status == 0


def spoil(project: Project) -> None:
    """Change the artifact where the store keeps it."""
    blobs = Path(project.homes['XDG_STATE_HOME']).glob('liftlock/blobs/[0-9a-f][0-9a-f]/*')
    (archive,) = (file for file in blobs if file.read_bytes().startswith(b'PK'))
    archive.write_bytes(archive.read_bytes() + b'x')


def test_an_artifact_that_was_changed_in_the_store_is_not_verified(mine: Project) -> None:
    assert mine.liftlock('artifacts', '--attest').status == 0
    assert mine.liftlock('verify', 'dist').status == 0
    spoil(mine)
    assert mine.liftlock('verify', 'dist').status == 3


def test_an_artifact_that_was_changed_in_the_store_is_not_attested(mine: Project) -> None:
    spoil(mine)
    ended = mine.liftlock('artifacts', '--attest')
    assert ended.status == 2
    assert 'is not what was stored' in ended.err


# --- a job that may not have the key

THIEF = """
on: push
permissions: {id-token: write, attestations: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: 'cat $KEY || ln -s $KEY key; mkdir all; ln -s $KEY all/key; echo x > made'
        env: {KEY: STATE/signing.pem}
      - {uses: actions/upload-artifact@v4, with: {path: key}, continue-on-error: true}
      - {uses: actions/upload-artifact@v4, with: {path: all}, continue-on-error: true}
      - {uses: actions/upload-artifact@v4, with: {path: STATE/signing.pem}, continue-on-error: true}
      - {uses: actions/attest@v4, with: {subject-path: key}, continue-on-error: true}
      - {uses: actions/attest-build-provenance@v3, with: {subject-path: made}}
"""


def test_a_job_in_the_sandbox_cannot_have_the_key(project: Project) -> None:
    if shutil.which('bwrap') is None:
        containers.lack('to run this: apt install bubblewrap')
    state = f'{project.homes["XDG_STATE_HOME"]}/liftlock'
    project.liftlock('verify', '--public-key')
    project.workflow(THIEF.replace('STATE', state))
    ended = project.liftlock('run', '--sandbox', '-v')
    assert ended.status == 0, ended
    assert 'signing.pem: No such file' in ended.out
    assert project.liftlock('artifacts', '--json').out == '[]\n'
    attested = [line for line in project.liftlock('artifacts').out.splitlines() if ':' in line]
    assert [line.split()[1] for line in attested] == ['made']
    assert 'PRIVATE KEY' not in ended.out
    project.write('made', 'x\n')
    assert project.liftlock('verify', 'made', '--builder', 'sandbox').status == 0


# --- what is said of mistakes


@pytest.mark.parametrize(
    ('words', 'status', 'said'),
    [
        ((), 2, 'name what is to be verified'),
        (('out',), 2, 'out is a directory'),
        (('nothing',), 2, 'there is no file nothing, and run 1 kept no artifact of that name'),
        (('out/app.whl', '--key', 'none.pem'), 2, 'none.pem cannot be read'),
        (('out/app.whl', '--key', 'out/app.whl'), 2, 'out/app.whl: it is no public key'),
        (('out/app.whl', '--bundle', 'out/app.whl'), 2, 'out/app.whl: it is no JSON'),
        (('oci://NOT AN IMAGE',), 2, 'NOT AN IMAGE is no name of an image'),
        ((f'sha256:{"9" * 64}',), 3, 'nothing was signed about it here'),
        ((f'oci://ghcr.io/acme/app@sha256:{"9" * 64}',), 3, 'nothing was signed about it here'),
    ],
)
def test_mistakes_say_what_was_expected(
    built: Project, words: tuple[str, ...], status: int, said: str
) -> None:
    ended = built.liftlock('verify', *words)
    assert ended.status == status
    assert said in ended.out + ended.err


def test_nothing_is_attested_of_a_run_that_kept_nothing(project: Project) -> None:
    project.workflow('on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: echo}]}}\n')
    assert project.liftlock('run').status == 0
    assert 'kept no artifacts' in project.liftlock('artifacts', '--attest').err
    assert 'nothing was attested of run 1' in project.liftlock('artifacts', '--bundle', '-').err


def test_uncommitted_changes_are_told(project: Project) -> None:
    project.workflow(WORKFLOW)
    project.write('new.txt', 'x')
    assert project.liftlock('run').status == 0
    assert project.liftlock('artifacts', '-d', 'dist', '--to', 'out').status == 0
    out = project.liftlock('verify', 'out/app.whl', '--repository', 'local/project').out
    assert 'urn:liftlock:repository:local/project' in out
    assert 'with uncommitted changes' in out
