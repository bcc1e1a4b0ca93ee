"""An artifact that a command line names."""

from liftlock.errors import UserError
from liftlock.store import artifacts, runs
from liftlock.store.artifacts import Artifact
from liftlock.store.database import Store


def find(store: Store, name: str, run: str) -> Artifact:
    """Of that run, a number or `last`; of several parts the newest. UserError."""
    found = runs.find(store, run)
    kept = [one for one in artifacts.listed(store, found.id) if one.name == name]
    if not kept:
        raise UserError(
            f'there is no file {name}, and run {found.id} kept no artifact of that name',
            'see what there is: liftlock artifacts',
        )
    return kept[-1]
