"""Colour on a terminal, none in a pipe, and none where somebody said NO_COLOR."""

import os
from collections.abc import Mapping
from typing import TextIO

from liftlock.language.records import NamedTuple


class Paint(NamedTuple):
    """Paints words, or leaves them as they are."""

    on: bool

    def bold(self, text: str) -> str:
        return self._code('1', text)

    def dim(self, text: str) -> str:
        return self._code('2', text)

    def red(self, text: str) -> str:
        return self._code('31', text)

    def green(self, text: str) -> str:
        return self._code('32', text)

    def yellow(self, text: str) -> str:
        return self._code('33', text)

    def blue(self, text: str) -> str:
        return self._code('34', text)

    def cycle(self, index: int, text: str) -> str:
        """One of six colours, for names that stand beside each other."""
        return self._code(str((36, 33, 35, 32, 34, 96)[index % 6]), text)

    def _code(self, code: str, text: str) -> str:
        return f'\x1b[{code}m{text}\x1b[0m' if self.on and text else text


def wanted(stream: TextIO, env: Mapping[str, str] | None = None) -> bool:
    """https://no-color.org and https://force-color.org; FORCE_COLOR is how CI servers ask."""
    env = os.environ if env is None else env
    if env.get('NO_COLOR'):
        return False
    if env.get('FORCE_COLOR', '0') not in ('', '0'):
        return True
    return stream.isatty() and env.get('TERM') != 'dumb'


def paint(stream: TextIO) -> Paint:
    return Paint(wanted(stream))
