"""The key of a store, and bundles that are signed with it.

The key is an Ed25519 one in `signing.pem` beside the database, readable by its owner alone, and
made when it is first wanted. It never leaves this process: jobs get no variable, file or socket
that leads to it. (A job on the host runs as the same user, though, and could read the file, and
one in a container has the engine's socket; only one in the sandbox could not. Provenance says
which it was.)

A bundle is Sigstore's (version 0.3), which `actions/attest` writes too: a DSSE envelope, and
in the place of a certificate the id of a key that the verifier must already have.
"""

import base64
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

FILE: Final = 'signing.pem'
PAYLOAD: Final = 'application/vnd.in-toto+json'
BUNDLE: Final = 'application/vnd.dev.sigstore.bundle.v0.3+json'


def sign(statement: Mapping[str, Any], directory: Path) -> str:
    """The bundle, one line of JSON. `directory` is the store's. Raises UserError and OSError."""
    from securesystemslib.dsse import Envelope

    signer = open_key(directory)
    payload = json.dumps(statement, ensure_ascii=False, separators=(',', ':')).encode()
    envelope = Envelope(payload, PAYLOAD, {})
    signature = envelope.sign(signer)
    return json.dumps(
        {
            'mediaType': BUNDLE,
            'verificationMaterial': {'publicKey': {'hint': signature.keyid}},
            'dsseEnvelope': {
                'payload': base64.b64encode(payload).decode(),
                'payloadType': PAYLOAD,
                'signatures': [
                    {
                        'sig': base64.b64encode(bytes.fromhex(signature.signature)).decode(),
                        'keyid': signature.keyid,
                    }
                ],
            },
        },
        separators=(',', ':'),
    )


def open_key(directory: Path) -> 'CryptoSigner':
    """The key, made if there is none yet. Raises UserError and OSError."""
    file = directory / FILE
    if not file.exists():
        _make(file)
    return _read(file)


def public_key(directory: Path) -> bytes | None:
    """The public half as PEM; None if nothing was ever signed here. Raises UserError, OSError."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_private_key,
    )

    if not (directory / FILE).exists():
        return None
    key = load_pem_private_key(_read(directory / FILE).private_bytes, None)
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _make(file: Path) -> None:
    """Two processes may want the first key at once; the file that is there first is the key."""
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

    draft = file.with_name(f'.{FILE}.{os.getpid()}-{os.urandom(8).hex()}')
    number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(number, 'wb') as stream:
            stream.write(CryptoSigner.generate_ed25519().private_bytes)
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()


def _read(file: Path) -> 'CryptoSigner':
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner  # type: ignore[attr-defined]

    with file.open('rb') as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise UserError(
                f'others on this machine may read the key in {file}',
                f'if nobody did: chmod 600 {file}; else remove it, and a new key will be made',
            )
        content = stream.read()
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError) as error:
        raise UserError(f'{file} holds no key: {error}', 'take it from a backup') from None
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f'{file} holds a key of another kind than Ed25519')
    return CryptoSigner(key)
