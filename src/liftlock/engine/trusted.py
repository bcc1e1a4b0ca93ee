"""Where jobs run that would run on the host: there as long as their code is trusted, and no longer.

A run says where its jobs may be when it is submitted. It is asked again before each of them, for a
run can be started again when its repository has lost the trust.
"""

from liftlock.engine import labels
from liftlock.plan.event import Event
from liftlock.plan.trust import from_outside
from liftlock.store import repositories
from liftlock.store.database import Store


def otherwise(store: Store, event: Event, said: str) -> str:
    """`said` is what the run was submitted with."""
    if from_outside(event):
        return labels.CONFINED
    if said != labels.HOST:
        return said
    found = repositories.find(store, event.repository)
    return labels.HOST if found is not None and found.trusted else labels.SANDBOX
