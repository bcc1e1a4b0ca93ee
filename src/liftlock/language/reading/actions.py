"""action.yml: inputs, outputs, and what runs."""

from liftlock.language.action import (
    Action,
    ActionInput,
    ActionOutput,
    Composite,
    Docker,
    JavaScript,
    Runs,
)
from liftlock.language.reading import steps
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.reading.trees import Record, Tree, entries, mapping
from liftlock.language.template import Literal

# Which `using` goes with which keys; GitHub's grammar tells the three apart by their keys alone.
_RUNTIMES = {'docker': 'docker', 'composite': 'composite'}


def read(path: str, root: Record, mistakes: Mistakes) -> Action:
    inputs, outputs = entries(root.fields.get('inputs')), entries(root.fields.get('outputs'))
    mistakes.doubt(root.doubtful('inputs'), 'inputs')
    return Action(
        path=path,
        name=root.text('name'),
        runs=_runs(root.fields.get('runs'), mistakes),
        inputs=tuple(_input(str(name.value), tree) for name, tree in inputs),
        outputs=tuple(_output(str(name.value), tree) for name, tree in outputs),
        description=root.text('description'),
        author=root.literal('author'),
    )


def _input(name: str, tree: Tree) -> ActionInput:
    if not isinstance(tree, Record):
        return ActionInput(name)
    return ActionInput(
        name, tree.token('default'), tree.true('required'), tree.text('deprecationMessage')
    )


def _output(name: str, tree: Tree) -> ActionOutput:
    return ActionOutput(name, tree.token('value') if isinstance(tree, Record) else None)


def _runs(runs: Tree | None, mistakes: Mistakes) -> Runs:
    if not isinstance(runs, Record):
        mistakes.doubt(True, 'steps')
        return JavaScript('', '')
    mistakes.doubt(runs.doubtful('steps') or not runs.name, 'steps')
    using = runs.literal('using') or Literal('', runs.span)
    if using.value and runs.name and _RUNTIMES.get(str(using.value), 'javascript') != runs.name:
        message = f"'using: {using.value}' does not go with the other keys of 'runs'"
        mistakes.add(using.span, 'schema', message, f'they are those of a {runs.name} action')
    match runs.name:
        case 'composite':
            return Composite(steps.read(runs.fields.get('steps'), mistakes))
        case 'docker':
            return _docker(runs)
    return JavaScript(
        str(using.value),
        runs.text('main'),
        runs.text('pre'),
        runs.text('post'),
        runs.computed('pre-if'),
        runs.computed('post-if'),
    )


def _docker(runs: Record) -> Docker:
    return Docker(
        runs.text('image'),
        runs.text('entrypoint'),
        runs.text('pre-entrypoint'),
        runs.text('post-entrypoint'),
        runs.token('args'),
        mapping(runs.fields.get('env')),
        runs.computed('pre-if'),
        runs.computed('post-if'),
    )
