"""What the gates of `liftlock.yml` say of a version that is to be deployed: by what the runs of its
commit have handed in so far.

They are asked again whenever those runs have handed in something more, and once a minute, as
advisories grow old. Whoever goes back to an earlier version asks no gate, nor does who puts back
what succeeded last, from which somebody has strayed: its reports may be long gone.
"""

from functools import lru_cache
from typing import Final

from liftlock.engine import declared, evidence
from liftlock.errors import UserError
from liftlock.gates.verdict import Outcome, Verdict
from liftlock.rollout import facts as f
from liftlock.rollout.deployment import Deployment
from liftlock.store import runs
from liftlock.store.database import Store
from liftlock.store.runs import Run

MINUTE: Final = 60.0
NOWHERE: Final = Verdict(
    'gates', Outcome.UNDECIDED, 'no run has made this version, so nothing was handed in'
)


def verdicts(
    store: Store, one: Deployment, last: Deployment | None, text: str, now: float
) -> tuple[Verdict, ...]:
    """`last` is what succeeded there last, `text` that of `liftlock.yml`. UserError if that has
    mistakes."""
    if 'gates' not in text or one.request.kind == f.ROLLBACK or _is_put_back(one, last):
        return ()
    if declared.parsed(text).gates is None:
        return ()
    number = one.request.run or one.version.run
    if not number:
        return (NOWHERE,)
    try:
        run = runs.find(store, str(number))
    except UserError:  # it is not there any more
        return (NOWHERE,)
    known = evidence.newest(store, run)
    return _judged(store, run, text, known, int(now // MINUTE))


def _is_put_back(one: Deployment, last: Deployment | None) -> bool:
    return one.request.kind == f.SYNC and last is not None and one.version.id == last.version.id


@lru_cache(maxsize=16)
def _judged(
    store: Store, run: Run, text: str, known: tuple[tuple[int, int, int], ...], minute: int
) -> tuple[Verdict, ...]:
    """`known` is no more than a reason to ask anew."""
    gates = declared.parsed(text).gates
    assert gates is not None
    return evidence.judged(store, gates, run, minute * MINUTE)
