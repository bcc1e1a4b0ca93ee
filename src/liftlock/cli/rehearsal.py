"""`liftlock run --dry-run`: what would run and with which actions; nothing is run or fetched."""

import sys
from collections.abc import Iterator, Mapping, Sequence

from liftlock.cli.colour import Paint, paint
from liftlock.language.records import NamedTuple
from liftlock.language.template import Literal
from liftlock.language.workflow import Call, Job, Parallel, Run, Step, Uses
from liftlock.plan import progress
from liftlock.plan.commands import Queue, Refuse, Skip
from liftlock.plan.plan import JobPlan, Plan
from liftlock.runner.actions.builtin import BUILTINS


class _Teller(NamedTuple):
    paint: Paint
    real_actions: bool


def show(planned: Sequence[Plan], reasons: Mapping[str, str], *, real_actions: bool) -> int:
    colours = paint(sys.stdout)
    for plan in planned:
        for line in _workflow(plan, _Teller(colours, real_actions)):
            print(line)
    for path, reason in reasons.items():
        print(colours.dim(f'{path} would not start: {reason}'))
    return 0


def _workflow(plan: Plan, teller: _Teller) -> Iterator[str]:
    yield teller.paint.bold(f'{plan.name}  ({plan.workflow.path})')
    due = progress.decide(progress.begin(plan))
    told = set()
    for command in due:
        match command:
            case Queue(ready):
                told.add(ready.job.id.value)
                yield from _job(ready, teller)
            case Skip(key, name, reason) | Refuse(key, name, reason):
                told.add(key)
                yield f'  {name}: {teller.paint.yellow(reason)}'
            case _:
                pass
    for key, job in plan.workflow.jobs.items():
        if key not in told:
            yield from _later(key, job, teller)


def _job(plan: JobPlan, teller: _Teller) -> Iterator[str]:
    yield f'  {plan.name}  {teller.paint.dim("on " + ", ".join(plan.labels))}'
    for step in plan.job.steps:
        yield from _step(step, '    ', teller)


def _later(key: str, job: Job | Call, teller: _Teller) -> Iterator[str]:
    needs = ', '.join(str(need.value) for need in job.needs)
    yield f'  {key}  {teller.paint.dim(f"after {needs}, if its condition holds then")}'
    match job:
        case Job(steps=steps):
            for step in steps:
                yield from _step(step, '    ', teller)
        case Call(uses=uses):
            yield f'    calls {uses.value}'


def _step(step: Step, indent: str, teller: _Teller) -> Iterator[str]:
    named = step.name.text or step.name.value if isinstance(step.name, Literal) else ''
    match step.does:
        case Uses(reference):
            reads = str(reference.value)
            yield f'{indent}{named or "Run " + reads}  <- {_where_from(reads, teller)}'
        case Run(script):
            text = str(script.value) if isinstance(script, Literal) else '${{ … }}'
            first = text.strip().partition('\n')[0]
            yield f'{indent}{named or "Run " + first}'
        case Parallel(steps):
            yield f'{indent}{named or "In parallel"}'
            for inner in steps:
                yield from _step(inner, indent + '  ', teller)
        case other:
            yield f'{indent}{named or type(other).__name__}'


def _where_from(uses: str, teller: _Teller) -> str:
    if uses.startswith(('./', '$/')):
        return 'this repository'
    if uses.startswith('docker://'):
        return 'a container image'
    name = uses.partition('@')[0].lower()
    stands_in = name in BUILTINS and not teller.real_actions
    return 'our stand-in' if stands_in else f'{uses}, fetched when it is needed'
