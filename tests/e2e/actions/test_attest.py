"""actions/attest and its sisters, with a real key in a real store."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from e2e.actions.bench import Bench
from e2e.actions.ground import Ground
from liftlock.gates import attestation, envelopes
from liftlock.plan.facts import Attested
from liftlock.plan.provenance import Subject
from liftlock.runner.workbench import StepFailed
from liftlock.store import attestations, signing
from liftlock.store.attestations import RunAttestations, Source
from story import HEAD, request

FILE = hashlib.sha256(b'wheel').hexdigest()
BOM = {'bomFormat': 'CycloneDX', 'specVersion': '1.6', 'serialNumber': 'urn:uuid:1'}
SPDX = {'spdxVersion': 'SPDX-2.3', 'SPDXID': 'SPDXRef-DOCUMENT'}


class Attesting(Bench):
    """A step whose job has made dist/app.whl."""

    def __init__(self, ground: Ground, uses: str, **inputs: str) -> None:
        source = Source(
            request(HEAD + '  build: {runs-on: x, steps: [{run: x}]}\n'),
            'https://github.com/acme/shop',
            uncommitted=False,
            pins=None,
            version='9',
        )
        signer = RunAttestations(ground.store, ground.run, source)
        world = ground.world()._replace(attestations=lambda: signer)
        given = {name.replace('_', '-'): text for name, text in inputs.items()}
        super().__init__(uses, ground.job(), world, given)
        self.make('dist/app.whl', 'wheel')

    def make(self, path: str, text: str) -> None:
        (self.workspace / path).parent.mkdir(exist_ok=True)
        (self.workspace / path).write_text(text)

    @property
    def bundle(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(Path(self.outputs['bundle-path']).read_text())
        return found

    @property
    def statement(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(base64.b64decode(self.bundle['dsseEnvelope']['payload']))
        return found

    @property
    def subjects_signed(self) -> dict[str, Mapping[str, str]]:
        return {one['name']: one['digest'] for one in self.statement['subject']}


@pytest.mark.parametrize('uses', ['actions/attest-build-provenance@v1', 'actions/attest@v4'])
def test_provenance_is_signed_with_the_store_s_own_key(ground: Ground, uses: str) -> None:
    bench = Attesting(ground, uses, subject_path='dist/*')
    bench.main()
    assert bench.subjects_signed == {'app.whl': {'sha256': FILE}}
    public = signing.public_key(ground.store.directory)
    assert public is not None
    verdict = attestation.judge(
        envelopes.parse(json.dumps(bench.bundle)),
        envelopes.read_keys(public),
        {'sha256': FILE},
        attestation.Expected(repository='acme/shop', workflow='ci.yml', builder='host'),
    )
    assert isinstance(verdict, attestation.Verified)


def test_what_was_signed_is_kept_with_the_run_and_found_by_what_it_is_about(
    ground: Ground,
) -> None:
    bench = Attesting(ground, 'actions/attest@v4', subject_path='dist/*')
    bench.main()
    (kept,) = attestations.about(ground.store, [f'sha256:{FILE}'])
    assert (str(kept.id), kept.run, kept.job) == (
        bench.outputs['attestation-id'],
        ground.run,
        'build',
    )
    assert json.loads(attestations.read(ground.store, kept)) == bench.bundle
    assert bench.facts == [Attested('build', attestation.PROVENANCE, 1, kept.digest)]
    assert attestations.named(ground.store, 'app.whl') == [f'sha256:{FILE}']
    assert bench.outputs['attestation-url'].endswith(f'/acme/shop/attestations/{kept.id}')


def test_the_job_learns_nothing_of_the_key(ground: Ground) -> None:
    bench = Attesting(ground, 'actions/attest@v4', subject_path='dist/*')
    bench.main()
    key = (ground.store.directory / signing.FILE).read_bytes()
    secret = key.splitlines()[1]
    seen = [*bench.lines, *bench.env.values(), *bench.outputs.values(), *bench.exported.values()]
    assert not any(secret.decode() in text for text in seen)
    files = [file for file in bench.workspace.parent.rglob('*') if file.is_file()]
    assert files
    assert not any(secret in file.read_bytes() for file in files)


# --- what it is about


def test_subjects_may_be_named_in_several_ways(ground: Ground) -> None:
    bench = Attesting(ground, 'actions/attest@v4', subject_path='dist/*,\n  more.txt')
    bench.make('more.txt', 'wheel')
    bench.make('dist/sub/deep.txt', 'deep')
    bench.main()
    assert set(bench.subjects_signed) == {'app.whl', 'more.txt', 'deep.txt'}

    bench = Attesting(
        ground,
        'actions/attest@v4',
        subject_digest=f'sha512:{"A" * 128}',
        subject_name='ghcr.io/A/b',
    )
    bench.main()
    assert bench.subjects_signed == {'ghcr.io/A/b': {'sha512': 'a' * 128}}

    lines = f'{"1" * 64}  one\n{"2" * 128} *two\r\nnothing\n'
    for given in (lines, 'SUMS'):
        bench = Attesting(ground, 'actions/attest@v4', subject_checksums=given)
        bench.make('SUMS', lines)
        bench.main()
        assert bench.subjects_signed == {'one': {'sha256': '1' * 64}, 'two': {'sha512': '2' * 128}}

    bench = Attesting(ground, 'actions/attest@v4')
    bench.subjects = [Subject('ghcr.io/acme/app', f'sha256:{"3" * 64}')]
    bench.main()
    assert bench.subjects_signed == {'ghcr.io/acme/app': {'sha256': '3' * 64}}


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({}, 'One of subject-path, subject-digest, or subject-checksums must be provided'),
        ({'subject_path': 'x', 'subject_digest': 'y'}, 'Only one of'),
        ({'subject_path': 'nothing/*'}, 'Could not find subject at path nothing'),
        ({'subject_digest': f'sha256:{"a" * 64}'}, 'subject-name must be provided'),
        ({'subject_digest': 'sha256', 'subject_name': 'x'}, 'must be in the format'),
        ({'subject_digest': 'md5:a', 'subject_name': 'x'}, 'unsupported algorithm "md5"'),
        ({'subject_digest': 'sha256:xyz', 'subject_name': 'x'}, 'invalid hex digits'),
        ({'subject_digest': 'sha256:ab', 'subject_name': 'x'}, 'expected 64, got 2'),
        ({'subject_checksums': 'xyz  file'}, 'Invalid digest: xyz'),
        ({'subject_checksums': 'abcd  file'}, 'Unknown digest algorithm: abcd'),
        ({'subject_checksums': 'dist'}, 'subject checksums file not found: dist'),
        ({'sbom_path': 'x', 'predicate': '{}'}, 'Cannot specify sbom-path together with'),
        ({'predicate': '{}'}, 'predicate-type is required'),
        ({'subject_path': 'dist/*', 'predicate_type': 'x'}, 'One of predicate-path or predicate'),
        (
            {
                'subject_path': 'dist/*',
                'predicate_type': 'x',
                'predicate': '{',
                'predicate_path': '',
            },
            'The predicate is no JSON',
        ),
        ({'subject_path': 'dist/*', 'sbom_path': 'none.json'}, 'SBOM file not found: none.json'),
        ({'subject_path': 'dist/*', 'sbom_path': 'dist/app.whl'}, 'The SBOM is no JSON'),
    ],
)
def test_what_cannot_be_attested_fails_the_step(
    ground: Ground, inputs: dict[str, str], message: str
) -> None:
    bench = Attesting(ground, 'actions/attest@v4', **inputs)
    with pytest.raises(StepFailed, match=message):
        bench.main()
    assert not attestations.listed(ground.store, ground.run)


@pytest.mark.parametrize(
    ('lacking', 'message'),
    [
        ('id-token', 'missing "id-token" permission'),
        ('attestations', 'Resource not accessible by integration.*attestations: write'),
    ],
)
def test_the_workflow_must_have_asked_for_the_permissions(
    ground: Ground, lacking: str, message: str
) -> None:
    bench = Attesting(ground, 'actions/attest@v4', subject_path='dist/*')
    bench.permissions[lacking] = 'read'
    with pytest.raises(StepFailed, match=message):
        bench.main()
    assert not (ground.store.directory / signing.FILE).exists()


# --- what is stated


@pytest.mark.parametrize(
    ('content', 'kind'),
    [(BOM, 'https://cyclonedx.org/bom'), (SPDX, 'https://spdx.dev/Document/v2.3')],
)
@pytest.mark.parametrize('uses', ['actions/attest-sbom@v3', 'actions/attest@v4'])
def test_a_bill_of_materials_is_stated_under_its_own_type(
    ground: Ground, uses: str, content: dict[str, str], kind: str
) -> None:
    bench = Attesting(ground, uses, subject_path='dist/*', sbom_path='bom.json')
    bench.make('bom.json', json.dumps(content))
    bench.main()
    assert (bench.statement['predicateType'], bench.statement['predicate']) == (kind, content)


def test_what_is_no_bill_of_materials_is_refused(ground: Ground) -> None:
    bench = Attesting(ground, 'actions/attest-sbom@v3', subject_path='dist/*', sbom_path='bom.json')
    bench.make('bom.json', '{"name": "x"}')
    with pytest.raises(StepFailed, match='Unsupported SBOM format'):
        bench.main()


def test_a_workflow_may_state_what_it_likes(ground: Ground) -> None:
    inputs = {'subject_path': 'dist/*', 'predicate_type': 'https://example.org/tested'}
    bench = Attesting(ground, 'actions/attest@v4', **inputs, predicate='{"passed": 3}')
    bench.main()
    assert bench.statement['predicateType'] == 'https://example.org/tested'
    assert bench.statement['predicate'] == {'passed': 3}
    bench = Attesting(ground, 'actions/attest@v4', **inputs, predicate_path='p.json')
    bench.make('p.json', '[1]')
    bench.main()
    assert bench.statement['predicate'] == [1]


def test_what_is_to_be_pushed_is_not_and_says_so(ground: Ground) -> None:
    bench = Attesting(
        ground,
        'actions/attest@v4',
        subject_name='GHCR.io/Acme/App',
        subject_digest=f'sha256:{"a" * 64}',
        push_to_registry='true',
    )
    bench.main()
    assert set(bench.subjects_signed) == {'ghcr.io/acme/app'}
    assert 'was not pushed' in bench.warnings[0]
