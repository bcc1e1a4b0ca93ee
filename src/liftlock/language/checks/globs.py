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
        if one is not None and other is not None:
            message = f'{name} and {name}-ignore cannot both filter {trigger.event.value}'
            hint = f"keep one; in {name}, '!pattern' takes away"
            yield subject.found(BOTH, trigger.event.span, message, hint)


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
            inside = True
        elif char in '?+' and previous in ('', '/', '?', '+'):
            return f'there is nothing before "{char}" that it could repeat', ''
        previous = char
    return None


def _path(pattern: str) -> tuple[str, str] | None:
    if pattern.startswith(('./', '../')):
        plain = pattern.removeprefix('./').removeprefix('../')
        return 'paths never begin with "./" or "../", so this matches nothing', f'write: {plain}'
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
