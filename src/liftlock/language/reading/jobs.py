"""Jobs, and what a job shares with the whole file: permissions, concurrency, defaults."""

from typing import cast

from liftlock.language.reading import early, needs, steps
from liftlock.language.reading.identifiers import problem
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.reading.trees import (
    Record,
    Tree,
    entries,
    holed,
    is_unread,
    mapping,
    unread,
)
from liftlock.language.template import Computed, Literal, Token
from liftlock.language.workflow import (
    AnyJob,
    Call,
    Concurrency,
    Defaults,
    Environment,
    Job,
    Permissions,
    Snapshot,
    Strategy,
)


def read(tree: Tree | None, mistakes: Mistakes) -> dict[str, AnyJob]:
    jobs: dict[str, AnyJob] = {}
    for id, record in entries(tree):
        name = str(id.value)
        if wrong := problem(name):
            mistakes.add(id.span, 'id', wrong)
        jobs[name] = _any_job(id, record, mistakes)
    mistakes.doubt(tree is None or holed(tree), 'jobs')
    if tree is not None:
        needs.check({name: job.needs for name, job in jobs.items()}, tree.span, mistakes)
    return jobs


def _any_job(id: Literal, tree: Tree, mistakes: Mistakes) -> AnyJob:
    name = str(id.value)
    if not isinstance(tree, Record):
        mistakes.doubt(True, 'needs', name)
        mistakes.doubt(True, 'steps', name)
        hidden = unread(tree.span)
        strategy = Strategy(computed=hidden)
        return Job(id, hidden, (), tree.span, strategy=strategy, outputs=mapping(hidden))
    mistakes.doubt(tree.doubtful('needs'), 'needs', name)
    if tree.name == 'call':
        return _call(id, tree, mistakes)
    mistakes.doubt(tree.doubtful('steps'), 'steps', name)
    return _job(id, tree, mistakes)


def _job(id: Literal, record: Record, mistakes: Mistakes) -> Job:
    token = record.token
    runs_on = record.required('runs-on')
    early.runs_on(runs_on, mistakes)
    early.container(token('container'), mistakes)
    early.services(token('services'), mistakes)
    return Job(
        id=id,
        runs_on=runs_on,
        steps=steps.read(record.fields.get('steps'), mistakes, str(id.value)),
        span=record.span,
        name=token('name'),
        needs=record.literals('needs'),
        condition=record.computed('if'),
        strategy=_strategy(record.perhaps('strategy'), mistakes),
        env=token('env'),
        defaults=defaults(record.record('defaults')),
        permissions=permissions(record.perhaps('permissions')),
        concurrency=concurrency(record.fields.get('concurrency'), mistakes),
        environment=_environment(record.fields.get('environment')),
        container=token('container'),
        services=token('services'),
        outputs=mapping(record.perhaps('outputs')),
        timeout_minutes=token('timeout-minutes'),
        cancel_timeout_minutes=token('cancel-timeout-minutes'),
        continue_on_error=token('continue-on-error'),
        snapshot=_snapshot(record.fields.get('snapshot'), mistakes),
    )


def _call(id: Literal, record: Record, mistakes: Mistakes) -> Call:
    return Call(
        id=id,
        uses=record.literal('uses') or Literal('', record.span),
        span=record.span,
        name=record.token('name'),
        needs=record.literals('needs'),
        condition=record.computed('if'),
        strategy=_strategy(record.perhaps('strategy'), mistakes),
        permissions=permissions(record.perhaps('permissions')),
        concurrency=concurrency(record.fields.get('concurrency'), mistakes),
        inputs=mapping(record.fields.get('with')),
        secrets=record.token('secrets'),
    )


def permissions(tree: Tree | None) -> Permissions | None:
    if is_unread(tree):
        return Permissions()
    if isinstance(tree, Literal):
        return Permissions(everything=str(tree.value).removesuffix('-all'))
    if isinstance(tree, Record):
        return Permissions(scopes=tuple((scope, tree.text(scope)) for scope in tree.fields))
    return None


def concurrency(tree: Tree | None, mistakes: Mistakes) -> Concurrency | None:
    if tree is None:
        return None
    if not isinstance(tree, Record):
        early.concurrency(tree, mistakes)
        return Concurrency(tree)
    group = tree.required('group')
    early.concurrency(group, mistakes)
    queue = tree.text('queue')
    if isinstance(tree.fields.get('queue'), Computed) and not tree.doubtful('queue'):
        message = 'Liftlock wants the queue written out'
        mistakes.add(tree.key('queue').span, 'concurrency', message, 'single or max')
    if queue == 'max' and tree.true('cancel-in-progress'):
        message = "'queue: max' cannot be combined with 'cancel-in-progress: true'."
        mistakes.add(tree.key('queue').span, 'concurrency', message)
    return Concurrency(group, tree.token('cancel-in-progress'), queue or 'single')


def defaults(record: Record | None) -> Defaults | None:
    run = record.fields.get('run') if record else None
    if isinstance(run, Record):
        return Defaults(run.token('shell'), run.token('working-directory'))
    return Defaults(computed=run) if isinstance(run, Computed) else None


def _strategy(tree: Tree | None, mistakes: Mistakes) -> Strategy:
    if isinstance(tree, Record):
        matrix = cast('Token | None', tree.perhaps('matrix'))
        early.matrix(matrix, mistakes)
        return Strategy(matrix, tree.token('fail-fast'), tree.token('max-parallel'))
    return Strategy(computed=tree) if isinstance(tree, Computed) else Strategy()


def _environment(tree: Tree | None) -> Environment | None:
    if isinstance(tree, Record):
        return Environment(tree.required('name'), tree.token('url'), tree.token('deployment'))
    return None if tree is None else Environment(tree)


def _snapshot(tree: Tree | None, mistakes: Mistakes) -> Snapshot | None:
    if isinstance(tree, Record):
        version = tree.literal('version')
        if version is not None:
            early.image_version(version, mistakes)
        return Snapshot(tree.required('image-name'), version, tree.computed('if'))
    return None if tree is None else Snapshot(tree)
