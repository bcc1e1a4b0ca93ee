"""Ways through a document: its steps, the expressions in a value, the keys of a mapping."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from liftlock.language.action import Action, Composite
from liftlock.language.expressions.nodes import Reference
from liftlock.language.records import NamedTuple
from liftlock.language.template import Computed, Literal, Mapping, Sequence, Token
from liftlock.language.workflow import (
    AnyJob,
    Call,
    Concurrency,
    Job,
    Parallel,
    Run,
    Step,
    Uses,
    Workflow,
)

Document: TypeAlias = Workflow | Action


class Place(NamedTuple):
    """A step, its job (None in an action), and its author's ids that are known when it starts."""

    step: Step
    job: Job | None
    before: frozenset[str]


class Use(NamedTuple):
    """An expression and where it stands. `before` is None where all steps are done."""

    computed: Computed
    job: AnyJob | None = None
    step: Step | None = None
    before: frozenset[str] | None = None

    references: tuple[Reference, ...] = ()


# --- steps


def places(document: Document) -> Iterator[Place]:
    """Every step, those of parallel groups included."""
    if isinstance(document, Action):
        runs = document.runs
        yield from _places(runs.steps if isinstance(runs, Composite) else (), None)
        return
    for job in document.jobs.values():
        if isinstance(job, Job):
            yield from _places(job.steps, job)


def _places(steps: Iterable[Step], job: Job | None) -> Iterator[Place]:
    before: frozenset[str] = frozenset()
    for step in steps:
        yield Place(step, job, before)
        inner = step.does.steps if isinstance(step.does, Parallel) else ()
        # those of one group start together: none of them can read what another one has put out
        yield from (Place(one, job, before) for one in inner)
        named = [one.id.lower() for one in (step, *inner) if not one.id.startswith('__')]
        if named:
            before = before.union(named)


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step.does, Parallel):
            yield from step.does.steps


def action_of(step: Step) -> str:
    """`owner/repo/path` of the action that a step uses, in lower case; else ''."""
    if not isinstance(step.does, Uses):
        return ''
    return str(step.does.reference.value).partition('@')[0].lower()


def scripts(found: Iterable[Place]) -> Iterator[tuple[Place, Token]]:
    """What steps run: scripts, and the JavaScript of actions/github-script."""
    for place in found:
        does = place.step.does
        if isinstance(does, Run):
            yield place, does.script
        elif isinstance(does, Uses) and action_of(place.step) == 'actions/github-script':
            script = keys(does.inputs).get('script')
            if script is not None:
                yield place, script


# --- values


def keys(token: Token | None) -> dict[str, Token]:
    """The entries of a mapping whose keys are written out."""
    if not isinstance(token, Mapping):
        return {}
    return {str(key.value): value for key, value in token.entries if isinstance(key, Literal)}


def fixed(token: Token | None) -> bool:
    """Whether a value is a mapping that holds just the keys one sees."""
    return isinstance(token, Mapping) and all(isinstance(key, Literal) for key, _ in token.entries)


def leaves(token: Token | None) -> Iterator[Literal | Computed]:
    """Every scalar in a value, in its order; keys of mappings too."""
    match token:
        case Literal() | Computed():
            yield token
        case Sequence(items):
            for item in items:
                yield from leaves(item)
        case Mapping(entries):
            for key, value in entries:
                if isinstance(key, Literal | Computed):
                    yield key
                yield from leaves(value)


def computed(token: Token | None) -> Iterator[Computed]:
    return (leaf for leaf in leaves(token) if isinstance(leaf, Computed))


# --- expressions


def uses(document: Document) -> Iterator[Use]:
    """Every expression of a document, with the place that decides what it may know."""
    if isinstance(document, Workflow):
        yield from _of_workflow(document)
        for job in document.jobs.values():
            yield from _of_call(job) if isinstance(job, Call) else _of_job(job)
    else:
        for output in document.outputs:
            yield from _uses((output.value,))
    for place in places(document):
        yield from _uses(_of_step(place.step), place.job, place.step, place.before)


def _uses(
    tokens: Iterable[Token | None],
    job: AnyJob | None = None,
    step: Step | None = None,
    before: frozenset[str] | None = None,
) -> Iterator[Use]:
    for token in tokens:
        if token is None or isinstance(token, Literal):
            continue
        for one in computed(token):
            references = tuple(path for path, _ in one.expression.references)
            yield Use(one, job, step, before, references)


def _of_workflow(workflow: Workflow) -> Iterator[Use]:
    tokens = [workflow.run_name, workflow.env, *_of_concurrency(workflow.concurrency)]
    if workflow.defaults:
        tokens += [workflow.defaults.shell, workflow.defaults.working_directory]
    for trigger in workflow.on.values():
        tokens += [one.default for one in trigger.inputs]
    return _uses(tokens)


def _of_call(call: Call) -> Iterator[Use]:
    tokens = (
        *(call.name, call.condition, call.strategy.matrix, call.strategy.fail_fast),
        *(call.strategy.max_parallel, call.inputs, call.secrets),
        *_of_concurrency(call.concurrency),
    )
    return _uses(tokens, call)


def _of_job(job: Job) -> Iterator[Use]:
    before: list[Token | None] = [
        *(job.name, job.condition, job.runs_on, job.env, job.container, job.services),
        *(job.strategy.matrix, job.strategy.fail_fast, job.strategy.max_parallel),
        *(job.timeout_minutes, job.cancel_timeout_minutes, job.continue_on_error),
        *_of_concurrency(job.concurrency),
    ]
    if job.defaults:
        before += [job.defaults.shell, job.defaults.working_directory]
    after: list[Token | None] = [job.outputs]
    if job.environment:
        before += [job.environment.name, job.environment.deployment]
        after += [job.environment.url]
    if job.snapshot:
        after += [job.snapshot.image_name, job.snapshot.version, job.snapshot.condition]
    yield from _uses(before, job, None, frozenset())
    yield from _uses(after, job)


def _of_concurrency(concurrency: Concurrency | None) -> tuple[Token | None, ...]:
    return (concurrency.group, concurrency.cancel_in_progress) if concurrency else ()


def _of_step(step: Step) -> Iterator[Token | None]:
    yield from (step.name, step.condition, step.env, step.continue_on_error, step.timeout_minutes)
    match step.does:
        case Run(script, shell, working_directory):
            yield from (script, shell, working_directory)
        case Uses(_, inputs):
            yield inputs
