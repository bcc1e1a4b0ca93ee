"""What to try where an expression is wrong: what people mean who write it so."""

import re
from collections.abc import Iterable
from typing import Final

from liftlock.language.expressions.grammar import Known
from liftlock.language.expressions.reading import BUILT_IN, MOST
from liftlock.language.expressions.text import FORBIDDEN, UNCLOSED, Mistake
from liftlock.language.nearest import suggestion

NEAR: Final = 100  # characters around a mistake that are looked at
_CONTEXTS: Final = frozenset(
    (
        *('github', 'env', 'vars', 'job', 'jobs', 'steps', 'runner', 'secrets'),
        *('strategy', 'matrix', 'needs', 'inputs'),
    )
)
_STATUS: Final = frozenset(('success', 'failure', 'always', 'cancelled'))
_SPELLED: Final = {
    name.lower(): name
    for name in (
        *('contains', 'startsWith', 'endsWith', 'format', 'join', 'toJSON', 'fromJSON', 'case'),
        *('hashFiles', 'success', 'failure', 'always', 'cancelled'),
    )
}
_FIXED: Final = 'this is read before any value is known: write it out'
_MARKS: Final = {
    '=': 'compare with ==',
    '&': 'write && for "and"',
    '|': 'write || for "or"',
    'and': 'write && for "and"',
    'or': 'write || for "or"',
    'not': 'write ! for "not"',
    '+': 'there is no arithmetic; put texts together with format()',
    '-': 'there is no arithmetic',
    '*': 'there is no arithmetic',
    '/': 'there is no arithmetic',
    '%': 'there is no arithmetic',
    '$': 'write no ${{ }} inside of ${{ }}',
    '{': 'write no ${{ }} inside of ${{ }}',
}


def advice(mistake: Mistake, text: str, known: Known, *, condition: bool) -> str:
    """A hint, or ''. `known` is what may be used in the place of this scalar, `text` all of it."""
    if mistake.message == UNCLOSED:
        return 'close it with }}, and look for a quote that is not closed'
    if mistake.message == FORBIDDEN:
        return _FIXED
    finding, _, _ = mistake.problem.partition(':')
    at = mistake.offset
    word, rest = text[at : at + mistake.length], text[at : at + mistake.length + NEAR]
    match finding:
        case 'Unrecognized named-value':
            return _name(word, rest, known, condition)
        case 'Unrecognized function':
            return _function(word.lower(), known)
        case 'Unexpected symbol':
            return _symbol(word, rest)
        case 'Too few parameters supplied' | 'Too many parameters supplied':
            return _arguments(text[max(0, at - NEAR) : at], known)
        case 'Unexpected end of expression':
            return 'something is missing at the end, such as a value or a closing bracket'
    return ''


def _name(word: str, rest: str, known: Known, condition: bool) -> str:
    name = word.lower()
    if name == 'secrets' and condition:
        return _secret(rest, known)
    if name in _CONTEXTS:
        there = ', '.join(sorted(known.names))
        return f'{name} is not available here; there are: {there}' if there else _FIXED
    if rest[len(word) :].startswith(('.', '[')):
        return suggestion(word, known.names)
    return suggestion(word, known.names, f"a text takes single quotes: '{word}'", cutoff=0.8)


def _secret(rest: str, known: Known) -> str:
    """`secrets` in a condition: as a step's environment it can be tested, in a job's not at all."""
    found = re.match(r'secrets\.([A-Za-z_]\w*)', rest, re.IGNORECASE)
    name = found[1] if found else 'NAME'
    if 'env' not in known.names:
        return 'no job can test a secret: let a step of another job do it, and read its output'
    value = f'${{{{ secrets.{name} }}}}'
    return f"map it to env, and test that: env: {{{name}: '{value}'}}, if: env.{name} != ''"


def _function(name: str, known: Known) -> str:
    if name in _STATUS:
        return f'{name}() is for conditions (if:) only'
    if name == 'hashfiles':
        return 'hashFiles() is for steps only: there are no files before'
    there = (*BUILT_IN, *(function for function, _, _ in known.functions))
    return suggestion(name, (_SPELLED[one] for one in there), _listed(there))


def _listed(names: Iterable[str]) -> str:
    return f'there are: {", ".join(_SPELLED[name] for name in names)}'


def _symbol(word: str, rest: str) -> str:
    if word.startswith('"'):
        plain = rest[1:].partition('"')[0].replace("'", "''")
        return f"strings take single quotes: '{plain}'"
    if word.startswith("'"):
        return "the quote is not closed; a quote inside of a text is written twice: 'it''s'"
    return _MARKS.get(word.lower()) or _MARKS.get(word[:1], '')


def _arguments(before: str, known: Known) -> str:
    found = re.search(r'(\w+)\s*$', before)
    name = found[1].lower() if found else ''
    limits = {one: (least, most) for one, least, most in known.functions} | dict(BUILT_IN)
    if name not in limits:
        return ''
    least, most = limits[name]
    wanted = str(least) if least == most else f'{least} to {most}'
    if most == MOST:
        wanted = f'{least} or more'
    return f'{_SPELLED[name]}() takes {wanted} argument{"s" * (wanted != "1")}'
