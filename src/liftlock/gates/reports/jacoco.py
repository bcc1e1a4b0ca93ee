"""Coverage of lines by JaCoCo (`report.dtd`) and Clover: a line was run if an instruction of it was
(`ci`), or a statement (`count`)."""

from collections.abc import Mapping

from liftlock.gates.reports import markup
from liftlock.gates.reports.coverage import number, whole
from liftlock.gates.reports.records import Coverage, Unreadable


def looks(beginning: bytes) -> bool:
    return b'<report' in beginning and b'JACOCO' in beginning.upper()


def looks_clover(beginning: bytes) -> bool:
    return b'<coverage' in beginning and b'clover=' in beginning


def read(content: bytes) -> Coverage:
    files: dict[str, dict[int, bool]] = {}
    where = {'package': '', 'sourcefile': ''}

    def begin(name: str, given: Mapping[str, str]) -> None:
        if name in where:
            where[name] = given.get('name', '')
        elif name == 'line':
            file = f'{where["package"]}/{where["sourcefile"]}'.lstrip('/')
            hit = number(given.get('ci', '')) > 0
            files.setdefault(file, {})[number(given.get('nr', ''))] = hit

    markup.walk(content, begin)
    return whole('JaCoCo', files)


def read_clover(content: bytes) -> Coverage:
    """A line that is told as a branch and as a statement was run if either was."""
    files: dict[str, dict[int, bool]] = {}
    lines: list[dict[int, bool]] = []

    def begin(name: str, given: Mapping[str, str]) -> None:
        if name == 'file':
            lines.append(files.setdefault(given.get('path') or given.get('name', ''), {}))
        elif name == 'line':
            if not lines:
                raise Unreadable('a line belongs to no file')
            at, hit = number(given.get('num', '')), number(given.get('count', '')) > 0
            lines[-1][at] = lines[-1].get(at, False) or hit

    markup.walk(content, begin)
    return whole('Clover', files)
