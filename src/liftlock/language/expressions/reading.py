"""Text to tree: one pass over the words with a stack of operands and one of operators.

Not recursive, so that nesting is limited by GitHub's rule and not by Python. Words are judged in
the order they stand, hence the first error is the one that GitHub shows.

    after an operator, `(`, `[`, `,` or at the start   an operand is due:  _OPERAND
    after an operand                                   an operator is due: _OPERATOR
"""

import re
from collections.abc import Callable, Mapping
from math import inf, nan
from typing import Final, NoReturn

from liftlock.language.expressions.errors import LEXING, PARSING, ExpressionError
from liftlock.language.expressions.nodes import (
    STAR,
    And,
    Call,
    Compare,
    Constant,
    Index,
    Node,
    Not,
    Or,
    Path,
    depth,
)
from liftlock.language.expressions.tokens import (
    BINARY,
    BROKEN,
    CALL,
    FRACTION,
    MARK,
    NUMBER,
    PATH,
    TEXT,
    TOKEN,
)
from liftlock.language.expressions.values import parse_number, units
from liftlock.language.records import NamedTuple

LONGEST: Final = 21_000
DEEPEST: Final = 50
MOST: Final = 255  # arguments of a call
BUILT_IN: Final[Mapping[str, tuple[int, int]]] = {
    'case': (3, MOST),
    'contains': (2, 2),
    'endswith': (2, 2),
    'format': (1, MOST),
    'fromjson': (1, 1),
    'join': (1, 2),
    'startswith': (2, 2),
    'tojson': (1, 1),
}
_WORDS: Final[Mapping[str, Constant]] = {
    'null': Constant(None),
    'true': Constant(True),
    'false': Constant(False),
    'NaN': Constant(nan),
    'Infinity': Constant(inf),
}
_BINDING: Final = {
    '!': 16, '<': 11, '<=': 11, '>': 11, '>=': 11, '==': 10, '!=': 10, '&&': 6, '||': 5,
}  # fmt: skip


class Pending(NamedTuple):
    """An operator that waits for its right side, or an open bracket (`binding` 0)."""

    binding: int
    mark: str  # the operator; `(`, `[`, or `f` for the parenthesis of a call
    base: int = 0  # how many operands stood before a bracket
    position: int = 0
    spelling: str = ''


