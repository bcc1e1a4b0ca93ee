"""SHA-256 of short texts, to name things by.

`hashlib` would load OpenSSL for it: two of a short run's eighty milliseconds. What hashes whole
files asks hashlib, whose OpenSSL is several times as fast. (`random` does the same in the standard
library.)
"""

try:
    from _sha2 import sha256  # type: ignore[import-not-found] # typeshed has only hashlib
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found] # before Python 3.12
    except ImportError:
        from hashlib import sha256


def of(text: str) -> str:
    """64 hexadecimal digits. Surrogates stand for the bytes that they were decoded from."""
    digits: str = sha256(text.encode('utf-8', 'surrogateescape')).hexdigest()
    return digits
