"""The picture of a plan as lines of text: stages from top to bottom, jobs with what they wait for.

CI: push on main  (.github/workflows/ci.yml)
  1  lint                  ubuntu-latest
     test                  ubuntu-latest
       test (3.11)
       test (3.12)
  2  deploy ← lint, test   calls ./.github/workflows/deploy.yml
       1  deploy / smoke   ubuntu-latest
"""

from collections.abc import Iterator
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.plan.event import Event
from liftlock.plan.graph import Node, graph, stages
from liftlock.plan.plan import Plan

UNKNOWN_LEGS: Final = '(a leg for each value that other jobs give)'
OUTCOMES: Final = {'skipped': 'skipped: ', 'depends': 'perhaps: ', 'refused': 'refused: '}


class Line(NamedTuple):
    left: str
    right: str = ''


def draw(plan: Plan) -> Iterator[str]:
    """Lines without trailing blanks or colours."""
    named = f'{plan.name}: ' if plan.workflow.name else ''
    yield f'{named}{_happened(plan.request.event)}  ({plan.workflow.path})'
    lines = list(_frame(graph(plan), '  '))
    width = max((len(line.left) for line in lines if line.right), default=0)
    for left, right in lines:
        yield f'{left.ljust(width)}  {right}'.rstrip()
    if plan.concurrency:
        yield f'  one at a time in the group {plan.concurrency.name}'


def _happened(event: Event) -> str:
    """`push on main`, `pull_request into main`."""
    if event.base_ref:
        return f'{event.name} into {event.base_ref.removeprefix("refs/heads/")}'
    ref = event.ref.removeprefix('refs/heads/').removeprefix('refs/tags/')
    return f'{event.name} on {ref}'


def _frame(nodes: tuple[Node, ...], indent: str) -> Iterator[Line]:
    """Jobs of one workflow, with the number of the stage before the first of each."""
    columns = stages(nodes)
    blank = ' ' * len(str(len(columns)))
    for number, column in enumerate(columns, 1):
        for place, node in enumerate(column):
            margin = str(number).rjust(len(blank)) if place == 0 else blank
            yield from _job(node, f'{indent}{margin}  ', f'{indent}{blank}    ')


def _job(node: Node, margin: str, inner: str) -> Iterator[Line]:
    needs = ', '.join(need.rpartition('/')[2] for need in node.needs)
    yield Line(f'{margin}{node.name}{f" ← {needs}" if needs else ""}', _facts(node))
    if node.outcome in OUTCOMES:
        yield Line(f'{inner}{OUTCOMES[node.outcome]}{node.reason}')
    if node.legs is None:
        yield Line(f'{inner}{UNKNOWN_LEGS}')
    for leg in node.legs or () if not node.inside else ():
        yield Line(f'{inner}{leg.name}', '' if node.labels else ', '.join(leg.labels))
    yield from _frame(node.inside, inner)


def _facts(node: Node) -> str:
    if node.outcome == 'skipped':
        return ''
    parts = [', '.join(node.labels)] if node.labels else []
    if node.uses:
        parts.append(f'calls {node.uses}')
    if node.environment:
        parts.append(f'environment {node.environment}')
    return '; '.join(parts)
