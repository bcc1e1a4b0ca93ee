"""What the store keeps for the runs of a repository: its secrets and variables.

A run of code that somebody proposed from outside gets none of them, and one that Dependabot set off
no secrets. What is given by hand goes
before what is stored, in every environment.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from liftlock.engine.submission import Terms
from liftlock.plan.event import Event
from liftlock.plan.trust import from_outside, only_reads
from liftlock.store import runs
from liftlock.store.database import Store

SECRET, VARIABLE = 'secret', 'variable'  # as in `store.secrets`, which few runs need
# By environment in lower case; '' for the repository's.
Values: TypeAlias = Mapping[str, Mapping[str, str]]


def values(store: Store, key_file: Path, event: Event, kind: str) -> Values:
    """UserError if what is stored cannot be read."""
    withheld = only_reads(event) if kind == SECRET else from_outside(event)
    if withheld or kind not in runs.kept_for(store, event.repository):
        return {}
    from liftlock.store.secrets import Safe

    return Safe(store, key_file, kind).values(event.repository)


def above(
    given: Mapping[str, str], stored: Values
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The repository's variables and those of its environments, with those given by hand instead
    of every one of the same name."""
    names = {name.upper() for name in given}
    kept = {
        environment: {name: value for name, value in values.items() if name not in names}
        for environment, values in stored.items()
    }
    return {**kept.pop('', {}), **given}, kept


def terms(store: Store, key_file: Path, event: Event, given: Mapping[str, str], by: str) -> Terms:
    """What somebody adds who carries a run out here. UserError if what is stored cannot be read:
    better now than when a job begins."""
    stored = partial(values, store, key_file, event, SECRET)
    stored()
    if not key_file.exists():
        values(store, key_file, event, VARIABLE)
    return Terms(given, stored, by)
