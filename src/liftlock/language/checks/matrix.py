"""The matrix: how many jobs it makes, what its include and exclude do, and who reads it.

Only what is written out is judged. A matrix with an expression in it may become anything.
"""

from collections.abc import Iterator
from itertools import islice, product
from math import prod
from typing import Final

from liftlock.language.action import Action
from liftlock.language.checks.subject import Subject, written
from liftlock.language.checks.walk import Use, keys, leaves
from liftlock.language.diagnostics import Diagnostic, Severity
from liftlock.language.nearest import suggestion
from liftlock.language.records import NamedTuple
from liftlock.language.rule import Rule
from liftlock.language.template import Computed, Insert, Literal, Mapping, Sequence, Token
from liftlock.language.workflow import AnyJob

UNKNOWN: Final = Rule(
    'matrix-unknown',
    Severity.WARNING,
    'An expression reads `matrix.<key>`, but the job has no matrix, or its matrix has no such key.',
    'The expression is empty, and nothing fails: a job may run on the default version of'
    ' everything, many times.',
    'Add the key to the matrix, or correct the name.',
)
TOO_MANY: Final = Rule(
    'matrix-size',
    Severity.ERROR,
    'A matrix makes more than 256 jobs.',
    'GitHub refuses it.',
    'Leave combinations out with `exclude`, or list the wanted ones with `include`.',
)
DUPLICATE: Final = Rule(
    'matrix-duplicate',
    Severity.WARNING,
    'A value stands twice in one row of a matrix.',
    'The same job runs twice. In YAML `3.1` and `3.10` are one number.',
    'Remove one, or put quotes around version numbers.',
)
EXCLUDE: Final = Rule(
    'matrix-exclude',
    Severity.WARNING,
    'An item of `exclude` fits no combination of the matrix.',
    'It excludes nothing, so a job runs that somebody did not want to run.',
    'Write the values exactly as they stand in the matrix.',
)
RULES: Final = (UNKNOWN, TOO_MANY, DUPLICATE, EXCLUDE)
MOST: Final = 256
LIMIT: Final = 20_000  # combinations that are looked at; beyond, only their number is said


class Matrix(NamedTuple):
    """A matrix whose rows are written out."""

    rows: dict[str, tuple[Token, ...]]
    include: tuple[Token, ...]
    exclude: tuple[Token, ...]


def check(subject: Subject) -> Iterator[Diagnostic]:
    workflow = subject.document
    if isinstance(workflow, Action):
        return
    yield from _references(subject)
    for job in workflow.jobs.values():
        matrix = _written_out(job.strategy.matrix)
        if matrix is not None:
            yield from _duplicates(subject, matrix)
            yield from _combinations(subject, job, matrix)


# --- who reads it


def _references(subject: Subject) -> Iterator[Diagnostic]:
    for use in subject.uses:
        if use.job is None:
            continue
        strategy = use.job.strategy
        known = _known_keys(strategy.matrix) if strategy.computed is None else None
        for path in use.references:
            if path[0] != 'matrix' or len(path) < 2 or path[1] in (None, '*') or known is None:
                continue
            if path[1] not in {name.lower() for name in known}:
                yield _unknown(subject, use, use.job, str(path[1]), known)


def _unknown(subject: Subject, use: Use, job: AnyJob, key: str, known: list[str]) -> Diagnostic:
    span = subject.spot(use.computed.span, written(('matrix', key)))
    key = subject.spelled(span, key)
    listed = f'its keys are: {", ".join(known)}' if known else ''
    message = f'job "{job.id.value}" has no matrix, so matrix.{key} is empty'
    if known:
        message = f'the matrix of job "{job.id.value}" has no "{key}"'
    return subject.found(UNKNOWN, span, message, suggestion(key, known, listed))


def _known_keys(token: Token | None) -> list[str] | None:
    """Keys that a combination may have; None when only the run will tell."""
    if token is None:
        return []
    if not isinstance(token, Mapping) or any(not isinstance(k, Literal) for k, _ in token.entries):
        return None
    rows = keys(token)
    include = rows.pop('include', None)
    rows.pop('exclude', None)
    known = list(rows)
    if include is not None:
        if not isinstance(include, Sequence):
            return None
        for item in include.items:
            if not isinstance(item, Mapping) or any(
                not isinstance(key, Literal) for key, _ in item.entries
            ):
                return None
            known += [key for key in keys(item) if key not in known]
    return known


