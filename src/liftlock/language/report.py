"""Diagnostics for readers: people at a terminal, programs, code scanning, and a workflow's log.

Every renderer is a pure function from diagnostics to text. The user's own words (the source line,
names inside messages) may hold anything, so what could move a cursor is shown as a middle dot.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from unicodedata import combining, east_asian_width

from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import Span

WIDEST: Final = 160  # characters of a source line that are shown around the mistake
COLOURS: Final = {Severity.ERROR: '31', Severity.WARNING: '33', Severity.NOTE: '36'}
DIM: Final = '2'
HINT: Final = '32'
COMMANDS: Final = {
    Severity.ERROR: 'error',
    Severity.WARNING: 'warning',
    Severity.NOTE: 'notice',
}
CONTROLS: Final = {code: '·' for code in (*range(32), *range(127, 160)) if code != 9}


def order(found: Diagnostic) -> tuple[str, int, int, str, str]:
    """Sorts diagnostics as a reader meets their places in the files."""
    return found.file, found.span.line, found.span.column, found.code, found.message


# --- text


def text(found: Diagnostic, lines: Sequence[str], colour: bool = False) -> str:
    """Place, message, source line, underline and hint, as a compiler shows them.

    `lines` are those of the file that `found` speaks of; without them (or when the span is
    nowhere) only place, message and hint are shown.
    """
    place = f'{found.file}:{found.span.line}:{found.span.column}' if found.span.line else found.file
    severity = _ansi(f'{found.severity.value}:', f'1;{COLOURS[found.severity]}', colour)
    code = _ansi(f'[{found.code}]', DIM, colour)
    shown = [f'{_ansi(place, "1", colour)}: {severity} {_plain(found.message)} {code}']
    gutter = len(str(found.span.line)) + 1
    if 0 < found.span.line <= len(lines):
        line = lines[found.span.line - 1]
        source, under = _excerpt(_covered(line, found) if found.hidden else line, found.span)
        shown.append(f' {_ansi(f"{found.span.line} |", DIM, colour)} {source}'.rstrip())
        indent = len(under) - len(under.lstrip())
        mark = under[:indent] + _ansi(under[indent:], COLOURS[found.severity], colour)
        shown.append(f' {_ansi(" " * gutter + "|", DIM, colour)} {mark}')
    if found.hint:
        shown.append(f' {" " * gutter}{_ansi("hint:", HINT, colour)} {_plain(found.hint)}')
    return '\n'.join(shown) + '\n'


def summary(found: Sequence[Diagnostic], files: int, colour: bool = False) -> str:
    """`2 errors, 1 warning in 3 files`, or that there is nothing to say."""
    where = f'in {_count(files, "file")}'
    counts = [
        _ansi(_count(number, severity.value), COLOURS[severity], colour)
        for severity in Severity
        if (number := sum(one.severity is severity for one in found))
    ]
    return f'{", ".join(counts)} {where}' if counts else f'no mistakes {where}'


def _count(number: int, noun: str) -> str:
    return f'{number} {noun}' if number == 1 else f'{number} {noun}s'


def _ansi(words: str, code: str, colour: bool) -> str:
    return f'\x1b[{code}m{words}\x1b[0m' if colour else words


def _plain(words: str) -> str:
    return words.translate(CONTROLS)


def _covered(line: str, found: Diagnostic) -> str:
    """The line without the secret in it."""
    start, end = found.span.column - 1, found.span.end_column - 1
    if found.span.end_line != found.span.line:
        end = len(line)
    return line[:start] + '*' * (end - start) + line[end:]


def _excerpt(line: str, span: Span) -> tuple[str, str]:
    """The part of a line around a span, and `^~~~` under it."""
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    end = min(max(end, start + 1), max(len(line), start + 1))
    cut = max(0, start - WIDEST // 2) if len(line) > WIDEST else 0
    shown = _plain(line[cut : cut + WIDEST])
    before = shown[: start - cut]
    marked = shown[start - cut : end - cut] or ' '
    if cut:
        shown, before = f'…{shown}', f' {before}'
    if cut + WIDEST < len(line):
        shown += '…'
    padding = ''.join('\t' if char == '\t' else ' ' * _width(char) for char in before)
    return shown, padding + '^' + '~' * (sum(map(_width, marked)) - 1)


def _width(char: str) -> int:
    """Columns of a terminal that a character takes."""
    if char.isascii():
        return 1
    if combining(char):
        return 0
    return 2 if east_asian_width(char) in 'WF' else 1


# --- JSON


def as_json(found: Iterable[Diagnostic]) -> str:
    """A list of {file, line, column, end_column, severity, code, message, hint}.

    `end_column` stands just behind the last character on the same line. A mistake of the whole
    file has line and column 0.
    """
    return json.dumps([_record(one) for one in found], indent=2, ensure_ascii=False) + '\n'


def _record(found: Diagnostic) -> Mapping[str, str | int]:
    span = found.span
    return {
        'file': found.file,
        'line': span.line,
        'column': span.column,
        'end_column': _end_column(span),
        'severity': found.severity.value,
        'code': found.code,
        'message': found.message,
        'hint': found.hint,
    }


def _end_column(span: Span) -> int:
    """A span over many lines is shown on its first, where only the start is known for sure."""
    return span.end_column if span.end_line == span.line else span.column + 1


# --- SARIF 2.1.0


def sarif(found: Sequence[Diagnostic], version: str, rules: Iterable[Rule] = ()) -> str:
    """One run, for code scanning; `rules` explain its codes.

    Source: OASIS SARIF 2.1.0, sections 3.13 to 3.49.
    """
    codes = sorted({one.code for one in found})
    known = {rule.code: rule for rule in rules}
    driver = {
        'name': 'liftlock',
        'version': version,
        'rules': [_rule(code, known.get(code)) for code in codes],
    }
    run = {
        'tool': {'driver': driver},
        'columnKind': 'unicodeCodePoints',
        'results': [_result(one, codes.index(one.code)) for one in found],
    }
    log = {
        '$schema': 'https://json.schemastore.org/sarif-2.1.0.json',
        'version': '2.1.0',
        'runs': [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + '\n'


def _rule(code: str, rule: Rule | None) -> Mapping[str, object]:
    if rule is None:
        return {'id': code}
    return {
        'id': code,
        'shortDescription': {'text': rule.what},
        'fullDescription': {'text': rule.why},
        'help': {'text': rule.fix, 'markdown': rule.fix},
        'defaultConfiguration': {'level': rule.severity.value},
    }


def _result(found: Diagnostic, rule: int) -> Mapping[str, object]:
    message = found.message.removesuffix('.')
    words = f'{message}. {found.hint}' if found.hint else found.message
    return {
        'ruleId': found.code,
        'ruleIndex': rule,
        'level': found.severity.value,
        'message': {'text': words},
        'locations': [{'physicalLocation': _physical(found)}],
    }


def _physical(found: Diagnostic) -> Mapping[str, object]:
    from urllib.parse import quote  # not on the way of anybody who wants text

    location: dict[str, object] = {'artifactLocation': {'uri': quote(found.file)}}
    if found.span.line:
        span = found.span
        location['region'] = {
            'startLine': span.line,
            'startColumn': span.column,
            'endLine': max(span.line, span.end_line),
            'endColumn': max(1, span.end_column),
        }
    return location


# --- workflow commands


def github(found: Diagnostic) -> str:
    """One workflow command: GitHub (and Liftlock) shows it as an annotation of the file.

    Source of the escapes: actions/toolkit, core/src/command.ts.
    """
    span = found.span
    properties = {'file': found.file}
    if span.line:
        properties |= {
            'line': str(span.line),
            'col': str(span.column),
            'endColumn': str(_end_column(span)),
        }
    properties['title'] = found.code
    listed = ','.join(f'{key}={_property(value)}' for key, value in properties.items())
    words = f'{found.message} ({found.hint})' if found.hint else found.message
    return f'::{COMMANDS[found.severity]} {listed}::{_data(words)}\n'


def _data(words: str) -> str:
    return words.replace('%', '%25').replace('\r', '%0D').replace('\n', '%0A')


def _property(words: str) -> str:
    return _data(words).replace(':', '%3A').replace(',', '%2C')
