"""The picture of a plan as data: what `liftlock plan` prints and the web page draws."""

from typing import NamedTuple

from liftlock.plan.plan import Plan


class Node(NamedTuple):
    """One job as far as it is known before anything ran.

    `outcome` is `runs`, `skipped` (its `if` says no already), or `depends` (on what other jobs
    do). `legs` are the names of a matrix' legs; None when they depend on other jobs' outputs.
    """

    key: str
    name: str
    needs: tuple[str, ...]  # keys
    stage: int  # 0 for jobs that need none; else one more than the last job it needs
    outcome: str
    labels: tuple[str, ...] = ()
    legs: tuple[str, ...] | None = ()
    condition: str = ''
    environment: str = ''
    uses: str = ''  # the called workflow
    inside: tuple['Node', ...] = ()
    problem: str = ''  # why it would be refused


def graph(plan: Plan) -> tuple[Node, ...]:
    raise NotImplementedError
