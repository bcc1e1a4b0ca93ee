"""The keys that sign ID tokens: RSA, in the state directory, for its owner alone.

    <state>/oidc/<kid>.pem      a private key, mode 0600; `kid` begins with the day it was made

One key signs for a while, then a new one is made; the old one stays published until no token that
it signed can be good any more, and is then removed. Several processes share the directory: a key
appears whole or not at all.
"""

import os
from pathlib import Path
from typing import Any, Final

DAY: Final = 86400.0
SIGNS: Final = 90 * DAY  # seconds that a key signs
PUBLISHED: Final = SIGNS + DAY
BITS: Final = 2048


class Keys:
    """`directory` is made when the first key is."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._loaded: dict[str, Any] = {}

    def current(self, now: float) -> tuple[str, Any]:
        """The id and the private key that signs now."""
        known = [kid for kid, made in self._listed(now) if now - made < SIGNS]
        kid = max(known) if known else self._make(now)
        return kid, self._load(kid)

    def published(self, now: float) -> dict[str, Any]:
        """The public halves, as a JSON Web Key Set."""
        from jwt.algorithms import RSAAlgorithm

        self.current(now)
        keys = []
        for kid, _ in sorted(self._listed(now)):
            public = RSAAlgorithm.to_jwk(self._load(kid).public_key(), as_dict=True)
            keys.append({**public, 'kid': kid, 'use': 'sig', 'alg': 'RS256'})
        return {'keys': keys}

    def _listed(self, now: float) -> list[tuple[str, float]]:
        """Ids, and when each was made; what is too old is removed."""
        found = []
        for file in self._directory.glob('*.pem'):
            stamp, dash, _ = file.stem.partition('-')
            if not dash or not stamp.isdigit():
                continue
            if now - int(stamp) >= PUBLISHED:
                file.unlink(missing_ok=True)
                self._loaded.pop(file.stem, None)
            else:
                found.append((file.stem, float(stamp)))
        return found

    def _make(self, now: float) -> str:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import rsa

        key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
        kid = f'{int(now)}-{os.urandom(8).hex()}'
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._directory / f'{kid}.new'
        text = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'wb') as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._directory / f'{kid}.pem')
        self._loaded[kid] = key
        return kid

    def _load(self, kid: str) -> Any:
        from cryptography.hazmat.primitives import serialization

        if kid not in self._loaded:
            text = (self._directory / f'{kid}.pem').read_bytes()
            self._loaded[kid] = serialization.load_pem_private_key(text, None)
        return self._loaded[kid]
