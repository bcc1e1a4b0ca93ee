"""Problem matchers: find errors and warnings of tools in what a step prints.

A matcher has one pattern, or several for findings that span lines. With several, `state[i]` is
what the patterns up to i have found on the lines just before; a line that does not carry a state
on clears it. `loop` on the last pattern keeps the state in front of it, so that one heading
serves many lines. Rules: GitHub's runner (IssueMatcher, OutputManager).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.regexps import BadRegexp, compile_ecmascript

FIELDS: Final = ('file', 'line', 'column', 'severity', 'code', 'message', 'fromPath')
SEVERITIES: Final = ('error', 'warning', 'notice')
_ANSI: Final = re.compile(r'\x1b\[[0-9;]*m?')


class BadMatcher(Exception):
    """A matcher that cannot be used; the message says which and why."""


class Pattern(NamedTuple):
    regexp: re.Pattern[str]
    groups: tuple[tuple[str, int], ...]  # field and number of its group
    loop: bool = False


class Finding(NamedTuple):
    """What a matcher read from the lines; texts as they stood there."""

    fields: Mapping[str, str]

    @property
    def severity(self) -> str:
        return self.fields.get('severity', '').lower() or 'error'

    @property
    def message(self) -> str:
        return self.fields.get('message', '')

    @property
    def counts(self) -> bool:
        """Whether it is an issue at all: it says something, of a severity we know."""
        return bool(self.message.strip()) and self.severity in SEVERITIES

    def number(self, field: str) -> int:
        text = self.fields.get(field, '').strip()
        return int(text) if text.isdecimal() and text.isascii() else 0


class Matcher:
    """One matcher with what it has seen so far."""

    __slots__ = ('_state', 'defaults', 'owner', 'patterns', 'slow')

    def __init__(
        self, owner: str, patterns: Sequence[Pattern], defaults: Mapping[str, str]
    ) -> None:
        self.owner = owner
        self.slow = 0  # how often it took too long
        self.patterns = tuple(patterns)
        self.defaults = defaults  # severity and fromPath
        self._state: list[Mapping[str, str] | None] = [None] * (len(self.patterns) - 1)

    def reset(self) -> None:
        self._state = [None] * (len(self.patterns) - 1)

    @property
    def waiting(self) -> bool:
        """Whether an earlier line has begun a finding."""
        return any(state is not None for state in self._state)

    def match(self, line: str) -> Finding | None:
        """Look at one line without colours."""
        last = len(self.patterns) - 1
        for index in range(last, -1, -1):
            before: Mapping[str, str] | None = self._state[index - 1] if index else {}
            if before is None:
                continue
            pattern = self.patterns[index]
            found = pattern.regexp.search(line)
            if index < last:
                self._state[index] = _fields(before, pattern, found) if found else None
            elif found:
                self.reset()
                if pattern.loop and index:
                    self._state[index - 1] = before
                return Finding({**self.defaults, **_fields(before, pattern, found)})
            elif index:
                self._state[index - 1] = None
        return None


def _fields(before: Mapping[str, str], pattern: Pattern, found: re.Match[str]) -> dict[str, str]:
    read = {field: found[group] or '' for field, group in pattern.groups}
    return {**before, **{field: text for field, text in read.items() if text}}


def plain(line: str) -> str:
    """The line without colours."""
    return _ANSI.sub('', line) if '\x1b' in line else line


def parse(document: object) -> list[Matcher]:
    """The matchers of a file that was read as JSON. Raises BadMatcher."""
    entries = document.get('problemMatcher') if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise BadMatcher('The file has no list `problemMatcher` with at least one matcher')
    matchers = [_matcher(entry) for entry in entries]
    owners = [matcher.owner.lower() for matcher in matchers]
    for owner in owners:
        if owners.count(owner) > 1:
            raise BadMatcher(f"Duplicate owner name '{owner}'")
    return matchers


def _matcher(entry: object) -> Matcher:
    if not isinstance(entry, dict) or not isinstance(entry.get('owner'), str) or not entry['owner']:
        raise BadMatcher('Every matcher needs an `owner`')
    owner: str = entry['owner']
    severity = str(entry.get('severity') or '')
    if severity.lower() not in ('', *SEVERITIES):
        raise BadMatcher(f"Matcher '{owner}' contains unexpected default severity '{severity}'")
    listed = entry.get('pattern')
    if not isinstance(listed, list) or not listed:
        raise BadMatcher(f"Matcher '{owner}' does not contain any patterns")
    patterns = [_pattern(owner, item) for item in listed]
    _check(owner, patterns)
    defaults = {'severity': severity, 'fromPath': str(entry.get('fromPath') or '')}
    return Matcher(owner, patterns, {key: text for key, text in defaults.items() if text})


def _pattern(owner: str, item: object) -> Pattern:
    if not isinstance(item, dict) or not isinstance(item.get('regexp'), str):
        raise BadMatcher(f"Matcher '{owner}': every pattern needs a `regexp`")
    try:
        regexp = compile_ecmascript(item['regexp'])
    except BadRegexp as error:
        raise BadMatcher(f"Matcher '{owner}': {error}") from None
    groups = tuple((field, item[field]) for field in FIELDS if item.get(field) is not None)
    for field, group in groups:
        if not isinstance(group, int) or not 0 <= group <= regexp.groups:
            raise BadMatcher(
                f"Matcher '{owner}': `{field}` is group {group}, but the expression has "
                f'{regexp.groups}'
            )
    return Pattern(regexp, groups, item.get('loop') is True)


def _check(owner: str, patterns: Sequence[Pattern]) -> None:
    fields = [field for pattern in patterns for field, _ in pattern.groups]
    if 'message' not in fields:
        raise BadMatcher(f"Matcher '{owner}': at least one pattern must set `message`")
    for field in fields:
        if fields.count(field) > 1:
            raise BadMatcher(f"Matcher '{owner}' sets `{field}` more than once")
    for index, pattern in enumerate(patterns):
        if not pattern.loop:
            continue
        if index != len(patterns) - 1 or len(patterns) == 1:
            raise BadMatcher(f"Matcher '{owner}': only the last of several patterns may set `loop`")
        if 'message' not in dict(pattern.groups):
            raise BadMatcher(f"Matcher '{owner}': a pattern with `loop` must set `message`")
