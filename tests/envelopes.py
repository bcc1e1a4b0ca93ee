"""Envelopes as other tools make them: keys and signatures by `cryptography`, nothing of ours."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

STATEMENT = 'application/vnd.in-toto+json'
SLSA = 'https://slsa.dev/provenance/v1'
SHA = 'a' * 40
PREDICATE: dict[str, Any] = {
    'buildDefinition': {
        'buildType': 'https://example.org/workflow',
        'externalParameters': {
            'workflow': {
                'repository': 'https://github.com/acme/shop',
                'ref': 'refs/tags/v1',
                'path': '.github/workflows/release.yml',
            }
        },
        'resolvedDependencies': [
            {
                'uri': 'git+https://github.com/acme/tool@v1',
                'digest': {'gitCommit': 'b' * 40},
            },
            {
                'uri': 'git+https://github.com/acme/shop@refs/tags/v1',
                'digest': {'gitCommit': SHA},
            },
        ],
    },
    'runDetails': {'builder': {'id': 'urn:liftlock:builder:sandbox'}},
}


class Signer:
    """ed25519, p256, p384, rsa-pss or rsa-pkcs1."""

    def __init__(self, kind: str = 'ed25519') -> None:
        self.kind = kind
        self.key: Any = {
            'ed25519': ed25519.Ed25519PrivateKey.generate,
            'p256': lambda: ec.generate_private_key(ec.SECP256R1()),
            'p384': lambda: ec.generate_private_key(ec.SECP384R1()),
            'rsa-pss': lambda: rsa.generate_private_key(65537, 2048),
            'rsa-pkcs1': lambda: rsa.generate_private_key(65537, 2048),
        }[kind]()

    @property
    def public(self) -> bytes:
        made: bytes = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return made

    @property
    def private(self) -> bytes:
        made: bytes = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return made

    def sign(self, data: bytes) -> bytes:
        sha256 = hashes.SHA256()
        match self.kind:
            case 'ed25519':
                signature = self.key.sign(data)
            case 'p256':
                signature = self.key.sign(data, ec.ECDSA(sha256))
            case 'p384':
                signature = self.key.sign(data, ec.ECDSA(hashes.SHA384()))
            case 'rsa-pss':
                pss = padding.PSS(padding.MGF1(sha256), padding.PSS.MAX_LENGTH)
                signature = self.key.sign(data, pss, sha256)
            case _:
                signature = self.key.sign(data, padding.PKCS1v15(), sha256)
        return bytes(signature)


def pae(kind: str, payload: bytes) -> bytes:
    return b'DSSEv1 %d %b %d %b' % (len(kind), kind.encode(), len(payload), payload)


def statement(digest: str, name: str = 'app.whl', **more: Any) -> dict[str, Any]:
    return {
        '_type': 'https://in-toto.io/Statement/v1',
        'subject': [{'name': name, 'digest': {'sha256': digest}}],
        'predicateType': SLSA,
        'predicate': PREDICATE,
        **more,
    }


def envelope(
    signer: Signer, content: Mapping[str, Any] | bytes, kind: str = STATEMENT, keyid: str = ''
) -> dict[str, Any]:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    signature = base64.b64encode(signer.sign(pae(kind, payload))).decode()
    return {
        'payload': base64.b64encode(payload).decode(),
        'payloadType': kind,
        'signatures': [{'sig': signature, 'keyid': keyid}],
    }
