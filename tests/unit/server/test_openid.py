"""What an ID token proves, and who somebody is by it."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from liftlock.errors import UserError
from liftlock.server.openid import journey, proof, settings
from liftlock.server.openid.claims import StaysOut, Visitor, visitor
from liftlock.server.openid.proof import UnknownKey, Unproved
from liftlock.store.people import Grant
from provider import public

ISSUER, CLIENT, NONCE = 'https://id.example.org', 'liftlock', 'once'
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER = rsa.generate_private_key(65537, 2048)
KEYS = [public('r', 'RS256', RSA), public('e', 'ES256', EC)]


def claims(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    told = {'iss': ISSUER, 'aud': CLIENT, 'sub': '7', 'iat': now, 'exp': now + 60, 'nonce': NONCE}
    return {**told, **more}


def prove(token: str) -> proof.Claims:
    return proof.claims(token, KEYS, issuer=ISSUER, client=CLIENT, nonce=NONCE)


def signed(told: dict[str, Any], key: Any = RSA, algorithm: str = 'RS256', kid: str = 'r') -> str:
    return jwt.encode(told, key, algorithm, {'kid': kid})


def by_hand(header: dict[str, Any], told: dict[str, Any], signature: bytes = b'') -> str:
    parts = (json.dumps(header).encode(), json.dumps(told).encode(), signature)
    return '.'.join(base64.urlsafe_b64encode(part).rstrip(b'=').decode() for part in parts)


def hmac_with_the_public_key() -> str:
    import hashlib
    import hmac

    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    unsigned = by_hand({'alg': 'HS256', 'kid': 'r'}, claims()).rpartition('.')[0]
    digest = hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()
    return f'{unsigned}.{base64.urlsafe_b64encode(digest).rstrip(b"=").decode()}'


@pytest.mark.parametrize(
    'token', [signed(claims()), signed(claims(), EC, 'ES256', 'e'), signed(claims(aud=[CLIENT]))]
)
def test_what_the_provider_has_signed_is_believed(token: str) -> None:
    assert prove(token)['sub'] == '7'


NOW = int(time.time())
LIES = {
    'expired': signed(claims(exp=NOW - 3600)),
    'from the future': signed(claims(iat=NOW + 3600)),
    'without an end': signed({k: v for k, v in claims().items() if k != 'exp'}),
    'of another issuer': signed(claims(iss='https://evil.example')),
    'for another program': signed(claims(aud='other')),
    'for several, and for another': signed(claims(aud=[CLIENT, 'other'], azp='other')),
    'for several, nobody says which': signed(claims(aud=[CLIENT, 'other'])),
    'of another log-in': signed(claims(nonce='twice')),
    'without a nonce': signed({k: v for k, v in claims().items() if k != 'nonce'}),
    'of nobody': signed(claims(sub='')),
    'signed by somebody else': signed(claims(), OTHER),
    'not signed': by_hand({'alg': 'none', 'kid': 'r'}, claims()),
    'said to be none in another case': by_hand({'alg': 'nOnE', 'kid': 'r'}, claims()),
    'an HMAC with the public key': hmac_with_the_public_key(),
    'by an algorithm that nobody asked for': signed(claims(), RSA, 'RS512'),
    'of the wrong kind for its key': signed(claims(), RSA, 'RS256', 'e'),
    'no token': 'no.token',
    'nothing': '',
    'changed': signed(claims())[:-8] + 'AAAAAAAA',
    'huge': 'a' * 100_000,
}


@pytest.mark.parametrize('lie', LIES)
def test_a_lie_is_not_believed(lie: str) -> None:
    with pytest.raises(Unproved):
        prove(LIES[lie])


def test_a_key_that_is_not_there_may_be_a_new_one() -> None:
    with pytest.raises(UnknownKey):
        prove(signed(claims(), OTHER, 'RS256', 'new'))


@pytest.mark.filterwarnings('ignore:The RSA key is')
def test_a_short_key_is_not_used() -> None:
    short = rsa.generate_private_key(65537, 1024)
    token = signed(claims(), short, 'RS256', 's')
    with pytest.raises(Unproved, match='too short'):
        proof.claims(
            token, [public('s', 'RS256', short)], issuer=ISSUER, client=CLIENT, nonce=NONCE
        )


# --- who it is

PROVIDER = settings.parse(
    {
        'oidc': {
            'issuer': ISSUER,
            'client-id': CLIENT,
            'roles': {'admins': 'admin', 'devs': 'developer'},
            'deployers': {'sre': ['octo/*:production'], 'devs': 'octo/shop:staging'},
        }
    }
).provider
assert PROVIDER is not None
MONA = {'sub': '7', 'preferred_username': 'mona', 'email': 'mona@example.org'}


def test_the_highest_role_of_all_groups_counts() -> None:
    told = {**MONA, 'email_verified': True, 'groups': ['devs', 'admins', 'sre', 'choir']}
    deployer = (
        Grant('deployer', 'octo/shop', 'staging'),
        Grant('deployer', 'octo/*', 'production'),
    )
    assert visitor(PROVIDER, told) == Visitor(
        '7', 'mona', 'mona@example.org', 'admin', deployer, True
    )


def test_an_address_that_is_not_verified_is_none() -> None:
    assert visitor(PROVIDER, {**MONA, 'groups': 'devs'}).email == ''
    by_address = PROVIDER._replace(name='email')
    with pytest.raises(StaysOut):
        visitor(by_address, {**MONA, 'groups': 'devs'})
    with pytest.raises(StaysOut, match=r'only people of example\.org'):
        visitor(PROVIDER._replace(domains=('example.org',)), {**MONA, 'groups': 'devs'})


def test_who_is_in_no_group_stays_out_or_has_the_default_role() -> None:
    with pytest.raises(StaysOut, match='none of your groups'):
        visitor(PROVIDER, MONA)
    assert visitor(PROVIDER._replace(default_role='viewer'), MONA).role == 'viewer'


@pytest.mark.parametrize(
    ('given', 'told'),
    [
        ({'oidc': {'issuer': 'http://id.example.org', 'client-id': 'x'}}, 'https address'),
        ({'oidc': {'client-id': 'x'}}, 'issuer must be a text'),
        ({'oidc': {'issuer': ISSUER}}, 'client-id must be a text'),
        ({'oidc': {'issuer': ISSUER, 'client-id': 'x', 'rolls': {}}}, 'unknown key "rolls"'),
        ({'oidc': {'issuer': ISSUER, 'client-id': 'x', 'roles': {'a': 'root'}}}, 'no role "root"'),
        (
            {'oidc': {'issuer': ISSUER, 'client-id': 'x', 'deployers': {'a': ['octo/x']}}},
            'is no environment',
        ),
        ({'oidc': {'issuer': ISSUER, 'client-id': 'x', 'scopes': ['email']}}, 'openid must be'),
        ({'passwords': 'no'}, 'true or false'),
        ('yes', 'must be a mapping'),
    ],
)
def test_what_cannot_be_meant_is_told(given: object, told: str) -> None:
    with pytest.raises(UserError, match=told):
        settings.parse(given)


# --- under way


def test_a_log_in_that_is_under_way_is_known_by_its_state_and_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / 'key'
    begun = journey.begin('/runs')
    kept = journey.sealed(begun, key)
    assert journey.opened(kept, begun.state, key) == begun
    assert begun.verifier not in kept
    for text, state in ((kept, journey.begin('/').state), (kept[:-8] + 'AAAAAAA=', begun.state),
                        ('', begun.state), ('ä', begun.state), (kept, '')):  # fmt: skip
        with pytest.raises(UserError, match='another browser, or too long ago'):
            journey.opened(text, state, key)
    monkeypatch.setattr(time, 'time', lambda: begun.at + journey.LASTING + 1)
    with pytest.raises(UserError, match='too long ago'):
        journey.opened(kept, begun.state, key)


def test_where_somebody_wants_to_go_is_kept_if_a_cookie_has_room_for_it() -> None:
    assert journey.begin('/runs?q=' + 'x' * 5000).next == '/'


def test_a_strange_state_makes_no_name_of_a_cookie() -> None:
    assert [journey.mark(state) for state in ('aB3-_xyz99', 'a;b', 'ä', '')] == [
        'aB3-_xyz', '', '', '',
    ]  # fmt: skip
