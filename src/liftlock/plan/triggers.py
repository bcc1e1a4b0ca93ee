"""Which workflows an event starts, and why it does not start the others."""

from typing import NamedTuple

from liftlock.language.workflow import Trigger, Workflow
from liftlock.plan.event import Event


class Started(NamedTuple):
    trigger: Trigger


class NotStarted(NamedTuple):
    """`reason` is a sentence for people: "branch `dev` matches none of branches: main"."""

    reason: str


def starts(workflow: Workflow, event: Event) -> Started | NotStarted:
    raise NotImplementedError
