"""The environments to which the jobs of a plan deploy, as far as that is known before it runs."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from liftlock.language.template import Literal
from liftlock.language.workflow import Call
from liftlock.plan.plan import Plan

if TYPE_CHECKING:
    from liftlock.plan.graph import Node


def named(plan: Plan) -> tuple[str, ...]:
    """Their names, each once; '' where only other jobs can tell."""
    found = [*_written(plan), *_bound(plan)]
    if '' in found:
        from liftlock.plan import graph

        found += _computed(graph.graph(plan))
    return tuple(dict.fromkeys(found))


def _written(plan: Plan) -> Iterator[str]:
    """In the file itself and in those that it calls; '' for an expression."""
    for workflow in (plan.workflow, *plan.workflows.values()):
        for job in workflow.jobs.values():
            if not isinstance(job, Call) and job.environment is not None:
                name = job.environment.name
                yield str(name.value) if isinstance(name, Literal) else ''


def _bound(plan: Plan) -> Iterator[str]:
    """By `deploys:` of `liftlock.yml`."""
    jobs = {name.lower() for name in plan.workflow.jobs}
    for job, environment in plan.request.deploys.items():
        if job.lower().partition('/')[0] in jobs:
            yield environment


def _computed(nodes: 'Iterable[Node]') -> Iterator[str]:
    for node in nodes:
        yield node.environment
        yield from (leg.environment for leg in node.legs or ())
        yield from _computed(node.inside)
