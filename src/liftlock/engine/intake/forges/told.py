"""What a delivery tells."""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple

# What a forge's own runs make happen: here our own do.
OWN: Final = ('workflow_run', 'workflow_dispatch', 'workflow_job', 'schedule')


class Told(NamedTuple):
    """`name` and `payload` as GitHub has them."""

    name: str
    payload: Mapping[str, Value]
    actor: str


class Ignored(NamedTuple):
    """Why nothing comes of it: a sentence."""

    reason: str
