"""What a matrix stands for: the combinations of its vectors, less `exclude`, plus `include`.

1. Every key but include and exclude is a vector. Their cross product, first key slowest.
2. A combination goes if all leaves of some `exclude` item equal its own (loosely, as `==` does).
3. The keys of an `include` item that are vectors are its filter, the others its extras. It adds its
   extras to every combination that its filter fits (always, with no filter; later items win over
   earlier ones). An item that fits none becomes a combination of its own, at the end, which no
   other item joins.

Source: GitHub's MatrixBuilder, and its documentation of `jobs.<id>.strategy.matrix`.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final

from liftlock.language.expressions.values import Value, equal, to_text
from liftlock.language.records import NamedTuple
from liftlock.language.template import Literal, Mapping, Sequence, Token
from liftlock.language.workflow import Call, Workflow

MOST: Final = 256  # jobs of one matrix
_TOO_MANY_TO_COUNT: Final = 100_000  # combinations before exclude


class BadMatrix(Exception):
    """No jobs can be made from this; the message says why, in GitHub's words where it has some."""


class Configuration(NamedTuple):
    """One leg. `values` is its `matrix` context; `segments` are for its name: what came from the
    vectors (or all of it, for a leg that `include` made)."""

    values: dict[str, Value]
    segments: tuple[str, ...]


class Include(NamedTuple):
    filter: dict[str, Value]
    extras: dict[str, Value]


def expand(matrix: Value) -> tuple[Configuration, ...]:
    """The legs of an evaluated `matrix:`, in GitHub's order. Raises BadMatrix."""
    if not isinstance(matrix, dict):
        raise BadMatrix('A matrix must be a mapping')
    vectors = {
        key: _vector(key, value)
        for key, value in matrix.items()
        if key not in ('include', 'exclude')
    }
    names = {name.lower(): name for name in vectors}
    includes = [_include(item, names) for item in _items(matrix, 'include')]
    excludes = [_exclude(item, names) for item in _items(matrix, 'exclude')]
    if not vectors and not includes:
        raise BadMatrix('Matrix must define at least one vector')
    legs = tuple(_legs(vectors, includes, excludes))
    if len(legs) > MOST:
        raise BadMatrix(f'Matrix makes {len(legs)} jobs; more than {MOST} are not allowed')
    return legs


def _legs(
    vectors: dict[str, list[Value]], includes: list[Include], excludes: list[dict[str, Value]]
) -> Iterator[Configuration]:
    unused = [True] * len(includes)
    for values in _combinations(vectors):
        if any(fits(exclude, values) for exclude in excludes):
            continue
        extras: dict[str, Value] = {}
        for number, include in enumerate(includes):
            if fits(include.filter, values):
                unused[number] = False
                extras.update(include.extras)
        yield Configuration({**values, **extras}, tuple(segments(values)))
    for include, alone in zip(includes, unused, strict=True):
        if alone:
            values = {**include.filter, **include.extras}
            yield Configuration(values, tuple(segments(values)))


def _combinations(vectors: dict[str, list[Value]]) -> Iterator[dict[str, Value]]:
    if not vectors:
        return
    size = 1
    for vector in vectors.values():
        size *= len(vector)
    if size > _TOO_MANY_TO_COUNT:
        raise BadMatrix(f'Matrix makes {size} jobs; more than {MOST} are not allowed')
    for values in product(*vectors.values()):
        yield dict(zip(vectors, values, strict=True))


def fits(wanted: Value, found: Value) -> bool:
    """Whether every leaf of what is wanted equals what stands at the same place."""
    if isinstance(wanted, dict):
        inside = (
            {key.lower(): value for key, value in found.items()} if isinstance(found, dict) else {}
        )
        return all(fits(value, inside.get(key.lower())) for key, value in wanted.items())
    if isinstance(wanted, list):
        items = found if isinstance(found, list) else []
        return all(
            fits(value, items[index] if index < len(items) else None)
            for index, value in enumerate(wanted)
        )
    return equal(wanted, found)


def segments(value: Value) -> Iterator[str]:
    """The leaves that a name shows: not nulls, not empty strings."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from segments(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from segments(inner)
    elif value is not None and value != '':
        yield to_text(value)


# --- reading what was given


def _vector(key: str, value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise BadMatrix(f"Matrix vector '{key}' must be a sequence")
    if not value:
        raise BadMatrix(f"Matrix vector '{key}' does not contain any values")
    return value


def _items(matrix: dict[str, Value], key: str) -> list[dict[str, Value]]:
    given = matrix.get(key, [])
    if not isinstance(given, list):
        raise BadMatrix(f'Matrix {key} must be a sequence of mappings')
    items = [item for item in given if isinstance(item, dict)]
    if len(items) != len(given):
        raise BadMatrix(f'Matrix {key} must be a sequence of mappings')
    return items


def _include(item: dict[str, Value], names: dict[str, str]) -> Include:
    if not item:
        raise BadMatrix('Matrix include mapping does not contain any values')
    vectors = {names[key.lower()]: value for key, value in item.items() if key.lower() in names}
    extras = {key: value for key, value in item.items() if key.lower() not in names}
    return Include(vectors, extras)


def _exclude(item: dict[str, Value], names: dict[str, str]) -> dict[str, Value]:
    if not item:
        raise BadMatrix('Matrix exclude filter must not be empty')
    for key in item:
        if key.lower() not in names:
            raise BadMatrix(f"Matrix exclude key '{key}' does not match any key within the matrix")
    return item


def written_keys(workflow: Workflow) -> Iterator[str]:
    """Keys of all matrices; '' where some are not known before jobs have run."""
    for job in workflow.jobs.values():
        if isinstance(job, Call) or job.strategy.computed:
            yield ''
        elif job.strategy.matrix is not None:
            yield from _keys(job.strategy.matrix)


def _keys(matrix: Token) -> Iterator[str]:
    if not isinstance(matrix, Mapping):
        yield ''
        return
    for key, value in matrix.entries:
        if not isinstance(key, Literal):
            yield ''
        elif key.value not in ('include', 'exclude'):
            yield str(key.value)
        elif key.value == 'exclude':
            continue
        elif isinstance(value, Sequence):
            for row in value.items:
                yield from _keys(row)
        else:
            yield ''
