"""JUnit XML, as every test runner writes it in its own way, read by somebody who trusts nothing.

There is no standard: `<testsuites>` may be missing, suites stand in suites, times have thousands
separators, and a test that was tried again is told as `<flakyFailure>` or `<rerunFailure>` (Maven).
What declares a document type is refused: without one there are no entities, so nothing grows and
nothing is fetched.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

MOST: Final = 100_000  # test cases of one file
LONGEST: Final = 8_000  # characters of a message that are kept
DEEPEST: Final = 64
STATES: Final = {'failure': 'failed', 'error': 'failed', 'skipped': 'skipped'}
AGAIN: Final = frozenset({'flakyFailure', 'flakyError', 'rerunFailure', 'rerunError'})


class Case(NamedTuple):
    """`state` is passed, failed or skipped. `again`: it failed first, and passed when it was tried
    again in the same run."""

    suite: str
    name: str
    state: str = 'passed'
    seconds: float = 0.0
    message: str = ''
    file: str = ''
    line: int = 0
    again: bool = False

    @property
    def key(self) -> str:
        """What it is known by from run to run: never by its line."""
        return f'{self.suite}: {self.name}' if self.suite else self.name


class NotJUnit(ValueError):
    """It is no such report, or one that is refused."""


def looks(beginning: bytes) -> bool:
    """Whether a file that begins so is worth being read."""
    return b'<testsuite' in beginning


def parse(content: bytes) -> tuple[Case, ...]:
    """All its test cases, in order. NotJUnit."""
    from xml.parsers import expat

    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.say
    try:
        _feed(parser, content)
    except expat.ExpatError as error:
        raise NotJUnit(f'it is no well-formed XML: {error}') from None
    except (LookupError, UnicodeError) as error:  # an encoding that nobody knows
        raise NotJUnit(str(error)) from None
    if not reader.known:
        raise NotJUnit('it has no test suite')
    return tuple(reader.cases)


def _feed(parser: 'XMLParserType', content: bytes) -> None:
    parser.Parse(content, True)


def _refuse(*_: object) -> None:
    raise NotJUnit('it declares a document type or entities, which no report needs')


class _Reader:
    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.known = False
        self._suites: list[str] = []
        self._case: Case | None = None
        self._inside = ''
        self._text: list[str] = []
        self._length = 0
        self._depth = 0

    def begin(self, tag: str, given: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotJUnit('its elements stand too deep within one another')
        name = tag.rpartition(':')[2]
        if name == 'testsuite':
            self.known = True
            self._suites.append(given.get('name', ''))
        elif name == 'testsuites':
            self.known = True
        elif name == 'testcase':
            self._case = self._begun(given)
        elif self._case is not None and (name in STATES or name in AGAIN):
            self._outcome(self._case, name, given)

    def _begun(self, given: Mapping[str, str]) -> Case:
        if len(self.cases) >= MOST:
            raise NotJUnit(f'it has more than {MOST:,} test cases')
        suite = given.get('classname') or (self._suites[-1] if self._suites else '')
        return Case(
            suite[:500],
            (given.get('name') or '?')[:500],
            seconds=_seconds(given.get('time', '')),
            file=given.get('file', '')[:500],
            line=_line(given.get('line', '')),
        )

    def _outcome(self, case: Case, name: str, given: Mapping[str, str]) -> None:
        message = given.get('message', '') or given.get('type', '')
        self._inside, self._text, self._length = name, [], 0
        if name in AGAIN:
            self._case = case._replace(again=True, message=case.message or message[:LONGEST])
        elif case.state != 'failed':  # a failure counts, whatever is said after it
            self._case = case._replace(state=STATES[name], message=message[:LONGEST])

    def say(self, text: str) -> None:
        if self._inside and self._length < LONGEST:
            self._text.append(text[: LONGEST - self._length])
            self._length += len(text)

    def end(self, tag: str) -> None:
        self._depth -= 1
        name = tag.rpartition(':')[2]
        if name == 'testsuite' and self._suites:
            self._suites.pop()
        elif name == 'testcase' and self._case is not None:
            self.cases.append(_told(self._case))
            self._case = None
        elif name == self._inside and self._case is not None:
            text = ''.join(self._text).strip()
            known = self._case.message
            if text and text != known:
                joined = text if text.startswith(known) else f'{known}\n{text}'
                self._case = self._case._replace(message=joined.strip()[:LONGEST])
            self._inside = ''


def _told(case: Case) -> Case:
    """Tried again and still failed is failed, and nothing else."""
    return case._replace(again=False) if case.state == 'failed' else case


def _seconds(text: str) -> float:
    try:
        found = float(text.replace(',', ''))
    except ValueError:
        return 0.0
    return found if 0 <= found < 1e7 else 0.0


def _line(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
