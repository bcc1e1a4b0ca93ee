"""A job becomes somebody at AWS: keys, roles, tokens, profiles."""

import configparser
import json
import shutil
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from containers import lack
from e2e.actions.bench import Bench
from e2e.actions.cloud import ACCOUNT, KEYS, REGION, Cloud, open_cloud
from liftlock.runner.actions import aws
from liftlock.runner.workbench import StepFailed

USES = 'aws-actions/configure-aws-credentials@v4'
ROLE = f'arn:aws:iam::{ACCOUNT}:role/deploy'
GIVEN = {
    'aws-region': REGION,
    'aws-access-key-id': KEYS['AWS_ACCESS_KEY_ID'],
    'aws-secret-access-key': KEYS['AWS_SECRET_ACCESS_KEY'],
}
RUN = {
    'GITHUB_REPOSITORY': 'acme/shop',
    'GITHUB_WORKFLOW': 'Deploy [x]',
    'GITHUB_ACTION': 'one',
    'GITHUB_ACTOR': 'ada[bot]',
    'GITHUB_SHA': 'a' * 40,
    'GITHUB_REF': 'refs/heads/main',
}


@pytest.fixture(scope='module')
def cloud() -> Iterator[Cloud]:
    with open_cloud() as running:
        yield running


def step(cloud: Cloud, root: Path, uses: str = USES, **inputs: str) -> Bench:
    given = {name.replace('_', '-'): text for name, text in inputs.items()}
    return cloud.step(root, uses, {**GIVEN, **given}, logged_in=False, **RUN)


def test_keys_are_exported_masked_and_taken_back(cloud: Cloud, tmp_path: Path) -> None:
    bench = step(cloud, tmp_path)
    bench.main()
    assert bench.exported == {**KEYS, 'AWS_REGION': REGION, 'AWS_DEFAULT_REGION': REGION}
    assert bench.outputs['aws-account-id'] == ACCOUNT
    assert bench.outputs['authenticated-arn'].startswith('arn:aws:')
    assert bench.lines.count('masked') == 3  # an empty session token too
    bench.post()
    assert set(bench.exported.values()) == {''}
    assert 'AWS_SESSION_TOKEN' in bench.exported
    assert not (bench.home / '.aws').exists()


def test_a_session_token_belongs_to_keys(cloud: Cloud, tmp_path: Path) -> None:
    bench = step(cloud, tmp_path, aws_session_token='tok', output_credentials='true')
    bench.main()
    assert bench.exported['AWS_SESSION_TOKEN'] == 'tok'
    assert bench.outputs['aws-session-token'] == 'tok'
    assert bench.outputs['aws-secret-access-key'] == KEYS['AWS_SECRET_ACCESS_KEY']
    again = step(cloud, tmp_path)
    again.env['AWS_SESSION_TOKEN'] = 'of an earlier step'
    again.main()
    assert again.exported['AWS_SESSION_TOKEN'] == ''


def test_a_role_is_assumed_by_keys(cloud: Cloud, tmp_path: Path) -> None:
    bench = step(
        cloud, tmp_path, role_to_assume='deploy', role_session_name='ci', output_credentials='true'
    )
    bench.main()
    assert bench.exported['AWS_ACCESS_KEY_ID'] != KEYS['AWS_ACCESS_KEY_ID']
    assert bench.exported['AWS_SESSION_TOKEN'] == bench.outputs['aws-session-token']
    assert bench.outputs['aws-expiration']
    assert bench.outputs['authenticated-arn'].endswith(':assumed-role/deploy/ci')
    assert 'Assuming role with user credentials' in bench.lines
    assert bench.lines.count('masked') == 6


def test_a_role_is_assumed_by_the_role_one_has(cloud: Cloud, tmp_path: Path) -> None:
    first = step(cloud, tmp_path, role_to_assume='one')
    first.main()
    inputs = {'aws-region': REGION, 'role-to-assume': f'{ROLE}-two', 'role-chaining': 'true'}
    second = cloud.step(tmp_path, USES, inputs, logged_in=False, **RUN, **first.exported)
    second.main()
    assert second.outputs['authenticated-arn'].endswith(':assumed-role/deploy-two/GitHubActions')
    assert second.exported['AWS_ACCESS_KEY_ID'] != first.exported['AWS_ACCESS_KEY_ID']


