"""Signed statements: who signed them is found out first, and only then what they say is read.

An envelope (DSSE) signs its payload's type together with the payload, so nobody can pass a text off
as something else. What an envelope says of its keys is not signed and is not believed here: each
signature is tried with each key that the verifier already has. Otherwise one key under two names
could count twice, and a name could choose the key that it is checked with.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from securesystemslib.signer import Key  # type: ignore[attr-defined]

PAYLOAD: Final = 'application/vnd.in-toto+json'
LARGEST: Final = 64 << 20  # bytes of a file of bundles; GitHub signs predicates of 16 MiB


class Unreadable(ValueError):
    """This is no envelope, bundle, statement or key; the message says why."""


class Envelope(NamedTuple):
    """As it was read: nothing of it is to be believed yet. `certified`: the signer's key is in
    a certificate that came along (keyless signing)."""

    payload: bytes
    payload_type: str
    signatures: tuple[bytes, ...]
    certified: bool = False


class Keys(NamedTuple):
    """Public keys that the verifier trusts."""

    keys: tuple['Key', ...]


def parse(text: str) -> list[Envelope]:
    """The envelopes in a file: one, as it is or in a Sigstore bundle, or one a line. Unreadable."""
    if len(text) > LARGEST:
        raise Unreadable(f'it is larger than {LARGEST >> 20} MiB')
    try:
        found = [strict_json(text)]
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise Unreadable(f'it is no JSON: {error}') from None
        try:
            found = [strict_json(line) for line in lines]
        except ValueError:
            raise Unreadable(f'it is no JSON, and no lines of JSON: {error}') from None
    return [_envelope(one) for one in found]


def strict_json(text: str | bytes) -> Any:
    """Raises ValueError, also for a key that is there twice: readers differ in which one counts."""

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError('a key is there twice')
        return made

    try:
        return json.loads(text, object_pairs_hook=build)
    except RecursionError:
        raise ValueError('it is nested too deeply') from None


def read_keys(pem: bytes) -> Keys:
    """The public key in a PEM file: Ed25519, ECDSA or RSA. Raises Unreadable."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]

    if b'PRIVATE KEY' in pem:
        raise Unreadable(
            'it is a private key; only the public half is needed, and to be given away'
        )
    try:
        key = load_pem_public_key(pem)
        # How an RSA key signs isn't told by the key, and envelopes come with either.
        schemes = ('rsassa-pss-sha256', 'rsa-pkcs1v15-sha256')
        wanted = schemes if isinstance(key, RSAPublicKey) else (None,)
        return Keys(tuple(SSlibKey.from_crypto(key, scheme=scheme) for scheme in wanted))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Unreadable(f'it is no public key in PEM form: {error}') from None


def is_signed_by(envelope: Envelope, keys: Keys) -> bool:
    """Whether one of the keys has signed exactly this payload, of exactly this type."""
    from securesystemslib.dsse import Envelope as Dsse
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature  # type: ignore[attr-defined]

    data = Dsse(envelope.payload, envelope.payload_type, {}).pae()
    for signature in envelope.signatures:
        for key in keys.keys:
            try:
                key.verify_signature(Signature(key.keyid, signature.hex()), data)
            except UnverifiedSignatureError:
                continue
            return True
    return False


def _envelope(found: Any) -> Envelope:
    if not isinstance(found, dict):
        raise Unreadable('an envelope is a mapping')
    material = found.get('verificationMaterial')
    certified = isinstance(material, dict) and 'publicKey' not in material and bool(material)
    inner = found.get('dsseEnvelope', found)
    if not isinstance(inner, dict):
        raise Unreadable('"dsseEnvelope" must be a mapping')
    missing = {'payload', 'payloadType', 'signatures'} - set(inner)
    if missing:
        raise Unreadable(f'it is no envelope: there is no "{min(missing)}"')
    if not isinstance(inner['payloadType'], str) or not isinstance(inner['signatures'], list):
        raise Unreadable('it is no envelope: "payloadType" is a text, "signatures" a list')
    signatures = tuple(_signatures(inner['signatures']))
    return Envelope(
        _bytes(inner['payload'], 'payload'), inner['payloadType'], signatures, certified
    )


def _signatures(listed: Sequence[Any]) -> Iterator[bytes]:
    for one in listed:
        if not isinstance(one, dict):
            raise Unreadable('a signature is a mapping')
        yield _bytes(one.get('sig'), 'sig')


def _bytes(text: object, name: str) -> bytes:
    """Base64, of either alphabet, as the specification wants."""
    if not isinstance(text, str):
        raise Unreadable(f'"{name}" must be a text')
    plain = text.translate(str.maketrans('-_', '+/')).rstrip('=')
    try:
        return base64.b64decode(plain + '=' * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable(f'"{name}" is no base64') from None
