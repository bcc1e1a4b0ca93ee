"""The key that secrets are encrypted with, and what it does.

The key is 32 random bytes, written as base64 into a file beside the database, readable by its owner
alone, and made when the first secret is. Whoever has a copy of the database has no secret; whoever
has the file and the database has them all: so back them up apart.

AES-256-GCM with a random nonce. What a value is for (its name, its environment …) is authenticated
with it: a row that somebody moved to another name, or to another environment, cannot be opened.
"""

import hmac
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.plan import digest
from liftlock.store import paths

FILE: Final = paths.KEY
SIZE: Final = 32
NONCE: Final = 12


class Key:
    """`id` names the key without telling anything of it."""

    __slots__ = ('_key', 'id')

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.id = digest.of(f'liftlock key {key.hex()}')[:16]

    def derived(self, purpose: str) -> bytes:
        """Another key, of which this one cannot be told: to sign with."""
        return hmac.digest(self._key, f'liftlock {purpose}'.encode(), 'sha256')

    def seal(self, text: str, purpose: str) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE)
        return nonce + AESGCM(self._key).encrypt(nonce, text.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """ValueError if it was not sealed with this key, for this purpose."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            text = AESGCM(self._key).decrypt(sealed[:NONCE], sealed[NONCE:], purpose.encode())
        except InvalidTag:
            raise ValueError('it was changed, or is not what it is stored as') from None
        return text.decode()


def make_key(file: Path) -> Key:
    """The key in the file, made if there is none yet. UserError.

    Two processes may want the first key at once; the file that is there first is the key.
    """
    import base64

    draft = file.with_name(f'.{file.name}.{os.getpid()}-{os.urandom(8).hex()}')
    try:
        if not file.exists():
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(draft, base64.b64encode(os.urandom(SIZE)) + b'\n')
            with suppress(FileExistsError):
                os.link(draft, file)
            _sync(file.parent)
    except OSError as error:
        raise UserError(f'cannot write the key to {file}: {error.strerror}') from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return read_key(file)


def _write(file: Path, content: bytes) -> None:
    number = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, 'wb') as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(directory: Path) -> None:
    """The name, too, must outlive a power cut: without the key what it sealed is lost."""
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read_key(file: Path) -> Key:
    """UserError where there is none, or others may read it."""
    import base64
    import binascii

    try:
        with file.open('rb') as stream:
            open_to_others = stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077
            content = stream.read(1024)
    except OSError as error:
        raise UserError(
            f'the key of the stored secrets cannot be read: {file}: {error.strerror}',
            'put it back from a backup, or name its file in LIFTLOCK_KEY_FILE',
        ) from None
    if open_to_others:
        raise UserError(
            f'others on this machine may read the key of the stored secrets, {file}',
            f'chmod 600 {file}; if somebody has read it, change the secrets themselves',
        )
    try:
        key = base64.b64decode(content, validate=False)
    except binascii.Error:
        key = b''
    if len(key) != SIZE:
        raise UserError(
            f'{file} holds no key of {SIZE} bytes in base64', 'put it back from a backup'
        )
    return Key(key)