@pytest.fixture
def issuer() -> Iterator[tuple[str, list[str]]]:
    """Gives ID tokens to who has the secret; and for whom it has given some."""
    audiences: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers['Authorization'] == 'Bearer sesame'
            audiences.extend(parse_qs(urlsplit(self.path).query).get('audience', []))
            body = json.dumps({'value': 'header.payload.signature'} if known else {}).encode()
            self.send_response(200 if known else 401)
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f'http://127.0.0.1:{server.server_address[1]}/token?api-version=2.0', audiences
    server.shutdown()
    server.server_close()
    thread.join()


def of_token(cloud: Cloud, root: Path, url: str, secret: str, **inputs: str) -> Bench:
    given = {'aws-region': REGION, 'role-to-assume': ROLE, **inputs}
    bench = cloud.step(root, USES, given, logged_in=False, **RUN)
    bench.identities = {
        'ACTIONS_ID_TOKEN_REQUEST_URL': url,
        'ACTIONS_ID_TOKEN_REQUEST_TOKEN': secret,
    }
    return bench


def test_a_role_is_assumed_by_a_token_of_the_job(
    cloud: Cloud, tmp_path: Path, issuer: tuple[str, list[str]]
) -> None:
    url, audiences = issuer
    bench = of_token(cloud, tmp_path, url, 'sesame', audience='https://aws example')
    bench.main()
    assert audiences == ['https://aws example']
    assert bench.outputs['authenticated-arn'].endswith(':assumed-role/deploy/GitHubActions')
    assert set(bench.exported) == {*KEYS, 'AWS_SESSION_TOKEN', 'AWS_REGION', 'AWS_DEFAULT_REGION'}
    assert 'Assuming role with OIDC' in bench.lines


def test_a_token_that_is_refused_fails(
    cloud: Cloud, tmp_path: Path, issuer: tuple[str, list[str]]
) -> None:
    with pytest.raises(StepFailed, match='getIDToken call failed: HTTP 401'):
        of_token(cloud, tmp_path, issuer[0], 'wrong').main()


def test_a_token_may_lie_in_a_file(cloud: Cloud, tmp_path: Path) -> None:
    bench = of_token(cloud, tmp_path, '', '', **{'web-identity-token-file': 'token'})
    with pytest.raises(StepFailed, match='Web identity token file does not exist'):
        bench.main()
    (bench.workspace / 'token').write_text('header.payload.signature\n')
    bench.main()
    assert bench.outputs['aws-account-id'] == ACCOUNT


def test_without_any_credentials_it_fails_and_says_what_is_missing(
    cloud: Cloud, tmp_path: Path
) -> None:
    bench = of_token(cloud, tmp_path, '', '')
    with pytest.raises(
        StepFailed, match=r'Credentials could not be loaded, please check your action inputs: \w+'
    ):
        bench.main()
    assert any('`id-token` permission' in line for line in bench.lines)


def test_a_profile_goes_to_the_jobs_own_home_and_not_to_variables(
    cloud: Cloud, tmp_path: Path
) -> None:
    uses = 'aws-actions/configure-aws-credentials@v6'
    bench = step(cloud, tmp_path, uses, aws_profile='dev', role_to_assume=ROLE)
    (bench.home / '.aws').mkdir()
    (bench.home / '.aws/credentials').write_text('[other]\naws_access_key_id = A\n')
    bench.main()
    read = configparser.ConfigParser()
    read.read([bench.home / '.aws/credentials', bench.home / '.aws/config'])
    assert read['other']['aws_access_key_id'] == 'A'
    assert read['dev']['aws_session_token']
    assert read['profile dev']['region'] == REGION
    assert stat.S_IMODE((bench.home / '.aws/credentials').stat().st_mode) == 0o600
    assert not bench.exported
    taken = step(cloud, tmp_path, uses, aws_profile='dev')
    with pytest.raises(StepFailed, match='already exists'):
        taken.main()
    step(cloud, tmp_path, uses, aws_profile='dev', overwrite_aws_profile='true').main()


