"""`NAME=value` files, as `--env-file` and `--secret-file` read them.

One assignment a line; `export` may stand before it; `#` begins a comment where a word could
begin. A value in single quotes is taken as it stands, one in double quotes knows `\\n`, `\\t`,
`\\"` and `\\\\`; both may go over several lines (a private key does). Nothing is substituted.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from liftlock.errors import UserError

LARGEST: Final = 1 << 20  # bytes; the environment of a process cannot be so large

_NAME: Final = re.compile(r'(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*=[ \t]*')
_BARE: Final = re.compile(r'(?:(?!\s#)[^\n])*')
_QUOTED: Final = {'"': re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL), "'": re.compile(r"'([^']*)'")}
_AFTER: Final = re.compile(r'[ \t]*(?:#[^\n]*)?(?:\n|$)')
_NOTHING: Final = re.compile(r'(?:[ \t\r]*(?:#[^\n]*)?\n)*[ \t\r]*(?:#[^\n]*$)?')
_ESCAPES: Final = {'n': '\n', 't': '\t', 'r': '\r'}


def read(path: Path) -> dict[str, str]:
    try:
        with path.open('rb') as file:
            data = file.read(LARGEST + 1)
        text = data.decode('utf-8-sig')
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    except UnicodeDecodeError as error:
        # the error itself would show what stands there: it may be a secret
        raise UserError(f'{path} cannot be read: it is not UTF-8 text') from error
    if len(data) > LARGEST:
        raise UserError(f'{path} is larger than {LARGEST >> 20} MiB', 'is it the right file?')
    return dict(parse(text, str(path)))


def parse(text: str, path: str) -> Iterator[tuple[str, str]]:
    """Names and values in order. Raises UserError with `file:line`."""
    text = text.replace('\r\n', '\n')
    at = _skip(text, 0)
    while at < len(text):
        name = _NAME.match(text, at)
        if name is None:
            raise _wrong(text, at, path, 'expected NAME=value')
        value, at = _value(text, name.end(), path)
        yield name[1], value
        at = _skip(text, at)


def _value(text: str, at: int, path: str) -> tuple[str, int]:
    quote = text[at : at + 1]
    if quote not in _QUOTED or not quote:
        bare = _BARE.match(text, at)
        assert bare is not None
        end = text.find('\n', bare.end())
        return bare[0].strip(), len(text) if end < 0 else end + 1
    found = _QUOTED[quote].match(text, at)
    if found is None:
        raise _wrong(text, at, path, f'the value has no closing {quote}')
    after = _AFTER.match(text, found.end())
    if after is None:
        raise _wrong(text, found.end(), path, f'nothing may follow the closing {quote}')
    value = found[1] if quote == "'" else re.sub(r'\\(.)', _unescape, found[1], flags=re.DOTALL)
    return value, after.end()


def _unescape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])


def _skip(text: str, at: int) -> int:
    nothing = _NOTHING.match(text, at)
    assert nothing is not None
    return nothing.end()


def _wrong(text: str, at: int, path: str, message: str) -> UserError:
    # the line itself is not shown: it may hold a secret
    return UserError(f'{path}:{text.count(chr(10), 0, at) + 1}: {message}')
