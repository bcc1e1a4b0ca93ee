"""Who sends is proved by the way that his forge signs, and by no other."""

import base64
import hashlib
import hmac

import pytest

from liftlock.server.hooks import signatures

SECRET, BODY, NOW = "It's a Secret to Everybody", b'Hello, World!', 1_614_265_330.0
# From GitHub's documentation of "Validating webhook deliveries".
DIGEST = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
# From the reference libraries of Standard Webhooks.
STANDARD = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_HEADERS = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}


def problem(forge: str, headers: dict[str, str], body: bytes = BODY, secret: str = SECRET) -> str:
    return signatures.problem(forge, secret, headers, body, NOW)


@pytest.mark.parametrize(
    ('forge', 'headers'),
    [
        ('github', {'x-hub-signature-256': f'sha256={DIGEST}'}),
        ('gitea', {'x-gitea-signature': DIGEST}),
        ('gitea', {'x-hub-signature-256': f'sha256={DIGEST}'}),
        ('forgejo', {'x-forgejo-signature': DIGEST}),
        ('forgejo', {'x-gitea-signature': DIGEST}),
        ('gitlab', {'x-gitlab-token': SECRET}),
    ],
)
def test_each_forge_is_believed_by_its_own_signature(forge: str, headers: dict[str, str]) -> None:
    assert problem(forge, headers) == ''
    assert problem(forge, headers, secret='another') == 'its signature is wrong'


@pytest.mark.parametrize('forge', ['github', 'gitea', 'forgejo'])
def test_a_body_that_was_changed_is_not_believed(forge: str) -> None:
    header = {'github': 'x-hub-signature-256'}.get(forge, f'x-{forge}-signature')
    digits = f'sha256={DIGEST}' if forge == 'github' else DIGEST
    assert problem(forge, {header: digits}, BODY + b' ') == 'its signature is wrong'


def test_sha1_is_not_enough() -> None:
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()
    found = problem('github', {'x-hub-signature': f'sha1={digest}'})
    assert found == 'it is signed by SHA-1 only'
    assert problem('github', {'x-hub-signature-256': f'sha1={digest}'}) == 'it is not signed'


def test_the_forge_that_is_configured_decides_not_the_header_that_came() -> None:
    assert problem('github', {'x-gitea-signature': DIGEST}) == 'it is not signed'
    assert problem('github', {'x-gitlab-token': SECRET}) == 'it is not signed'
    assert problem('gitea', {'x-forgejo-signature': DIGEST}) == 'it is not signed'
    nothing = 'it brings neither a signature nor a token'
    assert problem('gitlab', {'x-hub-signature-256': f'sha256={DIGEST}'}) == nothing


def test_where_forgejo_signs_in_its_own_name_that_one_decides_alone() -> None:
    headers = {'x-forgejo-signature': '0' * 64, 'x-gitea-signature': DIGEST}
    assert problem('forgejo', headers) == 'its signature is wrong'


def test_a_repository_without_a_secret_believes_nobody() -> None:
    empty = hmac.new(b'', BODY, hashlib.sha256).hexdigest()
    headers = {'x-hub-signature-256': f'sha256={empty}'}
    told = 'the repository has no secret for its webhook'
    assert problem('github', headers, secret='') == told


def standard(**changed: str) -> str:
    headers = {
        **STANDARD_HEADERS,
        **{name.replace('_', '-'): text for name, text in changed.items()},
    }
    return signatures.problem('gitlab', STANDARD, headers, STANDARD_BODY, NOW)


def test_gitlab_is_believed_by_a_standard_signature() -> None:
    assert standard() == ''
    assert standard(webhook_id='msg_other') == 'its signature is wrong'


def test_one_of_two_signatures_is_enough_while_a_key_takes_the_place_of_another() -> None:
    good = STANDARD_HEADERS['webhook-signature']
    assert standard(webhook_signature=f'v1,{base64.b64encode(b"x" * 32).decode()} {good}') == ''
    assert standard(webhook_signature=good.replace('v1,', 'v2,')) == 'its signature is wrong'


@pytest.mark.parametrize('moment', ['1614265029', '1614265631'])
def test_a_delivery_that_was_kept_for_long_is_not_believed(moment: str) -> None:
    told = 'its timestamp is more than five minutes off'
    assert standard(webhook_timestamp=moment) == told


@pytest.mark.parametrize('moment', ['', 'now', '²', '9' * 40])
def test_a_delivery_without_a_moment_is_not_believed(moment: str) -> None:
    assert standard(webhook_timestamp=moment) == 'it has no timestamp'


def test_where_gitlab_signs_a_token_does_not_help() -> None:
    headers = {**STANDARD_HEADERS, 'webhook-signature': 'v1,AAAA', 'x-gitlab-token': STANDARD}
    found = signatures.problem('gitlab', STANDARD, headers, STANDARD_BODY, NOW)
    assert found == 'its signature is wrong'


def test_a_token_with_letters_that_are_not_ascii_is_compared_too() -> None:
    assert problem('gitlab', {'x-gitlab-token': 'é'}, secret='é') == ''
    assert problem('gitlab', {'x-gitlab-token': 'e'}, secret='é') == 'its signature is wrong'


def test_what_proves_who_sends_is_not_kept() -> None:
    headers = {'host': 'ci.example', 'x-gitlab-token': 'x', 'x-hub-signature': 'y', 'cookie': 'z'}
    assert signatures.kept(headers) == {'host': 'ci.example'}