def test_the_account_can_be_a_secret_and_must_be_the_right_one(
    cloud: Cloud, tmp_path: Path
) -> None:
    old = step(cloud, tmp_path, 'aws-actions/configure-aws-credentials@v2')
    old.main()
    assert old.lines.count('masked') == 5
    bench = step(cloud, tmp_path, mask_aws_account_id='true', allowed_account_ids='1, 2')
    with pytest.raises(StepFailed, match=rf'\({ACCOUNT}\) does not match any of the expected'):
        bench.main()


def test_good_credentials_are_kept_if_that_is_asked(cloud: Cloud, tmp_path: Path) -> None:
    inputs = {'aws-region': REGION, 'use-existing-credentials': 'true'}
    bench = cloud.step(tmp_path, USES, inputs, **RUN)
    bench.main()
    assert 'Pre-existing credentials are valid. No need to generate new ones.' in bench.lines
    assert not bench.outputs


def test_old_credentials_can_be_taken_away_first(cloud: Cloud, tmp_path: Path) -> None:
    inputs = {'aws-region': REGION, 'unset-current-credentials': 'true'}
    bench = cloud.step(tmp_path, USES, inputs, **RUN)
    with pytest.raises(StepFailed, match='Credentials could not be loaded'):
        bench.main()
    assert bench.exported['AWS_ACCESS_KEY_ID'] == ''


def test_inputs_may_come_by_variables_from_v4_on(cloud: Cloud, tmp_path: Path) -> None:
    inputs = {name: text for name, text in GIVEN.items() if name != 'aws-region'}
    bench = cloud.step(tmp_path, USES, inputs, logged_in=False, AWS_REGION=REGION, **RUN)
    bench.main()
    assert bench.exported['AWS_DEFAULT_REGION'] == REGION
    uses = 'aws-actions/configure-aws-credentials@v3'
    older = cloud.step(tmp_path, uses, inputs, logged_in=False, AWS_REGION=REGION, **RUN)
    with pytest.raises(StepFailed, match='Input required and not supplied: aws-region'):
        older.main()


@pytest.mark.parametrize(
    ('inputs', 'message'),
    [
        ({'aws-region': 'eu_1'}, 'Region is not valid: eu_1'),
        ({'aws-secret-access-key': ''}, "'aws-secret-access-key' must be provided"),
        ({'role-to-assume': ROLE, 'role-session-name': 'a b'}, 'Role session name is not valid'),
        ({'role-to-assume': ROLE, 'custom-tags': '[]'}, 'input must be a JSON object'),
        ({'aws-profile': 'a b'}, 'aws-profile must not contain whitespace'),
    ],
)
def test_inputs_that_are_wrong(
    cloud: Cloud, tmp_path: Path, inputs: dict[str, str], message: str
) -> None:
    with pytest.raises(StepFailed, match=message):
        cloud.step(tmp_path, USES, {**GIVEN, **inputs}, logged_in=False, **RUN).main()


def test_the_aws_program_does_as_well(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which('aws') is None:
        lack('install the AWS CLI (apt install awscli)')

    async def nothing(bench: Bench) -> bool:
        return False

    monkeypatch.setattr(aws, '_has_boto', nothing)
    bench = step(cloud, tmp_path, role_to_assume=ROLE)
    bench.main()
    assert bench.outputs['authenticated-arn'].endswith(':assumed-role/deploy/GitHubActions')
    other = step(cloud, tmp_path, role_to_assume=ROLE, role_duration_seconds='5')
    with pytest.raises(StepFailed, match='Could not assume role with user credentials: '):
        other.main()
    bare = step(cloud, tmp_path)
    (tmp_path / 'bin').mkdir()
    (tmp_path / 'bin/sh').symlink_to('/bin/sh')
    bare.env['PATH'] = str(tmp_path / 'bin')
    with pytest.raises(StepFailed, match='Install the AWS CLI, or boto3'):
        bare.main()
