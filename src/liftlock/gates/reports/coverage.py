"""Coverage of lines: coverage.py's JSON, Cobertura's XML and LCOV.

Rates that a report tells of itself are not believed: lines are counted. Sources: coverage.py's
`jsonreport.py` (format 3), cobertura's coverage-04.dtd, and geninfo(1) for LCOV.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.gates.reports import markup
from liftlock.gates.reports.records import Coverage, Unreadable
from liftlock.gates.reports.tree import Tree, demanded

MOST: Final = 5_000_000  # lines of one report
FIELDS: Final = (
    'TN', 'SF', 'VER', 'FN', 'FNDA', 'FNF', 'FNH', 'BRDA', 'BRF', 'BRH', 'DA', 'LF', 'LH',
    'FNL', 'FNA', 'MCDC', 'MCF', 'MCH',
)  # fmt: skip


def looks(tree: Tree) -> bool:
    return isinstance(tree, dict) and {'meta', 'files', 'totals'} <= tree.keys()


def read(tree: Tree) -> Coverage:
    """coverage.py: `coverage json`."""
    files: dict[str, dict[int, bool]] = {}
    for name, file in demanded(tree, 'files', dict).items():
        missing = _numbers(demanded(file, 'missing_lines', list))
        executed = _numbers(demanded(file, 'executed_lines', list))
        files[name] = dict.fromkeys(missing, False) | dict.fromkeys(executed, True)
    return whole('coverage.py', files)


def _numbers(values: list[Tree]) -> list[int]:
    if len(values) > MOST or not all(type(one) is int and 0 <= one < 10**8 for one in values):
        raise Unreadable('a line has no number')
    return values


# --- Cobertura


def looks_xml(beginning: bytes) -> bool:
    return b'<coverage' in beginning and (b'line-rate' in beginning or b'cobertura' in beginning)


def read_xml(content: bytes) -> Coverage:
    reader = _Cobertura()
    markup.walk(content, reader.begin, reader.say)
    source = reader.sources[0] if len(reader.sources) == 1 else ''
    return whole('Cobertura', reader.files, source)


class _Cobertura:
    def __init__(self) -> None:
        self.files: dict[str, dict[int, bool]] = {}
        self.sources: list[str] = []
        self._lines: dict[int, bool] | None = None
        self._count = 0

    def begin(self, name: str, given: Mapping[str, str]) -> None:
        if name == 'class':
            file = given.get('filename', '')
            if not file:
                raise Unreadable('a class has no filename')
            self._lines = self.files.setdefault(file, {})
        elif name == 'line' and self._lines is not None:
            self._count += 1
            if self._count > MOST:
                raise Unreadable(f'it has more than {MOST:,} lines')
            at = number(given.get('number', ''))
            hit = number(given.get('hits', '')) > 0
            self._lines[at] = self._lines.get(at, False) or hit
        elif name == 'source':
            self.sources.append('')

    def say(self, name: str, text: str) -> None:
        if name == 'source' and self.sources:
            self.sources[-1] = (self.sources[-1] + text.strip())[:4096]


def number(text: str) -> int:
    """Of a line, or of hits. Unreadable."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise Unreadable(f'"{text[:40]}" is no number of a line, or of hits')
    return int(text)


# --- LCOV


def looks_lcov(text: str) -> bool:
    first = next((line for line in text.splitlines() if line.strip()), '')
    return first.startswith(('SF:', 'TN:'))


def read_lcov(text: str) -> Coverage:
    files: dict[str, dict[int, bool]] = {}
    lines: dict[int, bool] | None = None
    for place, row in enumerate(text.splitlines(), 1):
        field, _, value = row.strip().partition(':')
        if field == 'SF':
            lines = files.setdefault(value, {})
        elif field == 'end_of_record':
            lines = None
        elif field == 'DA':
            if lines is None:
                raise Unreadable(f'line {place} tells of no file')
            at, hit = _hit(value, place)
            lines[at] = lines.get(at, False) or hit
        elif field and field not in FIELDS and not field.startswith('#'):
            raise Unreadable(f'line {place} is none of LCOV: "{field[:40]}"')
    if lines is not None:
        raise Unreadable('it ends within a record: it was cut off')
    return whole('LCOV', files)


def _hit(value: str, place: int) -> tuple[int, bool]:
    """`DA:line,hits` and maybe a checksum; some writers have hits below zero or with a fraction."""
    at, _, rest = value.partition(',')
    hits = rest.partition(',')[0]
    try:
        return number(at), float(hits) > 0
    except ValueError:
        raise Unreadable(f'line {place} tells no line and its hits: "{value[:40]}"') from None


def whole(tool: str, files: Mapping[str, Mapping[int, bool]], source: str = '') -> Coverage:
    """Unreadable where nothing is measured."""
    if not any(files.values()):
        raise Unreadable('it measures no line at all, which is no coverage of 100%')
    return Coverage(tool, files, source)