# --- what it makes


def _written_out(token: Token | None) -> Matrix | None:
    if not isinstance(token, Mapping) or any(isinstance(leaf, Computed) for leaf in leaves(token)):
        return None
    if any(isinstance(key, Insert) for key, _ in token.entries):
        return None
    rows: dict[str, tuple[Token, ...]] = {}
    for key, value in keys(token).items():
        if not isinstance(value, Sequence):
            return None
        rows[key] = value.items
    return Matrix(rows, rows.pop('include', ()), rows.pop('exclude', ()))


def _duplicates(subject: Subject, matrix: Matrix) -> Iterator[Diagnostic]:
    for key, values in matrix.rows.items():
        seen: dict[object, Token] = {}
        for value in values:
            first = seen.setdefault(_plain(value), value)
            if first is not value:
                yield subject.found(
                    DUPLICATE,
                    value.span,
                    f'{_shown(value)} is in "{key}" twice',
                    _quotes(first, value),
                )


def _quotes(first: Token, second: Token) -> str:
    if isinstance(first, Literal) and isinstance(second, Literal) and first.text != second.text:
        return f"as numbers, {first.text} and {second.text} are the same: write '{second.text}'"
    return ''


def _combinations(subject: Subject, job: AnyJob, matrix: Matrix) -> Iterator[Diagnostic]:
    names = list(matrix.rows)
    if not all(matrix.rows.values()):
        return  # a row without values was told when the file was read
    excludes = [_plain(item) for item in matrix.exclude]
    idle = set(range(len(excludes)))
    left = 0
    for values in islice(product(*matrix.rows.values()), LIMIT if names else 0):
        combination = {name: _plain(value) for name, value in zip(names, values, strict=True)}
        fitting = {at for at, item in enumerate(excludes) if _fits(item, combination)}
        idle -= fitting
        left += not fitting
    if prod(map(len, matrix.rows.values())) <= LIMIT:
        for at in sorted(idle):
            if not matrix.rows.keys() >= keys(matrix.exclude[at]).keys():
                continue  # that was told when the file was read
            message = 'this excludes nothing: no combination of the matrix is like it'
            yield subject.found(EXCLUDE, matrix.exclude[at].span, message)
    left = left if names else len(matrix.include)
    if left > MOST:
        message = f'this matrix makes {left if left < LIMIT else "far more than 256"} jobs'
        span = subject.spot(job.span, r'\bmatrix\b')
        yield subject.found(TOO_MANY, span, message, f'the limit is {MOST}')


def _fits(item: object, combination: dict[str, object]) -> bool:
    """Whether every leaf of an exclude equals the same leaf of the combination."""
    if not isinstance(item, frozenset) or not item:
        return False
    return all(_within(value, combination.get(str(key))) for key, value in item)


def _within(part: object, whole: object) -> bool:
    """GitHub compares leaves with `==`: numbers and texts meet as numbers, case is ignored."""
    if isinstance(part, frozenset):
        if not isinstance(whole, frozenset):
            return False
        values = dict(whole)
        return all(_within(value, values.get(key)) for key, value in part)
    if isinstance(part, tuple):
        return isinstance(whole, tuple) and all(map(_within, part, whole))
    return part == whole or _text(part) == _text(whole)


def _text(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return str(float(value or 0))
    try:
        return str(float(str(value)))
    except ValueError:
        return str(value)


def _plain(token: Token) -> object:
    """A value that can be compared and hashed."""
    match token:
        case Literal(str(text)):
            return text.lower()
        case Literal(value):
            return value
        case Sequence(items):
            return tuple(map(_plain, items))
        case Mapping():
            return frozenset((key.lower(), _plain(value)) for key, value in keys(token).items())
        case _:
            return None


def _shown(token: Token) -> str:
    return f'"{token.text or token.value}"' if isinstance(token, Literal) else 'this value'
