"""What the store of this machine keeps for runs that are started, or taken up, from here."""

from collections.abc import Mapping
from contextlib import closing

from liftlock.cli import wiring
from liftlock.engine import stored
from liftlock.engine.stored import SECRET as SECRET
from liftlock.engine.stored import VARIABLE as VARIABLE
from liftlock.engine.stored import Values
from liftlock.engine.submission import Submission, Terms
from liftlock.plan.event import Event


def variables(where: wiring.Place, event: Event) -> Values:
    """Asking makes no store. Without a key there are none: `terms` finds out if one is lost."""
    if not wiring.has_store(where) or not wiring.key_file(where).exists():
        return {}
    with closing(wiring.opened(where)) as store:
        return stored.values(store, wiring.key_file(where), event, VARIABLE)


def names(where: wiring.Place, repository: str, kind: str) -> frozenset[str]:
    """Of those that are stored, for whichever environment. Asking makes no store."""
    if not wiring.has_store(where):
        return frozenset()
    from liftlock.store.secrets import Safe

    with closing(wiring.opened(where)) as store:
        safe = Safe(store, kind=kind)
        return frozenset(one.name for of in (repository, '') for one in safe.listed(of))


def terms(works: wiring.Works, event: Event, given: Mapping[str, str], by: str) -> Terms:
    """What somebody adds who carries a run out here. UserError."""
    return stored.terms(works.store, wiring.key_file(works.place), event, given, by)


def again(works: wiring.Works, run: int, given: Terms, by: str) -> Terms:
    """The same, for a run that has a past."""
    submission: Submission = works.engine.submission(run)
    return terms(works, submission.request.event, given.secrets, by)
