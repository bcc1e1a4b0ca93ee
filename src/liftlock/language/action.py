"""action.yml: what an action takes, gives and runs."""

from typing import TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.language.template import Computed, Literal, Mapping, Token
from liftlock.language.workflow import Step


class ActionInput(NamedTuple):
    name: str
    default: Token | None = None
    required: bool = False
    deprecation: str = ''


class ActionOutput(NamedTuple):
    """`value` is given by composite actions only."""

    name: str
    value: Token | None = None


class JavaScript(NamedTuple):
    """`using` is node12 … node24. `pre_if` and `post_if` default to `always()`."""

    using: str
    main: str
    pre: str = ''
    post: str = ''
    pre_if: Computed | None = None
    post_if: Computed | None = None


class Composite(NamedTuple):
    steps: tuple[Step, ...]


class Docker(NamedTuple):
    image: str
    entrypoint: str = ''
    pre_entrypoint: str = ''
    post_entrypoint: str = ''
    args: Token | None = None
    env: Mapping | None = None
    pre_if: Computed | None = None
    post_if: Computed | None = None


Runs: TypeAlias = JavaScript | Composite | Docker


class Action(NamedTuple):
    path: str
    name: str
    runs: Runs
    inputs: tuple[ActionInput, ...] = ()
    outputs: tuple[ActionOutput, ...] = ()
    description: str = ''
    author: Literal | None = None
