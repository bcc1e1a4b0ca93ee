"""What taking an event in came to, and what may be asked of it.

intake = Intake(bench, carry)
outcome = await intake.take(repository, event, 'poll:…')     # fetch, plan, submit, carry
outcome = await intake.dispatch(repository, Dispatch(…), who)  # workflow_dispatch
outcome = await intake.send(repository, 'deploy', {…}, who)    # repository_dispatch
outcome = await intake.approve(number, who)                    # what is held
offers = await intake.offers(repository, ref)                  # workflows and their inputs
"""

from collections.abc import Mapping

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.store.intakes import Decision


class Outcome(NamedTuple):
    """`intake` is the number under which it is written down; `runs` are those that it made. status
    and `said` are the intake's."""

    intake: int
    status: str
    said: str
    decisions: tuple[Decision, ...] = ()

    @property
    def runs(self) -> tuple[int, ...]:
        return tuple(one.run for one in self.decisions if one.run)


class Dispatch(NamedTuple):
    """`workflow` is its path, its file's name or its name; `ref` a branch or a tag, short or full,
    '' for the default branch. `inputs` as people give them, or of their types."""

    workflow: str
    ref: str = ''
    inputs: Mapping[str, Value] = {}


class Offered(NamedTuple):
    """One input of a form. `type`: string, boolean, number, choice, environment. `options` are
    those of a choice, or the environments that `liftlock.yml` knows."""

    name: str
    type: str
    description: str
    required: bool
    default: Value
    options: tuple[str, ...] = ()


class Offer(NamedTuple):
    """A workflow at a ref. `dispatched`: it may be started by hand. `mistake`: why it cannot be
    read; then there is nothing else to tell."""

    path: str
    name: str
    dispatched: bool
    inputs: tuple[Offered, ...] = ()
    events: tuple[str, ...] = ()
    mistake: str = ''
