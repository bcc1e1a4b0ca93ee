"""Patterns of `branches`, `tags` and `paths`: what can never match, and what contradicts itself.

GitHub's patterns: `*` stops at a slash, `**` does not, `?` and `+` repeat the character before,
`[]` lists characters, `!` at the beginning takes away from what was said before.
"""

from collections.abc import Iterator
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.rule import Rule
from liftlock.language.source import Span
from liftlock.language.template import Literal
from liftlock.language.workflow import Trigger

BOTH: Final = Rule(
    'filter-both',
    Severity.ERROR,
    'A filter and its opposite are given for one event: `branches` with `branches-ignore`, and so'
    ' on.',
    'GitHub refuses the file.',
    'Keep one. In `branches`, a pattern that begins with `!` takes away.',
)
PATTERN: Final = Rule(
    'glob',
    Severity.WARNING,
    'A pattern of a filter matches nothing or is broken: an open bracket, a repetition of nothing,'
    ' a leading `./` or `/`, a character that no branch can have.',
    'The event is filtered away, and the workflow does not start. Nothing says so.',
    'Paths are written from the root of the repository without a leading slash: `docs/**`. Branches'
    ' are written without `refs/heads/`.',
)
NEGATIVE: Final = Rule(
    'glob-negative',
    Severity.WARNING,
    'All patterns of a filter begin with `!`.',
    'They take away from nothing: the workflow never starts for this event.',
    "Put a pattern before them (`'**'`), or use the filter that ends in `-ignore`.",
)
RULES: Final = (BOTH, PATTERN, NEGATIVE)

Patterns = tuple[Literal, ...] | None


def check(subject: Subject) -> Iterator[Diagnostic]:
    if isinstance(subject.document, Action):
        return
    for trigger in subject.document.on.values():
        yield from _both(subject, trigger)
        for patterns, is_path, positive in _filters(trigger):
            for pattern in patterns or ():
                yield from _judge(subject, pattern, is_path)
            if patterns and positive and all(str(one.value).startswith('!') for one in patterns):
                message = 'only patterns that take away: nothing is left that could start it'
                yield subject.found(NEGATIVE, patterns[0].span, message, "put '**' before them")


def _filters(trigger: Trigger) -> Iterator[tuple[Patterns, bool, bool]]:
    """Each filter, whether it is about paths, and whether it says what is wanted."""
    yield trigger.branches, False, True
    yield trigger.branches_ignore, False, False
    yield trigger.tags, False, True
    yield trigger.tags_ignore, False, False
    yield trigger.paths, True, True
    yield trigger.paths_ignore, True, False


def _both(subject: Subject, trigger: Trigger) -> Iterator[Diagnostic]:
    for name, one, other in (
        ('branches', trigger.branches, trigger.branches_ignore),
        ('tags', trigger.tags, trigger.tags_ignore),
        ('paths', trigger.paths, trigger.paths_ignore),
    ):
        if one and other:
            message = f'{name} and {name}-ignore cannot both filter {trigger.event.value}'
            hint = f"keep one; in {name}, '!pattern' takes away"
            start, end = trigger.event.span, max(one + other, key=lambda it: it.span).span
            span = Span(start.line, start.column, end.end_line, end.end_column)
            yield subject.found(BOTH, subject.spot(span, rf'{name}-ignore'), message, hint)


def _judge(subject: Subject, literal: Literal, is_path: bool) -> Iterator[Diagnostic]:
    pattern = str(literal.value).removeprefix('!')
    problem = _broken(pattern) or (_path(pattern) if is_path else _ref(pattern))
    if problem:
        message, hint = problem
        yield subject.found(PATTERN, literal.span, f'"{literal.value}": {message}', hint)


def _broken(pattern: str) -> tuple[str, str] | None:
    if not pattern:
        return 'an empty pattern matches nothing', ''
    previous = ''
    inside = False
    for at, char in enumerate(pattern):
        if previous == '\\':
            previous = ''
            continue
        if inside:
            inside = char != ']'
        elif char == '[':
            if ']' not in pattern[at + 2 :]:
                return 'the bracket is not closed', r'write \[ for the character itself'
            if wrong := _backwards(pattern[at + 1 : pattern.index(']', at + 2)]):
                return f'the range {wrong} runs backwards', ''
            inside = True
        elif char in '?+' and previous in ('', '/', '?', '+', '*'):
            return f'there is nothing before "{char}" that it could repeat', ''
        previous = char
    return None


def _backwards(characters: str) -> str:
    """The first range of a list of characters that begins after its end; else ''."""
    ranges = (characters[at - 1 : at + 2] for at, char in enumerate(characters) if char == '-')
    return next((one for one in ranges if len(one) == 3 and one[0] > one[2]), '')


def _path(pattern: str) -> tuple[str, str] | None:
    if pattern.startswith(('./', '../')):
        plain = pattern.removeprefix('./').removeprefix('../')
        return 'paths never begin with "./" or "../", so this matches nothing', f'write: {plain}'
    if pattern != pattern.strip():
        return 'a space at the beginning or end is part of the pattern', f'write: {pattern.strip()}'
    if pattern.startswith('/'):
        return 'paths never begin with "/", so this matches nothing', f'write: {pattern[1:]}'
    return None


def _ref(pattern: str) -> tuple[str, str] | None:
    for prefix in ('refs/heads/', 'refs/tags/'):
        if pattern.startswith(prefix):
            plain = pattern.removeprefix(prefix)
            return (
                f'names are compared without {prefix}, so this matches nothing',
                f'write: {plain}',
            )
    wrong = next((char for char in pattern if char in ' ~^:'), '')
    if wrong:
        return f'no branch or tag can have the character "{wrong}" in its name', ''
    if pattern.startswith('/') or pattern.endswith('/'):
        return 'no branch or tag begins or ends with "/", so this matches nothing', ''
    return None
