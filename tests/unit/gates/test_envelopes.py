import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from envelopes import STATEMENT, Signer, envelope
from liftlock.gates.envelopes import Envelope, Unreadable, is_signed_by, parse, read_keys

ONE = Signer()
TEXT = json.dumps(envelope(ONE, b'hello'))
KEYS = read_keys(ONE.public)


def only(found: dict[str, Any]) -> Envelope:
    (one,) = parse(json.dumps(found))
    return one


@pytest.mark.parametrize('kind', ['ed25519', 'p256', 'p384', 'rsa-pss', 'rsa-pkcs1'])
def test_what_other_tools_sign_is_verified(kind: str) -> None:
    signer = Signer(kind)
    signed = only(envelope(signer, b'hello'))
    assert signed.payload == b'hello'
    assert is_signed_by(signed, read_keys(signer.public))
    assert not is_signed_by(signed, read_keys(Signer(kind).public))


def test_an_envelope_comes_alone_in_a_bundle_or_a_line_each() -> None:
    inner = envelope(ONE, b'hello')
    bundle = {'verificationMaterial': {'publicKey': {'hint': 'x'}}, 'dsseEnvelope': inner}
    assert only(inner) == only(bundle)
    lines = f'{json.dumps(inner)}\n\n{json.dumps(bundle)}\n'
    assert parse(lines) == [only(inner)] * 2
    certified = {'verificationMaterial': {'certificate': {'rawBytes': ''}}, 'dsseEnvelope': inner}
    assert only(certified).certified
    assert not only(bundle).certified


def test_both_alphabets_of_base64_are_read() -> None:
    found = envelope(ONE, b'\xfb\xff\xfe')
    assert '+' in found['payload'] or '/' in found['payload']
    found['payload'] = found['payload'].replace('+', '-').replace('/', '_').rstrip('=')
    assert is_signed_by(only(found), KEYS)


# --- what somebody may try


def test_a_changed_payload_is_not_signed() -> None:
    found = envelope(ONE, b'hello')
    found['payload'] = base64.b64encode(b'hellO').decode()
    assert not is_signed_by(only(found), KEYS)


def test_a_payload_is_not_passed_off_as_another_type() -> None:
    found = envelope(ONE, b'hello', 'text/plain')
    found['payloadType'] = STATEMENT
    assert not is_signed_by(only(found), KEYS)


def test_length_and_content_cannot_be_shifted_between_type_and_payload() -> None:
    found = envelope(ONE, b'ab', 'c')
    found['payload'] = base64.b64encode(b'b').decode()
    found['payloadType'] = 'ca'
    assert not is_signed_by(only(found), KEYS)


def test_a_signature_over_the_bare_payload_is_none() -> None:
    found = envelope(ONE, b'hello')
    found['signatures'] = [{'sig': base64.b64encode(ONE.sign(b'hello')).decode()}]
    assert not is_signed_by(only(found), KEYS)


def test_nobody_s_signature_is_no_signature() -> None:
    assert not is_signed_by(only({**envelope(ONE, b'x'), 'signatures': []}), KEYS)


def test_the_id_of_a_key_is_not_believed() -> None:
    """A stranger's signature that says it is ours, and ours that says it is a stranger's."""
    ours = KEYS.keys[0].keyid
    assert not is_signed_by(only(envelope(Signer(), b'x', keyid=ours)), KEYS)
    assert is_signed_by(only(envelope(ONE, b'x', keyid='somebody else')), KEYS)


def test_a_key_of_one_kind_does_not_verify_what_one_of_another_has_signed() -> None:
    for signer in map(Signer, ('ed25519', 'p256', 'rsa-pss')):
        for other in map(Signer, ('ed25519', 'p384', 'rsa-pkcs1')):
            assert not is_signed_by(only(envelope(signer, b'x')), read_keys(other.public))


@given(some.binary(max_size=200))
def test_no_bytes_are_a_signature_by_accident(signature: bytes) -> None:
    signed = Envelope(b'hello', STATEMENT, (signature,))
    for keys in (KEYS, read_keys(P256.public)):
        assert not is_signed_by(signed, keys)


P256 = Signer('p256')


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'no JSON'),
        ('hello', 'no JSON'),
        ('{}\nhello', 'no JSON, and no lines of JSON'),
        ('[]', 'an envelope is a mapping'),
        ('{}', 'there is no "payload"'),
        ('{"dsseEnvelope": 3}', 'must be a mapping'),
        ('{"payload": "", "payloadType": 3, "signatures": []}', '"payloadType" is a text'),
        ('{"payload": "?", "payloadType": "", "signatures": []}', '"payload" is no base64'),
        ('{"payload": 3, "payloadType": "", "signatures": []}', '"payload" must be a text'),
        ('{"payload": "", "payloadType": "", "signatures": [3]}', 'a signature is a mapping'),
        ('{"payload": "", "payloadType": "", "signatures": [{}]}', '"sig" must be a text'),
        (TEXT.replace('{"payload":', '{"payload": "eA==", "payload":'), 'a key is there twice'),
        ('[' * 100_000, 'no JSON'),
    ],
)
def test_what_is_no_envelope_says_why(text: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        parse(text)


@pytest.mark.parametrize(
    ('pem', 'message'),
    [
        (b'', 'no public key'),
        (b'-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n', 'no public key'),
        (ONE.private, 'it is a private key'),
    ],
)
def test_what_is_no_public_key_says_why(pem: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read_keys(pem)
