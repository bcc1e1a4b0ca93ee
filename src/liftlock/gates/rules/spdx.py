"""License expressions (SPDX specification, annex D), and names that stand for a license.

Tools write `MIT License`, `BSD` or `GPLv3+` where SPDX has an identifier. A name that may stand for
several, as `GPL`, stands for all of them: it is denied if one is, and allowed if all are.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from liftlock.language.records import NamedTuple

IDENTIFIER: Final = re.compile(r'[A-Za-z0-9][A-Za-z0-9.:-]*\+?')
TOKEN: Final = re.compile(r'\(|\)|[^\s()]+')
DEEPEST: Final = 50
GPL: Final = (
    'GPL-1.0-or-later',
    'GPL-2.0-only',
    'GPL-2.0-or-later',
    'GPL-3.0-only',
    'GPL-3.0-or-later',
)
LGPL: Final = (
    'LGPL-2.0-only', 'LGPL-2.1-only', 'LGPL-2.1-or-later', 'LGPL-3.0-only', 'LGPL-3.0-or-later',
)  # fmt: skip
AGPL: Final = ('AGPL-3.0-only', 'AGPL-3.0-or-later')
BSD: Final = ('BSD-2-Clause', 'BSD-3-Clause')
# The classifiers of PyPI, and what people write; in lower case, without `the` and `license`.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    'mit': ('MIT',), 'expat': ('MIT',), 'mit-style': ('MIT',), 'isc (iscl)': ('ISC',),
    'apache': ('Apache-2.0',), 'apache software': ('Apache-2.0',), 'apache 2': ('Apache-2.0',),
    'apache 2.0': ('Apache-2.0',), 'apache version 2.0': ('Apache-2.0',),
    'apache-2': ('Apache-2.0',), 'apache, version 2.0': ('Apache-2.0',),
    'apache software 2.0': ('Apache-2.0',),
    'bsd': BSD, 'bsd-like': BSD, 'new bsd': ('BSD-3-Clause',), 'modified bsd': ('BSD-3-Clause',),
    'bsd 3-clause': ('BSD-3-Clause',), '3-clause bsd': ('BSD-3-Clause',),
    'bsd 3-clause "new" or "revised"': ('BSD-3-Clause',), 'simplified bsd': ('BSD-2-Clause',),
    'bsd 2-clause': ('BSD-2-Clause',), '2-clause bsd': ('BSD-2-Clause',),
    'mozilla public 2.0 (mpl 2.0)': ('MPL-2.0',), 'mpl 2.0': ('MPL-2.0',), 'mpl': ('MPL-2.0',),
    'mozilla public 1.1 (mpl 1.1)': ('MPL-1.1',), 'python software foundation': ('PSF-2.0',),
    'psf': ('PSF-2.0',), 'psfl': ('PSF-2.0',), 'unlicense (unlicense)': ('Unlicense',),
    'zlib/libpng': ('Zlib',), 'boost software 1.0 (bsl-1.0)': ('BSL-1.0',),
    'cc0 1.0 universal (cc0 1.0) public domain dedication': ('CC0-1.0',),
    'eclipse public 1.0 (epl-1.0)': ('EPL-1.0',), 'eclipse public 2.0 (epl-2.0)': ('EPL-2.0',),
    'artistic': ('Artistic-1.0', 'Artistic-2.0'),
    'historical permission notice and disclaimer (hpnd)': ('HPND',),
    'gpl': GPL, 'gnu gpl': GPL, 'gnu general public (gpl)': GPL, 'gnu general public': GPL,
    'gplv2': ('GPL-2.0-only',), 'gpl v2': ('GPL-2.0-only',), 'gplv2+': ('GPL-2.0-or-later',),
    'gnu general public v2 (gplv2)': ('GPL-2.0-only',),
    'gnu general public v2 or later (gplv2+)': ('GPL-2.0-or-later',),
    'gplv3': ('GPL-3.0-only',), 'gpl v3': ('GPL-3.0-only',), 'gplv3+': ('GPL-3.0-or-later',),
    'gnu general public v3 (gplv3)': ('GPL-3.0-only',),
    'gnu general public v3 or later (gplv3+)': ('GPL-3.0-or-later',),
    'lgpl': LGPL, 'gnu lgpl': LGPL, 'gnu library or lesser general public (lgpl)': LGPL,
    'lgplv2': ('LGPL-2.0-only',), 'lgplv2+': ('LGPL-2.0-or-later',),
    'gnu lesser general public v2 (lgplv2)': ('LGPL-2.0-only',),
    'gnu lesser general public v2 or later (lgplv2+)': ('LGPL-2.0-or-later',),
    'lgplv3': ('LGPL-3.0-only',), 'lgplv3+': ('LGPL-3.0-or-later',),
    'gnu lesser general public v3 (lgplv3)': ('LGPL-3.0-only',),
    'gnu lesser general public v3 or later (lgplv3+)': ('LGPL-3.0-or-later',),
    'agpl': AGPL, 'gnu agpl': AGPL, 'agplv3': ('AGPL-3.0-only',), 'agplv3+': ('AGPL-3.0-or-later',),
    'gnu affero general public': AGPL, 'gnu affero general public v3': ('AGPL-3.0-only',),
    'gnu affero general public v3 (agplv3)': ('AGPL-3.0-only',),
    'gnu affero general public v3 or later (agplv3+)': ('AGPL-3.0-or-later',),
}  # fmt: skip
DEPRECATED: Final = re.compile(r'((?:A|L)?GPL-\d\.\d|GFDL-1\.\d)(\+?)', re.IGNORECASE)


class Id(NamedTuple):
    """A license, and the exception `WITH` which it comes."""

    name: str
    exception: str = ''


class Every(NamedTuple):
    of: 'tuple[Expression, ...]'


class Either(NamedTuple):
    of: 'tuple[Expression, ...]'


Expression: TypeAlias = Id | Every | Either


def parse(text: str) -> Expression:
    """What is neither expression nor a name that is known is a license of that very name."""
    known = NAMES.get(_plain(text))
    if known:
        return _one([Id(name) for name in known], Every)
    try:
        return _Parser(TOKEN.findall(text)).whole()
    except ValueError:
        return Id(text)


def holds(expression: Expression, good: Callable[[Id], bool]) -> bool:
    """Whether it can be met by licenses that are good."""
    match expression:
        case Every(of):
            return all(holds(one, good) for one in of)
        case Either(of):
            return any(holds(one, good) for one in of)
    return good(expression)


def canonical(name: str) -> str:
    """`GPL-2.0+` and `gpl-2.0-or-later` are one, in lower case."""
    found = DEPRECATED.fullmatch(name)
    if found:
        name = f'{found[1]}-or-later' if found[2] else f'{found[1]}-only'
    return name.lower()


def _plain(text: str) -> str:
    words = re.sub(
        r'\b(the|licen[cs]e|licen[cs]ed)\b', ' ', text.lower().replace('osi approved', ' ')
    )
    return ' '.join(words.split()).strip(' :,')


def _one(those: Iterable[Expression], kind: type[Every] | type[Either]) -> Expression:
    found = tuple(those)
    return found[0] if len(found) == 1 else kind(found)


class _Parser:
    """ValueError for what is none."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens[::-1]
        self._depth = 0

    def whole(self) -> Expression:
        found = self._either()
        if self._tokens:
            raise ValueError(self._tokens)
        return found

    def _either(self) -> Expression:
        parts = [self._both()]
        while self._is('OR'):
            parts.append(self._both())
        return _one(parts, Either)

    def _both(self) -> Expression:
        parts = [self._simple()]
        while self._is('AND'):
            parts.append(self._simple())
        return _one(parts, Every)

    def _simple(self) -> Expression:
        if self._is('('):
            self._depth += 1
            if self._depth > DEEPEST:
                raise ValueError
            found = self._either()
            if not self._is(')'):
                raise ValueError
            self._depth -= 1
            return found
        name = self._name()
        return Id(name, self._name() if self._is('WITH') else '')

    def _is(self, word: str) -> bool:
        if self._tokens and self._tokens[-1].upper() == word:
            self._tokens.pop()
            return True
        return False

    def _name(self) -> str:
        token = self._tokens.pop() if self._tokens else ''
        if not IDENTIFIER.fullmatch(token) or token.upper() in ('AND', 'OR', 'WITH'):
            raise ValueError(token)
        return token