class Reader:
    """The state of one pass. `accepts` and `functions` say what is known in this place."""

    __slots__ = (
        'accepts', 'calls', 'due', 'functions', 'indexable', 'last', 'names', 'operands',
        'operators', 'source',
    )  # fmt: skip

    def __init__(
        self,
        source: str,
        accepts: Callable[[str], bool],
        functions: Callable[[str], tuple[int, int] | None],
    ) -> None:
        self.source = source
        self.accepts = accepts
        self.functions = functions
        self.operands: list[Node] = []
        self.operators: list[Pending] = []
        self.names: set[str] = set()
        self.calls: set[str] = set()
        self.due = True  # an operand is due
        self.indexable = False  # the operand before may be followed by `.` or `[`
        self.last: tuple[int, int] = (0, 0)

    def read(self) -> Node | None:
        """The tree; None for an expression without words."""
        source = self.source
        if len(source) * 2 > LONGEST and units(source) > LONGEST:
            raise ExpressionError(f'Exceeded max expression length {LONGEST}', kind=PARSING)
        at = words = 0
        while match := TOKEN.match(source, at):
            steps = _OPERAND if self.due else _OPERATOR
            at = steps[match.lastindex or 0](self, match)
            words += 1
        if not words:
            return None
        self._finish()
        tree = self.operands[0]
        if words + source.count('.') > DEEPEST and depth(tree) > DEEPEST:
            raise ExpressionError(f'Exceeded max expression depth {DEEPEST}', kind=PARSING)
        return tree

    def _finish(self) -> None:
        if not self.due:
            self.flush(1)
        if self.due or self.operators:
            self.refuse('Unexpected end of expression', *self.last)

    # --- where an operand is due; each answers with the place where the next word begins

    def call(self, match: re.Match[str]) -> int:
        spelling = match[CALL]
        if spelling in _WORDS:
            return self.push(_WORDS[spelling], match.span(CALL))
        if self.functions(spelling.lower()) is None:
            self.refuse('Unrecognized function', *match.span(CALL))
        end = match.end()
        self.operators.append(Pending(0, 'f', len(self.operands), end, spelling))
        self.last = (end - 1, end)
        return end

    def path(self, match: re.Match[str]) -> int:
        start, end = match.span(PATH)
        spelling, *keys = match[PATH].split('.')
        if spelling in _WORDS:
            return self.push(_WORDS[spelling], (start, start + len(spelling)))
        name = spelling.lower()
        if not self.accepts(name):
            self.refuse('Unrecognized named-value', start, start + len(spelling))
        self.names.add(name)
        self.operands.append(Path(name, tuple(keys), spelling, start + 1))
        self.due = False
        self.indexable = True
        self.last = (end - len(keys[-1]) if keys else start, end)
        return end

    def text(self, match: re.Match[str]) -> int:
        return self.push(Constant(match[TEXT][1:-1].replace("''", "'")), match.span(TEXT))

    def number(self, match: re.Match[str]) -> int:
        return self.push_number(match.span(NUMBER))

    def open(self, match: re.Match[str]) -> int:
        """A mark where an operand is due: an opening, a negation, or what only looks like one."""
        mark = match[MARK]
        start, end = match.span(MARK)
        if mark == '.':
            fraction = re.match(FRACTION, self.source[start:])
            assert fraction is not None
            return self.push_number((start, start + fraction.end()))
        if mark == '(':
            self.operators.append(Pending(0, '(', len(self.operands)))
        elif mark == '!':
            self.operators.append(Pending(_BINDING['!'], '!'))
        elif mark == '*' and self._stands_in('['):
            return self.push(STAR, (start, end), indexable=True)
        elif mark == ')' and self._stands_in('f'):
            return self.close_call(start, end)
        else:
            self.unexpected(match)
        self.last = (start, end)
        return end

    def _stands_in(self, mark: str) -> bool:
        """Whether nothing stands between here and that opening."""
        if not self.operators:
            return False
        top = self.operators[-1]
        return top.mark == mark and top.base == len(self.operands)

    def push(self, node: Node, span: tuple[int, int], *, indexable: bool = False) -> int:
        self.operands.append(node)
        self.due = False
        self.indexable = indexable
        self.last = span
        return span[1]

    def push_number(self, span: tuple[int, int]) -> int:
        number = parse_number(self.source[slice(*span)])
        if number != number:
            self.refuse('Unexpected symbol', *span, kind=LEXING)
        return self.push(Constant(number), span)

    # --- where an operator is due

    def binary(self, match: re.Match[str]) -> int:
        mark = match[BINARY]
        self.flush(_BINDING[mark])
        self.operators.append(Pending(_BINDING[mark], mark))
        self.due = True
        self.last = match.span(BINARY)
        return match.end()

    def follow(self, match: re.Match[str]) -> int:
        """A mark behind an operand: an access, an argument's end or a closing."""
        step = _FOLLOWING.get(match[MARK])
        if step is None:
            self.unexpected(match)
        return step(self, match)

    def dot(self, match: re.Match[str]) -> int:
        if not self.indexable:
            self.unexpected(match)
        self.last = match.span(MARK)
        word = TOKEN.match(self.source, match.end())
        if word is None:
            self.due = True  # and never comes
            return match.end()
        group = word.lastindex or 0
        if word[group] == '*':
            self.access(STAR)
        elif group in (PATH, CALL):
            for name in word[group].split('.'):
                self.access(Constant(name))
        else:
            self.unexpected(word)
        self.last = word.span(group)
        return word.end(group)

    def open_index(self, match: re.Match[str]) -> int:
        if not self.indexable:
            self.unexpected(match)
        self.operators.append(Pending(0, '[', len(self.operands)))
        self.due = True
        self.last = match.span(MARK)
        return match.end()

    def close_index(self, match: re.Match[str]) -> int:
        self.close('[', match)
        self.access(self.operands.pop())
        return match.end()

    def close_round(self, match: re.Match[str]) -> int:
        self.flush(1)
        if self.operators and self.operators[-1].mark == 'f':
            return self.close_call(*match.span(MARK))
        self.close('(', match)
        self.indexable = True
        return match.end()

    def comma(self, match: re.Match[str]) -> int:
        self.flush(1)
        if not self.operators or self.operators[-1].mark != 'f':
            self.unexpected(match)
        self.due = True
        self.last = match.span(MARK)
        return match.end()

    def close(self, mark: str, match: re.Match[str]) -> None:
        self.flush(1)
        if not self.operators or self.operators[-1].mark != mark:
            self.unexpected(match)
        self.operators.pop()
        self.last = match.span(MARK)

    def close_call(self, start: int, end: int) -> int:
        opened = self.operators.pop()
        name = opened.spelling.lower()
        arguments = tuple(self.operands[opened.base :])
        del self.operands[opened.base :]
        fewest, most = self.functions(name) or (0, 0)
        if len(arguments) < fewest:
            self.refuse('Too few parameters supplied', opened.position - 1, opened.position)
        if len(arguments) > most:
            self.refuse('Too many parameters supplied', opened.position - 1, opened.position)
        if name == 'case' and len(arguments) % 2 == 0:
            self.refuse(_EVEN, opened.position - 1, opened.position)
        self.calls.add(name)
        return self.push(Call(name, arguments, opened.spelling), (start, end), indexable=True)

    # --- trees

    def access(self, key: Node) -> None:
        """Take a property of the operand before; a path stays one node."""
        self.indexable = True
        target = self.operands[-1]
        if isinstance(target, Path) and isinstance(key, Constant) and isinstance(key.value, str):
            self.operands[-1] = target.with_keys((*target.keys, key.value))
        else:
            self.operands[-1] = Index(target, key)

    def flush(self, binding: int) -> None:
        """Give their operands to the operators that bind at least so strongly."""
        operators, operands = self.operators, self.operands
        while operators and operators[-1].binding >= binding:
            mark = operators.pop().mark
            if mark == '!':
                operands[-1] = Not(operands[-1])
                continue
            right = operands.pop()
            left = operands[-1]
            if mark == '&&':
                operands[-1] = And(_flat(And, left) + _flat(And, right))
            elif mark == '||':
                operands[-1] = Or(_flat(Or, left) + _flat(Or, right))
            else:
                operands[-1] = Compare(mark, left, right)

    # --- errors

    def unexpected(self, match: re.Match[str]) -> NoReturn:
        group = match.lastindex or 0
        start, end = match.span(group)
        if group == PATH:
            end = start + len(match[PATH].partition('.')[0])
        number = group == NUMBER and parse_number(match[NUMBER])
        broken = group == BROKEN or number != number
        self.refuse('Unexpected symbol', start, end, kind=LEXING if broken else PARSING)

    def refuse(self, finding: str, start: int, end: int, *, kind: str = PARSING) -> NoReturn:
        problem = f"{finding}: '{self.source[start:end]}'"
        place = units(self.source[:start]) + 1
        raise ExpressionError(
            f'{problem}. Located at position {place} within expression: {self.source}',
            start + 1,
            kind=kind,
            problem=problem,
            length=end - start,
        )


def _flat(chain: type[And] | type[Or], node: Node) -> tuple[Node, ...]:
    return node.operands if isinstance(node, And | Or) and type(node) is chain else (node,)


_EVEN: Final = 'Even number of parameters supplied, requires an odd number of parameters'
_Step = Callable[[Reader, re.Match[str]], int]
_OPERAND: Final[Mapping[int, _Step]] = {
    CALL: Reader.call,
    PATH: Reader.path,
    TEXT: Reader.text,
    BINARY: Reader.unexpected,
    NUMBER: Reader.number,
    MARK: Reader.open,
    BROKEN: Reader.unexpected,
}
_OPERATOR: Final[Mapping[int, _Step]] = {
    CALL: Reader.unexpected,
    PATH: Reader.unexpected,
    TEXT: Reader.unexpected,
    BINARY: Reader.binary,
    NUMBER: Reader.unexpected,
    MARK: Reader.follow,
    BROKEN: Reader.unexpected,
}
_FOLLOWING: Final[Mapping[str, _Step]] = {
    '.': Reader.dot,
    '[': Reader.open_index,
    ']': Reader.close_index,
    '(': Reader.unexpected,
    ')': Reader.close_round,
    ',': Reader.comma,
}
