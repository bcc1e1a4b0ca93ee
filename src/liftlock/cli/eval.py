"""`liftlock eval EXPRESSION`: one expression and its value, for whoever debugs an `if:`."""

import json
import sys
from collections.abc import Iterable, Mapping
from math import inf
from typing import Final, TextIO, TypeAlias

import click

from liftlock.errors import UserError
from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Expression, Known, parse
from liftlock.language.expressions.reading import BUILT_IN
from liftlock.language.expressions.text import OPEN, split
from liftlock.language.expressions.values import Contexts, Scope, Value, kind

Answer: TypeAlias = Mapping[str, object]

# What JSON writes as a number must be one, and must not lose digits on its way.
_EXACT: Final = 2.0**53
_OF_A_RUN: Final = frozenset(
    {'success', 'failure', 'always', 'cancelled', 'hashfiles'}  # known to jobs and steps only
)
_FUNCTIONS: Final = (
    'case', 'contains', 'endsWith', 'format', 'fromJSON', 'join', 'startsWith', 'toJSON',
)  # fmt: skip
_EXAMPLE: Final = '--context FILE, for example {"github": {"ref": "refs/heads/main"}}'


@click.command()
@click.argument('expression', required=False)
@click.option(
    '--context',
    'context',
    type=click.File(encoding='utf-8'),
    metavar='FILE',
    help='A JSON object of contexts by name; - is the standard input.',
)
@click.option(
    '--ndjson',
    is_flag=True,
    help='Read {"expr", "contexts"} a line, answer {"kind", "value"} or {"error"} a line.',
)
def command(expression: str | None, context: TextIO | None, ndjson: bool) -> int:
    """Evaluate EXPRESSION and print its value as JSON.

    It may stand in ${{ }}, with text around. The contexts it may use are those that the file of
    --context gives.
    """
    if ndjson:
        if expression is not None or context is not None:
            raise click.UsageError('--ndjson reads expressions and contexts from its input')
        return _answer_lines(sys.stdin.buffer)
    if expression is None:
        raise click.UsageError('say which expression, or --ndjson')
    contexts = _contexts(context.read(), context.name) if context else {}
    value = _evaluate(expression, contexts)
    text = json.dumps(portable(value), indent=2, ensure_ascii=False)
    print(text.encode('utf-8', 'backslashreplace').decode())
    return 0


def _contexts(text: str, name: str) -> dict[str, Value]:
    from liftlock.language.expressions.json_value import strict

    try:
        value = strict(text)
    except ValueError as error:
        raise UserError(f'{name} is not JSON: {error}') from None
    if not isinstance(value, dict):
        raise UserError(f'{name} holds no JSON object', f'expected contexts by name: {_EXAMPLE}')
    return {key.lower(): item for key, item in value.items()}


def _evaluate(text: str, contexts: dict[str, Value]) -> Value:
    try:
        read = _read(text.strip(), Known(frozenset(contexts)))
        return read.evaluate(Scope(contexts)) if isinstance(read, Expression) else read
    except ExpressionError as error:
        shown = f'{error.problem}{_place(text.strip(), error)}'
        raise UserError(shown, _hint(error, contexts)) from None


def _read(text: str, known: Known) -> Expression | str:
    if OPEN not in text:
        return parse(text, known)
    reading = split(text, known._replace(anything=False))
    if not isinstance(reading, list):
        return reading
    first = reading[0]
    raise ExpressionError(first.message, first.offset + 1, length=first.length)


def _place(text: str, error: ExpressionError) -> str:
    """The line with the mistake, and carets below it."""
    if not error.position:
        return ''
    offset = error.position - 1
    start = text.rfind('\n', 0, offset) + 1
    line = text[start:].partition('\n')[0].replace('\t', ' ')
    column = offset - start
    carets = '^' * max(1, min(error.length, len(line) - column))
    return f'\n\n    {line}\n    {" " * column}{carets}'


def _hint(error: ExpressionError, contexts: Contexts) -> str:
    finding, _, word = error.problem.partition(": '")
    name = word.rstrip("'").lower()
    if finding == 'Unrecognized named-value':
        if not contexts:
            return f'no context is known here; give some with {_EXAMPLE}'
        return f'{_near(name, contexts)}the contexts given are: {", ".join(sorted(contexts))}'
    if finding == 'Unrecognized function':
        if name in _OF_A_RUN:
            return f'{name} is known to the jobs and steps of a run only'
        return f'{_near(name, BUILT_IN)}the functions are: {", ".join(_FUNCTIONS)}'
    return ''


def _near(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), n=1)
    return f'did you mean "{near[0]}"? ' if near else ''


# --- for programs


def _answer_lines(lines: Iterable[bytes]) -> int:
    for line in lines:
        print(json.dumps(answer(line)), flush=True)
    return 0


def answer(line: bytes) -> Answer:
    """The answer to one line. Never raises: a line that is no question is answered, too."""
    from liftlock.language.expressions.json_value import strict

    try:
        question = strict(line.decode('utf-8').strip())
    except ValueError as error:  # which a wrong encoding is, too
        return _refusal('input', f'the line is not JSON: {error}')
    if not isinstance(question, dict) or not isinstance(question.get('expr'), str):
        return _refusal('input', 'expected an object with a text under "expr"')
    contexts = question.get('contexts') or {}
    if not isinstance(contexts, dict):
        return _refusal('input', 'expected an object under "contexts"')
    try:
        named = {name.lower(): value for name, value in contexts.items()}
        expression = parse(str(question['expr']), Known(frozenset(named)))
        value = expression.evaluate(Scope(named))
    except ExpressionError as error:
        return _refusal(error.kind, error.message)
    return {'kind': kind(value), 'value': portable(value)}


def _refusal(reason: str, message: str) -> Answer:
    return {'error': {'kind': reason, 'message': message}}


def portable(value: Value) -> object:
    """The value as JSON can say it: whole numbers as such, NaN and Infinity as texts."""
    if isinstance(value, dict):
        return {name: portable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [portable(item) for item in value]
    if not isinstance(value, float):
        return value
    if value != value:
        return 'NaN'
    if value in (inf, -inf):
        return 'Infinity' if value > 0 else '-Infinity'
    return int(value) if value.is_integer() and abs(value) < _EXACT else value
