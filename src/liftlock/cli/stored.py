"""What the store keeps for the runs of a repository: its secrets and variables.

A run of code that somebody proposed from outside gets none of them. What is given by hand goes
before what is stored, in every environment.
"""

from collections.abc import Mapping
from contextlib import closing
from functools import partial

from liftlock.cli import wiring
from liftlock.engine.submission import Submission, Terms
from liftlock.plan.event import Event
from liftlock.plan.trust import from_outside
from liftlock.store import runs
from liftlock.store.database import Store, open_store

SECRET, VARIABLE = 'secret', 'variable'  # as in `store.secrets`, which few runs need
Values = Mapping[str, Mapping[str, str]]  # by environment in lower case; '' for the repository's


def variables(where: wiring.Place, event: Event) -> Values:
    """Asking makes no store. Without a key there are none: `terms` finds out if one is lost."""
    if not (where.state / 'liftlock.db').exists() or not wiring.key_file(where).exists():
        return {}
    with closing(open_store(where.state)) as store:
        return _values(where, store, event, VARIABLE)


def names(where: wiring.Place, repository: str, kind: str) -> frozenset[str]:
    """Of those that are stored, for whichever environment. Asking makes no store."""
    if not (where.state / 'liftlock.db').exists():
        return frozenset()
    from liftlock.store.secrets import Safe

    with closing(open_store(where.state)) as store:
        return frozenset(entry.name for entry in Safe(store, kind=kind).listed(repository))


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


def terms(works: wiring.Works, event: Event, given: Mapping[str, str], by: str) -> Terms:
    """What somebody adds who carries a run out here. UserError if what is stored cannot be read:
    better now than when a job begins."""
    where, store = works.place, works.store
    stored = partial(_values, where, store, event, SECRET)
    stored()
    if not wiring.key_file(where).exists():
        _values(where, store, event, VARIABLE)
    return Terms(given, stored, by)


def again(works: wiring.Works, run: int, given: Terms, by: str) -> Terms:
    """The same, for a run that has a past."""
    submission: Submission = works.engine.submission(run)
    return terms(works, submission.request.event, given.secrets, by)


def _values(where: wiring.Place, store: Store, event: Event, kind: str) -> Values:
    if from_outside(event) or kind not in runs.kept_for(store, event.repository):
        return {}
    from liftlock.store.secrets import Safe

    return Safe(store, wiring.key_file(where), kind).values(event.repository)
