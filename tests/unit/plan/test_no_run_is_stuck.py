"""Whatever happens in whatever order, a run ends, and may be taken up again at any point."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from liftlock.plan import commands as c
from liftlock.plan import facts as f
from liftlock.plan.plan import Plan
from liftlock.plan.progress import Progress, State, advance, begin, decide, select
from story import HEAD, key, plan, told

CONDITIONS = (
    '',
    '',
    'always()',
    'failure()',
    'cancelled()',
    '!cancelled()',
    'false',
    "success('j0')",
)
INNER = '.github/workflows/inner.yml'
CALLED = """on: workflow_call
jobs:
  one: {runs-on: x, steps: [{run: echo}]}
  two: {needs: one, if: always(), runs-on: x, strategy: {matrix: {n: [1, 2]}}, steps: [{run: echo}]}
  three: {needs: [one, two], runs-on: x, steps: [{run: echo}]}
"""

Draw = Callable[[int], int]  # a number below the one given


class Shape(NamedTuple):
    needs: tuple[int, ...]
    condition: str
    legs: int
    max_parallel: int
    fail_fast: bool
    forgiving: bool
    environment: bool
    call: bool
    group: bool


def shapes(place: int) -> st.SearchStrategy[Shape]:
    return st.builds(
        Shape,
        needs=st.sets(st.integers(0, max(place - 1, 0)), max_size=min(place, 3)).map(tuple),
        condition=st.sampled_from(CONDITIONS),
        legs=st.integers(0, 3),
        max_parallel=st.integers(0, 2),
        fail_fast=st.booleans(),
        forgiving=st.booleans(),
        environment=st.booleans(),
        call=st.integers(0, 3).map(lambda number: number == 0),
        group=st.booleans(),
    )


workflows = st.integers(1, 5).flatmap(lambda count: st.tuples(*map(shapes, range(count))))


def written(jobs: tuple[Shape, ...]) -> str:
    lines = []
    for number, job in enumerate(jobs):
        lines.append(f'  j{number}:')
        lines.append(f'    needs: [{", ".join(f"j{need}" for need in job.needs)}]')
        if job.condition:
            lines.append(f'    if: ${{{{ {job.condition} }}}}')
        if job.legs:
            numbers = ', '.join(map(str, range(job.legs)))
            strategy = f'matrix: {{n: [{numbers}]}}, fail-fast: {str(job.fail_fast).lower()}'
            if job.max_parallel:
                strategy += f', max-parallel: {job.max_parallel}'
            lines.append(f'    strategy: {{{strategy}}}')
        if job.group:
            lines.append(f'    concurrency: group-{number}')
        if job.call:
            lines.append(f'    uses: ./{INNER}')
            continue
        lines.append(f'    continue-on-error: {str(job.forgiving).lower()}')
        if job.environment:
            lines.append('    environment: production')
        lines.append('    runs-on: x\n    steps: [{run: echo}]')
    return HEAD + '\n'.join(lines) + '\n'


class Engine:
    """Answers commands in any order; jobs end in any way, are lost, and runs are stopped."""

    def __init__(self, drawn: Draw, made: Plan) -> None:
        self.drawn = drawn
        self.plan = made
        self.progress = begin(made)
        self.facts: list[f.Fact] = []
        self.open: dict[str, c.Command] = {}  # not answered yet
        self.working: set[str] = set()
        self.losses = 4
        self.stops = 2

    def take(self, fact: f.Fact) -> None:
        self.facts.append(fact)
        advance(self.progress, fact)

    def run(self) -> None:
        while True:
            for command in decide(self.progress):
                self.open[key(command)] = command
            choices = [*self.open, *(self.working - set(self.open))]
            if not choices:
                return
            chosen = sorted(choices)[self.drawn(len(choices))]
            if self.stops and self.drawn(12) == 0:
                self.stops -= 1
                self.take(f.StopRequested('', 'enough', force=self.drawn(3) == 0))
            elif chosen in self.open:
                self.answer(self.open.pop(chosen))
            else:
                self.work(chosen)

    def answer(self, command: c.Command) -> None:
        match command:
            case c.Queue(job):
                self.take(f.JobQueued(job.key, job.name, job.labels))
                self.take(f.JobClaimed(job.key, 1, 1, 'w'))
                self.working.add(job.key)
            case c.Enter(job, name, _):
                self.take(f.JobQueued(job, name, ()))
            case c.Skip(job, name, reason):
                self.take(f.JobSkipped(job, name, reason))
            case c.Refuse(job, _, message):
                self.take(f.JobFinished(job, 'failure', {}, message))
            case c.Leave(job, conclusion):
                self.take(f.JobFinished(job, conclusion, {}))
            case c.Stop(job):
                conclusions = ('cancelled', 'success', 'failure')
                ended = conclusions[self.drawn(3)] if job in self.working else 'cancelled'
                self.working.discard(job)
                self.take(f.JobFinished(job, ended, {}))
            case c.Finish(conclusion):
                self.take(f.RunFinished(conclusion))

    def work(self, job: str) -> None:
        what = self.drawn(6)
        if what == 0:
            self.take(f.StepStarted(job, 1, '', ''))
            return
        self.working.discard(job)
        if what == 1 and self.losses:
            self.losses -= 1
            self.take(f.JobLost(job, 'silent', again=self.drawn(2) == 0))
        else:
            self.take(f.JobFinished(job, 'failure' if what == 2 else 'success', {}))


def folded(made: Plan, facts: list[f.Fact]) -> Progress:
    progress = begin(made)
    for fact in facts:
        advance(progress, fact)
    return progress


def engine(jobs: tuple[Shape, ...], seed: int) -> Engine:
    return Engine(Random(seed).randrange, plan(written(jobs), files={INNER: CALLED}))


seeds = st.integers(0, 10_000)


@given(workflows, seeds)
@settings(max_examples=60, deadline=None)
def test_every_run_ends_with_all_its_jobs_done(jobs: tuple[Shape, ...], seed: int) -> None:
    ours = engine(jobs, seed)
    ours.run()
    assert ours.progress.finished
    assert ours.progress.keys() == ours.progress.keys(State.DONE)


@given(workflows, seeds)
@settings(max_examples=60, deadline=None)
def test_a_run_taken_up_at_any_point_has_the_same_due(jobs: tuple[Shape, ...], seed: int) -> None:
    ours = engine(jobs, seed)
    ours.run()
    cut = ours.drawn(len(ours.facts) + 1)
    told_before: dict[str, str] = {}
    live = begin(ours.plan)
    for fact in ours.facts[:cut]:
        told_before.update((key(one), told(one)) for one in decide(live))
        advance(live, fact)
    told_before.update((key(one), told(one)) for one in decide(live))
    resumed = folded(ours.plan, ours.facts[:cut])
    keys = resumed.keys()
    assert keys == live.keys()
    assert [resumed.state(one) for one in keys] == [live.state(one) for one in keys]
    due = {key(one): told(one) for one in decide(resumed)}
    assert due.items() <= told_before.items()
    for fact in ours.facts[cut:]:
        advance(resumed, fact)
    assert resumed.finished == ours.progress.finished


@given(workflows, seeds)
@settings(max_examples=60, deadline=None)
def test_a_run_that_is_started_again_ends_again(jobs: tuple[Shape, ...], seed: int) -> None:
    ours = engine(jobs, seed)
    ours.run()
    keys = ours.progress.keys()
    named = [keys[ours.drawn(len(keys))]] if ours.drawn(2) else []
    ours.take(f.RunRestarted(2, select(ours.progress, jobs=named)))
    assert not ours.progress.finished
    ours.run()
    assert ours.progress.finished
    assert ours.progress.keys() == ours.progress.keys(State.DONE)
    assert folded(ours.plan, ours.facts).finished == ours.progress.finished
