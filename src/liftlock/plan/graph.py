"""The picture of a plan as data: what `liftlock plan` prints and the web page draws.

Nothing has run yet, so what depends on outputs of other jobs is not known: the picture assumes that
every job which runs succeeds, and says where more than that decides.
"""

from collections.abc import Iterator

from liftlock.language.records import NamedTuple
from liftlock.language.template import Computed
from liftlock.language.workflow import Call
from liftlock.plan import growth, status
from liftlock.plan.evaluation import Evaluator, Unusable, is_computed, names_in
from liftlock.plan.job import display, early_name, leg_contexts, prepare
from liftlock.plan.plan import Plan
from liftlock.plan.tree import Frame, Leg, Slot


class LegNode(NamedTuple):
    """One leg of a matrix."""

    name: str
    labels: tuple[str, ...] = ()
    environment: str = ''


class Node(NamedTuple):
    """One job as far as it is known before anything ran.

    `outcome` is `runs`, `skipped` (its `if` says no already), `depends` (on what other jobs give)
    or `refused`. `legs` is None when what they are depends on outputs of other jobs; then, and
    where legs have different ones, `labels` is empty. `inside` are the jobs of a call, leg by leg.
    """

    key: str
    name: str
    needs: tuple[str, ...]  # keys
    stage: int  # 0 for jobs that need none; else one more than the last job it needs
    outcome: str
    reason: str = ''  # why it is skipped or refused, or on what it depends
    labels: tuple[str, ...] = ()
    legs: tuple[LegNode, ...] | None = ()
    environment: str = ''
    uses: str = ''  # the called workflow
    inside: tuple['Node', ...] = ()


def graph(plan: Plan) -> tuple[Node, ...]:
    """The jobs of a plan, in the order of the file; those of a call stand inside it."""
    return tuple(_nodes(growth.root(plan), plan))


def stages(nodes: tuple[Node, ...]) -> tuple[tuple[Node, ...], ...]:
    """Jobs that may run side by side, in columns."""
    last = max((node.stage for node in nodes), default=-1)
    return tuple(
        tuple(node for node in nodes if node.stage == number) for number in range(last + 1)
    )


def _nodes(frame: Frame, plan: Plan) -> Iterator[Node]:
    """Slots are settled as if they had succeeded, needs before those that need them."""
    made: dict[str, Node] = {}
    for slot in _in_order(frame):
        stage = 1 + max((made[need.key].stage for need in slot.needs), default=-1)
        node = _node(slot, plan, stage)
        skipped = node.outcome == 'skipped'
        slot.result = 'skipped' if skipped else 'success'
        slot.good = not skipped and all(need.good for need in slot.needs)
        made[slot.key] = node
    for slot in frame.slots.values():
        yield made[slot.key]


def _in_order(frame: Frame) -> Iterator[Slot]:
    done: set[str] = set()
    waiting = list(frame.slots.values())
    while waiting:
        ready = [slot for slot in waiting if all(need.key in done for need in slot.needs)]
        yield from ready
        done.update(slot.key for slot in ready)
        waiting = [slot for slot in waiting if slot.key not in done]


def _node(slot: Slot, plan: Plan, stage: int) -> Node:
    job = slot.job
    needs = tuple(need.key for need in slot.needs)
    uses = str(job.uses.value) if isinstance(job, Call) else ''
    node = Node(slot.key, '', needs, stage, 'runs', uses=uses)
    slot.contexts = growth.slot_contexts(slot, 1)
    node = node._replace(name=early_name(slot))
    waits = job.condition is not None and _asks_others(job.condition)
    try:
        if waits:
            node = node._replace(outcome='depends', reason=f'if: {status.written(slot)}')
        elif not status.holds(slot, cancelled=False):
            return node._replace(outcome='skipped', reason=status.why_not(slot, cancelled=False))
        return _with_legs(node, slot, plan)
    except growth.PROBLEMS as problem:
        return node._replace(outcome='refused', reason=growth.explain(problem, slot))


def _asks_others(condition: Computed) -> bool:
    """Whether it looks at what other jobs gave, or at a failure that may never come."""
    expression = condition.expression
    return 'needs' in expression.names or 'failure' in expression.calls


def _with_legs(node: Node, slot: Slot, plan: Plan) -> Node:
    strategy = slot.job.strategy
    token = strategy.matrix or strategy.computed
    if is_computed(token) and 'needs' in names_in(token):
        return node._replace(legs=None, inside=_inside(Leg(slot, slot.key), plan))
    legs = growth.expand(slot, plan.request)
    if not legs:
        return node._replace(outcome='skipped', reason='its matrix has no leg that was asked for')
    if isinstance(slot.job, Call):
        named = tuple(LegNode(_name(leg)) for leg in legs) if token else ()
        inside = tuple(inner for leg in legs for inner in _inside(leg, plan))
        return node._replace(legs=named, inside=inside)
    prepared = [_prepared(leg, plan) for leg in legs]
    first = prepared[0]
    labels = first.labels if all(job.labels == first.labels for job in prepared) else ()
    node = node._replace(labels=labels, environment=first.environment)
    if not token:
        return node._replace(name=first.name)
    return node._replace(legs=tuple(LegNode(*job) for job in prepared))


def _name(leg: Leg) -> str:
    known = leg_contexts(leg, 1)
    return display(leg, Evaluator(leg.slot.frame.workflow.path, known))


def _inside(leg: Leg, plan: Plan) -> tuple[Node, ...]:
    """The jobs that one leg of a call calls."""
    if not isinstance(leg.slot.job, Call):
        return ()
    growth.call(leg, plan, 1)
    assert leg.inside is not None
    return tuple(_nodes(leg.inside, plan))


class _Prepared(NamedTuple):
    name: str
    labels: tuple[str, ...] = ()
    environment: str = ''


def _prepared(leg: Leg, plan: Plan) -> _Prepared:
    """What is known of one job. One that needs others may want what only they can give."""
    try:
        job = prepare(leg, plan.request, 1)
    except Unusable:
        if leg.slot.needs:
            return _Prepared(early_name(leg.slot))
        raise
    return _Prepared(job.name, job.labels, job.environment)
