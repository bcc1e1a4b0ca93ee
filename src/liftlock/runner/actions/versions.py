"""Version ranges as npm's semver understands them, which setup-python and setup-node share.

A range is alternatives (`||`) of conditions that all hold: comparators (`>=3.10`), `~1.2`, `^1.2`,
`1.x`, `1.2 - 1.4` (both ends included, a partial upper end as a whole). A pre-release satisfies a
condition only if that condition names a pre-release of the same three numbers.
Source of the rules: node-semver's README, "Ranges".
"""

import re
from collections.abc import Iterable, Iterator

from liftlock.language.records import NamedTuple

_PARTIAL = r'[v=\s]*(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+\S*)?'
_CONDITION = re.compile(rf'(>=|<=|>|<|~>|~|\^|=)?\s*{_PARTIAL}$')
_HYPHEN = re.compile(rf'^\s*{_PARTIAL}\s+-\s+{_PARTIAL}\s*$')
_VERSION = re.compile(
    r'v?(\d+)\.(\d+)\.(\d+)(?:-?((?:a|b|rc|alpha|beta)[0-9A-Za-z.-]*|[0-9][\w.-]*))?$'
)
_GAP = re.compile(r'(>=|<=|>|<|~>|~|\^|=)\s+')


class Version(NamedTuple):
    """`pre` is '' for a release, which comes after all its pre-releases."""

    major: int
    minor: int
    patch: int
    pre: str = ''

    @property
    def order(self) -> tuple[tuple[int, int, int], bool, list[tuple[bool, int, str]]]:
        """Numbers in a pre-release compare as numbers and go before words."""
        words = re.findall(r'\d+|[A-Za-z-]+', self.pre)
        key = [(not word.isdigit(), int(word) if word.isdigit() else 0, word) for word in words]
        return (self[:3], not self.pre, key)

    def __str__(self) -> str:
        numbers = f'{self.major}.{self.minor}.{self.patch}'
        return f'{numbers}-{self.pre}' if self.pre else numbers


class Bound(NamedTuple):
    operator: str  # >=, >, <, <=, =
    version: Version


Range = tuple[tuple[Bound, ...], ...]


def parse_version(text: str) -> Version | None:
    """`3.12.1`, `v20.1.0`, `3.13.0rc1` or `3.13.0-rc1`; None for anything else."""
    found = _VERSION.match(text.strip())
    if found is None:
        return None
    major, minor, patch, pre = found.groups()
    return Version(int(major), int(minor), int(patch), pre or '')


def parse_range(text: str) -> Range | None:
    """None for what is no range. An empty text is any release."""
    alternatives = [_alternative(part) for part in text.split('||')]
    if any(alternative is None for alternative in alternatives):
        return None
    return tuple(alternative for alternative in alternatives if alternative is not None)


def satisfies(version: Version, wanted: Range) -> bool:
    return any(_holds(version, bounds) for bounds in wanted)


def pick_newest(versions: Iterable[Version], wanted: Range) -> Version | None:
    fitting = [version for version in versions if satisfies(version, wanted)]
    return max(fitting, key=lambda version: version.order, default=None)


def _holds(version: Version, bounds: tuple[Bound, ...]) -> bool:
    if not all(_compare(version, bound) for bound in bounds):
        return False
    return not version.pre or any(
        bound.version.pre and bound.version[:3] == version[:3] for bound in bounds
    )


def _compare(version: Version, bound: Bound) -> bool:
    left, right = version.order, bound.version.order
    match bound.operator:
        case '>=':
            return left >= right
        case '>':
            return left > right
        case '<=':
            return left <= right
        case '<':
            return left < right
        case _:
            return left == right


def _alternative(text: str) -> tuple[Bound, ...] | None:
    hyphen = _HYPHEN.match(text)
    if hyphen:
        low, high = hyphen.groups()[:4], hyphen.groups()[4:]
        return (*_at_least(*low), *_at_most(*high))
    bounds: list[Bound] = []
    for word in _GAP.sub(r'\1', text).split():
        found = _CONDITION.match(word)
        if found is None:
            return None
        bounds.extend(_condition(found[1] or '=', found.groups()[1:]))
    return tuple(bounds)


def _condition(operator: str, parts: tuple[str | None, ...]) -> Iterator[Bound]:
    """One comparator as bounds. What is left out of a version is open: `>1` is `>=2.0.0`."""
    numbers = _numbers(parts)
    pre = parts[3] or '' if len(numbers) == 3 else ''
    low = _low(numbers, pre)
    if not numbers:
        if operator in ('<', '>'):  # before or after everything: nothing
            yield Bound('<', Version(0, 0, 0, '0'))
        return
    match operator:
        case '>=':
            yield Bound('>=', low)
        case '<':
            yield Bound('<', low if len(numbers) == 3 else low._replace(pre='0'))
        case '>':
            yield Bound('>', low) if len(numbers) == 3 else Bound('>=', _next(numbers, pre=''))
        case '<=':
            yield from _at_most(*parts)
        case '^':
            yield Bound('>=', low)
            yield Bound('<', _next(numbers[: _caret(numbers)]))
        case '~' | '~>':
            yield Bound('>=', low)
            yield Bound('<', _next(numbers[:2]))
        case _ if len(numbers) == 3:
            yield Bound('=', low)
        case _:
            yield Bound('>=', low)
            yield Bound('<', _next(numbers))


def _at_least(*parts: str | None) -> Iterator[Bound]:
    numbers = _numbers(parts)
    if numbers:
        yield Bound('>=', _low(numbers, parts[3] or ''))


def _at_most(*parts: str | None) -> Iterator[Bound]:
    numbers = _numbers(parts)
    if len(numbers) == 3:
        yield Bound('<=', _low(numbers, parts[3] or ''))
    elif numbers:
        yield Bound('<', _next(numbers))


def _numbers(parts: tuple[str | None, ...]) -> tuple[int, ...]:
    numbers: list[int] = []
    for part in parts[:3]:
        if part is None or not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _low(numbers: tuple[int, ...], pre: str) -> Version:
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return Version(major, minor, patch, pre)


def _next(numbers: tuple[int, ...], pre: str = '0') -> Version:
    """The first version behind everything that begins with these numbers."""
    return _low((*numbers[:-1], numbers[-1] + 1), pre)


def _caret(numbers: tuple[int, ...]) -> int:
    """How many numbers `^` holds fast: up to the first that isn't zero."""
    for index, number in enumerate(numbers):
        if number:
            return index + 1
    return len(numbers)
