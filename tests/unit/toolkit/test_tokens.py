"""Tokens and signatures: made by one secret, for one purpose, for a time."""

import time

import jwt
import pytest

from liftlock.plan.trust import Scopes
from liftlock.toolkit import tokens

SECRET, OTHER = b'a' * 32, b'b' * 32
NOW = time.time()  # a suite may take minutes to come here


def token(secret: bytes = SECRET, audience: str = tokens.RUNTIME, lasts: float = 3600) -> str:
    return tokens.make(secret, audience, 'grant', NOW, NOW + lasts)


def test_a_token_names_its_grant() -> None:
    assert tokens.read(SECRET, token(), tokens.RUNTIME) == 'grant'


@pytest.mark.parametrize(
    'given',
    [
        token(OTHER),
        token(audience=tokens.IDENTITY),
        token(lasts=-1),
        tokens.make(SECRET, tokens.RUNTIME, 'grant', NOW + 3600, NOW + 7200),
        jwt.encode({'jti': 'grant', 'aud': tokens.RUNTIME, 'iss': 'liftlock'}, SECRET, 'HS256'),
        jwt.encode(jwt.decode(token(), options={'verify_signature': False}), None, 'none'),
        token()[:-4],
        '',
        'a.b.c',
    ],
    ids=['other secret', 'other purpose', 'expired', 'not yet', 'for ever', 'unsigned', 'torn',
         'empty', 'dots'],
)  # fmt: skip
def test_a_token_that_is_not_right_names_nobody(given: str) -> None:
    assert tokens.read(SECRET, given, tokens.RUNTIME) is None


def test_clients_read_run_and_job_from_a_runtime_token() -> None:
    scopes = Scopes(('refs/pull/7/merge', 'refs/heads/main'), 'refs/pull/7/merge')
    claims = tokens.results(12, 'grant', scopes)
    assert claims['scp'] == 'Actions.GenericRead Actions.Results:12:grant'
    assert claims['ac'] == (
        '[{"Scope": "refs/pull/7/merge", "Permission": 3},'
        ' {"Scope": "refs/heads/main", "Permission": 1}]'
    )


def test_whoever_may_only_read_has_no_scope_to_write_in() -> None:
    assert tokens.access(Scopes(('refs/heads/main',), '')) == [
        {'Scope': 'refs/heads/main', 'Permission': 1}
    ]


def test_a_signature_is_good_for_one_verb_one_path_and_until_then() -> None:
    signature = tokens.sign(SECRET, 'r', '/blobs/a/0/x', 100)

    def good(
        verb: str = 'r', path: str = '/blobs/a/0/x', expires: str = '100', now: float = 99,
        secret: bytes = SECRET, given: str = signature,
    ) -> bool:  # fmt: skip
        return tokens.is_signed(secret, verb, path, expires, given, now)

    assert good()
    assert not good(verb='w')
    assert not good(path='/blobs/a/1/x')
    assert not good(expires='101')
    assert not good(now=101)
    assert not good(secret=OTHER)
    assert not good(given='')
    assert not good(given=signature.upper())
    assert not good(given='ä' * 64)


@pytest.mark.parametrize('expires', ['', '-1', '1e3', ' 100', '\u0661\u0660\u0660', '9' * 30])
def test_a_time_that_is_none_is_no_time(expires: str) -> None:
    signature = tokens.sign(SECRET, 'r', '/x', 100)
    assert not tokens.is_signed(SECRET, 'r', '/x', expires, signature, 0)
