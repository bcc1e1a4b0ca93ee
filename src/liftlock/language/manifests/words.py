"""Argo's small notations in ours: durations, and the comparisons of its conditions."""

import re
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.language.settings import words

UNITS: Final = ((86400, 'd'), (3600, 'h'), (60, 'm'), (1, 's'))
RESULT: Final = r'(?:result(?:\[\d+\])?|default\(result(?:\[\d+\])?,\s*[-\d.]+\)|float\(result\))'
COMPARED: Final = re.compile(
    rf'(?:as(?:Float|Int)\(\s*)?{RESULT}(?:\s*\))?\s*(<=|>=|==|!=|<|>)\s*(\d+(?:\.\d+)?)'
)
EMPTY: Final = re.compile(
    r'(?:len\(result\)\s*==\s*0|isNaN\(result(?:\[0\])?\)|result\s*==\s*nil)\s*\|\|\s*(.+)'
)
FULL: Final = re.compile(
    r'(?:len\(result\)\s*(?:>\s*0|!=\s*0)|!isNaN\(result(?:\[0\])?\)|result\s*!=\s*nil)'
    r'\s*&&\s*(.+)'
)
TRUE: Final = re.compile(rf'{RESULT}(?:\s*==\s*(?:true|"true"))?')


class Limit(NamedTuple):
    """`< 5`, or '' where truth itself decides; and whether it holds without data, if it is said."""

    text: str
    without_data: bool | None = None


def duration(text: str) -> str | None:
    """Go's and Argo's durations as ours: seconds without a unit, or 1.5h. None: not a duration."""
    bare = re.fullmatch(r'\d+', text)
    seconds = float(text) if bare else words.duration(text)
    return None if seconds is None else of_seconds(seconds)


def of_seconds(seconds: float) -> str:
    if seconds != int(seconds):
        return f'{seconds * 1000:g}ms'
    left, made = int(seconds), ''
    for size, unit in UNITS:
        if left >= size:
            made += f'{left // size}{unit}'
            left %= size
    return made or '0s'


def seconds(text: str) -> int | None:
    """A whole number of seconds, of either notation."""
    found = float(text) if re.fullmatch(r'\d+', text) else words.duration(text)
    return None if found is None else round(found)


def limit(text: str) -> Limit | None:
    """Of a condition in Argo's expression language; None where it is more than one comparison."""
    bare = text.strip()
    for pattern, holds in ((EMPTY, True), (FULL, False)):
        if found := pattern.fullmatch(bare):
            inner = limit(found[1])
            return inner._replace(without_data=holds) if inner else None
    bare = bare.removeprefix('(').removesuffix(')') if bare.startswith('(') else bare
    if found := COMPARED.fullmatch(bare):
        return Limit(f'{found[1]} {found[2]}')
    return Limit('') if TRUE.fullmatch(bare) else None
