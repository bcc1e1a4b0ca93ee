"""ID tokens by `@actions/core`, and whoever checks them with nothing but the issuer's address."""

import json
import stat
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import jwt
import pytest

from liftlock.plan.event import Event, from_payload
from liftlock.toolkit.keys import DAY, PUBLISHED, SIGNS, Keys
from toolkit.stage import Client, Clients, Stage, a_job, facts_of

ASKS = '    permissions: {id-token: write}\n'
GENERATIONS = pytest.mark.parametrize('generation', ['', 'latest'])


def pull_request(repository: str) -> Event:
    head = {'ref': 'topic', 'repo': {'full_name': repository}}
    payload: dict[str, Any] = {'number': 7, 'pull_request': {'base': {'ref': 'main'}, 'head': head}}
    return from_payload(facts_of(), 'pull_request', payload)


def ask(job: Client, audience: str = '') -> str:
    url = job.variables['ACTIONS_ID_TOKEN_REQUEST_URL']
    more = f'&audience={audience}' if audience else ''
    answer = job.ask('GET', url + more, token=job.variables['ACTIONS_ID_TOKEN_REQUEST_TOKEN'])
    assert answer.status == 200, answer
    token: str = answer.json['value']
    return token


def check(token: str, issuer: str, audience: str) -> dict[str, Any]:
    """As a cloud does: by the discovery document of an issuer that it trusts."""
    with urlopen(f'{issuer}/.well-known/openid-configuration') as answer:
        known = json.load(answer)
    assert known['issuer'] == issuer
    key = jwt.PyJWKClient(known['jwks_uri']).get_signing_key_from_jwt(token)
    claims: dict[str, Any] = jwt.decode(
        token,
        key.key,
        algorithms=known['id_token_signing_alg_values_supported'],
        audience=audience,
        issuer=issuer,
    )
    assert set(claims) <= set(known['claims_supported'])
    return claims


@GENERATIONS
def test_a_job_proves_who_it_is(stage: Stage, clients: Clients, generation: str) -> None:
    job = stage.job(plan=a_job(ASKS + '    environment: production\n'))
    named, other = clients.run(
        job, ('identify', ['sts.amazonaws.com']), ('identify', []), generation=generation
    )
    claims = check(named, job.origin, 'sts.amazonaws.com')
    assert claims['sub'] == 'repo:octo/demo:environment:production'
    assert claims['repository'] == 'octo/demo'
    assert claims['runner_environment'] == 'self-hosted'
    assert claims['exp'] - claims['iat'] == 300
    again = check(other, job.origin, 'https://github.com/octo')
    assert again['jti'] != claims['jti']


def test_a_job_that_did_not_ask_for_it_gets_no_identity(stage: Stage) -> None:
    for plan in (
        a_job(),
        a_job('    permissions: {id-token: none}\n'),
        a_job('    permissions: read-all\n'),
    ):
        assert 'ACTIONS_ID_TOKEN_REQUEST_URL' not in stage.job(plan=plan).variables


def test_code_from_outside_gets_no_identity(stage: Stage) -> None:
    for repository, wanted in (('mallory/demo', False), ('octo/demo', True)):
        event = pull_request(repository)
        job = stage.job(plan=a_job(ASKS, event), event=event)
        assert ('ACTIONS_ID_TOKEN_REQUEST_URL' in job.variables) is wanted


def test_a_token_for_artifacts_gets_no_identity_and_the_other_way(stage: Stage) -> None:
    job = stage.job(plan=a_job(ASKS))
    identity = job.variables['ACTIONS_ID_TOKEN_REQUEST_TOKEN']
    url = job.variables['ACTIONS_ID_TOKEN_REQUEST_URL']
    assert job.ask('GET', url).status == 401
    assert job.ask('GET', url, token='').status == 401
    assert job.call('ArtifactService', 'ListArtifacts', token=identity).status == 401


def test_nothing_that_a_job_says_changes_what_is_said_of_it(stage: Stage) -> None:
    job = stage.job(plan=a_job(ASKS))
    url = job.variables['ACTIONS_ID_TOKEN_REQUEST_URL'] + '&sub=repo:octo/other&iss=x&audience=a'
    token = job.ask('GET', url, token=job.variables['ACTIONS_ID_TOKEN_REQUEST_TOKEN']).json['value']
    assert check(token, job.origin, 'a')['sub'] == 'repo:octo/demo:ref:refs/heads/main'


def test_the_issuer_is_the_one_that_the_user_names(tmp_path: Path) -> None:
    stage = Stage(tmp_path, issuer='https://ci.example.org/')
    try:
        job = stage.job(plan=a_job(ASKS))
        known = job.ask('GET', '/.well-known/openid-configuration', token='').json
        assert known['issuer'] == 'https://ci.example.org'
        assert known['jwks_uri'] == 'https://ci.example.org/.well-known/jwks'
        claims = jwt.decode(ask(job, 'a'), options={'verify_signature': False})
        assert claims['iss'] == 'https://ci.example.org'
    finally:
        stage.close()


def test_the_key_is_for_its_owner_alone_and_outlives_the_process(stage: Stage) -> None:
    job = stage.job(plan=a_job(ASKS))
    first = jwt.get_unverified_header(ask(job))['kid']
    (file,) = (stage.state / 'oidc').iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.read_text().startswith('-----BEGIN PRIVATE KEY-----')
    assert Keys(stage.state / 'oidc').current(time.time())[0] == first
    (published,) = job.ask('GET', '/.well-known/jwks', token='').json['keys']
    assert set(published) == {'alg', 'e', 'key_ops', 'kid', 'kty', 'n', 'use'}, 'nothing private'


def test_keys_are_replaced_and_stay_published_while_what_they_signed_is_good(
    tmp_path: Path,
) -> None:
    def kids(now: float) -> list[str]:
        return [key['kid'] for key in Keys(tmp_path).published(now)['keys']]

    keys, begun = Keys(tmp_path), 1_000_000.0
    first, _ = keys.current(begun)
    assert keys.current(begun + SIGNS - 1)[0] == first
    second, _ = keys.current(begun + SIGNS)
    assert second != first
    assert kids(begun + SIGNS + DAY / 2) == [first, second]
    assert kids(begun + PUBLISHED) == [second]
    assert len(list(tmp_path.iterdir())) == 1
