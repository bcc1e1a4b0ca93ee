"""What we and our own code inside a sandbox tell one another about a stage of a stand-in."""

from collections.abc import Mapping
from typing import Any, Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.runner.ports import World

LINE: Final = 3  # the descriptor under which the process inside finds its socket

# How a stage, or what it asked for, has failed.
FAILED: Final = 'failed'  # StepFailed
USER: Final = 'user'  # UserError
SYSTEM: Final = 'system'  # OSError
BUG: Final = 'bug'


class Given(NamedTuple):
    """A stage, and its workbench. What of the world does work is not in there."""

    module: str
    stage: str
    job: str
    ref: str
    inputs: Mapping[str, str]
    state: Mapping[str, str]
    env: Mapping[str, str]
    github: Mapping[str, Value]
    workspace: str
    temp: str
    home: str
    in_container: bool
    subjects: tuple[tuple[str, str], ...]
    world: World


class Pull(NamedTuple):
    """The step is to end."""

    level: int


class Reply(NamedTuple):
    """`env` is that of the step, if it may have changed."""

    number: int
    value: Any
    env: Mapping[str, str] | None = None


class Refusal(NamedTuple):
    number: int
    kind: str
    message: str
    hint: str = ''
