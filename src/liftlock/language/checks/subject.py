"""What a check looks at: one file that could be read, and what it needs from around it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from liftlock.language.checks.walk import Document, Place, Use, places, uses
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Expression, parse
from liftlock.language.expressions.nodes import Reference
from liftlock.language.locks.files import Locks
from liftlock.language.reading.mistakes import Gap
from liftlock.language.records import NamedTuple
from liftlock.language.rule import Rule
from liftlock.language.source import Span

if TYPE_CHECKING:
    from liftlock.language.settings.model import Settings

INSERTED: Final = re.compile(r"\$\{\{((?:[^'}]|'[^']*'|\}(?!\}))*)\}\}")
Neighbours: TypeAlias = Mapping[str, Document | None]


class Subject(NamedTuple):
    """One file. `lines` are its text; `home` is its path from the repository's root, if known.

    `places` are its steps and `uses` its expressions; see `walk.py`.

    `neighbours` are the local workflows and actions that it names, by the name it uses
    (`./.github/workflows/build.yml`): None where there is nothing, and no entry where nobody
    looked or the neighbour has mistakes of its own. `settings` are those of liftlock.yml, `locks`
    what the repository's lock files hold.

    `gaps` are the places where mistakes hide what else is written there.
    """

    document: Document
    lines: tuple[str, ...]
    places: tuple[Place, ...] = ()
    uses: tuple[Use, ...] = ()
    home: str = ''
    neighbours: Neighbours = MappingProxyType({})
    settings: 'Settings | None' = None
    gaps: frozenset[Gap] = frozenset()
    locks: Locks = Locks()

    def doubtful(self, what: str, job: str = '') -> bool:
        """Whether there may be more of something than can be seen; see `Gap`."""
        return Gap(what, job) in self.gaps

    def found(
        self, rule: Rule, span: Span, message: str, hint: str = '', severity: Severity | None = None
    ) -> Diagnostic:
        severity = severity or rule.severity
        return Diagnostic(self.document.path, span, severity, rule.code, message, hint)

    def spot(self, span: Span, pattern: str) -> Span:
        """The first place within a span where a pattern matches, or else the span itself.

        A scalar may run over many lines and be quoted or folded; a mark under the very words is
        worth a search in the text. Case is ignored, as in expressions.
        """
        found = self.spots(span, pattern)
        return found[0] if found else span

    def spots(self, span: Span, pattern: str) -> list[Span]:
        wanted = re.compile(pattern, re.IGNORECASE)
        found = []
        for number in range(span.line, min(span.end_line, len(self.lines)) + 1):
            line = self.lines[number - 1]
            start = span.column - 1 if number == span.line else 0
            end = span.end_column - 1 if number == span.end_line else len(line)
            found += [
                Span(number, match.start() + 1, number, match.end() + 1)
                for match in wanted.finditer(line, start, end)
            ]
        return found

    def inserted(self, span: Span) -> list[tuple[Span, Expression]] | None:
        """Each `${{ }}` in a scalar, and where it stands; None if the text hides it by escapes."""
        raw = self.raw(span)
        found = []
        for match in INSERTED.finditer(raw):
            try:
                expression = parse(match[1])
            except ExpressionError:
                return None
            found.append((_within(span, raw, match.start(1), match.end(1)), expression))
        return found

    def spelled(self, span: Span, name: str) -> str:
        """A name as its author wrote it inside a span; expressions know it in lower case."""
        text = self.raw(span)
        at = text.lower().rfind(name.lower())
        return text[at : at + len(name)] if at >= 0 else name

    def raw(self, span: Span) -> str:
        """The characters of a span, as they stand in the file."""
        lines = list(self.lines[span.line - 1 : span.end_line])
        if not lines:
            return ''
        if span.end_line <= len(self.lines):
            lines[-1] = lines[-1][: span.end_column - 1]
        lines[0] = lines[0][span.column - 1 :]
        return '\n'.join(lines)


class Around(NamedTuple):
    """What is known beside the file itself; the fields are those of `Subject`."""

    home: str = ''
    neighbours: Neighbours = MappingProxyType({})
    settings: 'Settings | None' = None
    gaps: frozenset[Gap] = frozenset()
    locks: Locks = Locks()


def look(document: Document, text: str, around: Around) -> Subject:
    """The subject, with all that more than one check walks through."""
    lines = tuple(text.splitlines())
    return Subject(document, lines, tuple(places(document)), tuple(uses(document)), *around)


def _within(span: Span, raw: str, start: int, end: int) -> Span:
    """The place of a part of a span's text."""
    line, column = _place(span, raw, start)
    return Span(line, column, *_place(span, raw, end))


def _place(span: Span, raw: str, at: int) -> tuple[int, int]:
    lines = raw.count('\n', 0, at)
    if not lines:
        return span.line, span.column + at
    return span.line + lines, at - raw.rfind('\n', 0, at)


def written(path: Reference) -> str:
    """A pattern for a reference as somebody may have written it: `a.b`, `a['b']`, `A . b`."""
    first, *rest = (re.escape(name or '') for name in path)
    tail = (rf"\s*(?:\.\s*{name}\b|\[\s*'?{name}'?\s*\])" for name in rest)
    return rf'\b{first}{"".join(tail)}'


def shown(path: Reference) -> str:
    """A reference as messages name it: `github.event.commits[0].message`."""
    first, *rest = (name or '*' for name in path)
    return first + ''.join(f'[{name}]' if name.isdecimal() else f'.{name}' for name in rest)
