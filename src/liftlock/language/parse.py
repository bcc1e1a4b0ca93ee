"""YAML text to Workflow or Action. Says what it understood and everything that was wrong.

Two stages, as on GitHub: the grammar first (`reading/reader.py`), and only if it found nothing,
what binds the parts to one another: ids, needs, matrices. What has mistakes does not come back.
"""

import gc
from typing import TYPE_CHECKING, NamedTuple

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.grammar.shapes import Shape
from liftlock.language.reading import events, jobs
from liftlock.language.reading.mistakes import Mistakes
from liftlock.language.reading.reader import Reader
from liftlock.language.reading.trees import Record
from liftlock.language.workflow import Workflow

if TYPE_CHECKING:
    from liftlock.language.action import Action


class Parsed(NamedTuple):
    """`workflow` is None exactly when there are diagnostics, and all of them are errors."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...] = ()


def parse(path: str, text: str) -> Parsed:
    """Read a workflow file. `path` is relative to the repository's root. Never raises."""
    from liftlock.language.grammar.workflow import ROOT

    mistakes = Mistakes(path)
    with _Uncollected():
        root = _read(text, ROOT, mistakes)
        if root is None:
            return Parsed(None, tuple(mistakes.found))
        workflow = _workflow(path, root, mistakes)
    if mistakes.found:
        return Parsed(None, _sorted(mistakes))
    return Parsed(workflow)


def parse_action(
    path: str, text: str, *, strict: bool = False
) -> 'tuple[Action | None, tuple[Diagnostic, ...]]':
    """Read an action.yml. An action comes back exactly when there are no diagnostics.

    Whoever runs somebody's action is as patient with keys nobody knows as GitHub's runner;
    whoever writes one wants to hear of them: `strict`.
    """
    from liftlock.language.grammar.action import PATIENT, ROOT
    from liftlock.language.reading import actions

    mistakes = Mistakes(path)
    root = _read(text, ROOT if strict else PATIENT, mistakes)
    if root is None:
        return None, tuple(mistakes.found)
    action = actions.read(path, root, mistakes)
    return (None if mistakes.found else action), _sorted(mistakes)


class _Uncollected:
    """Reading makes many small objects and no cycles: looking for some would cost a third more."""

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            gc.enable()


def _read(text: str, shape: Shape, mistakes: Mistakes) -> Record | None:
    """The first stage. None if there are mistakes already."""
    root = yaml.compose(mistakes.path, text)
    if isinstance(root, Diagnostic):
        mistakes.found.append(root)
        return None
    tree = Reader(mistakes).read(root, shape)
    return tree if isinstance(tree, Record) and not mistakes.found else None


def _sorted(mistakes: Mistakes) -> tuple[Diagnostic, ...]:
    """In the order of the file. (The first stage finds them in GitHub's order, nearly the same.)"""
    return tuple(sorted(mistakes.found, key=_place))


def _place(found: Diagnostic) -> tuple[int, int]:
    return found.span.line, found.span.column


def _workflow(path: str, root: Record, mistakes: Mistakes) -> Workflow:
    return Workflow(
        path=path,
        on=events.read(root.fields['on'], mistakes),
        jobs=jobs.read(root.fields['jobs'], mistakes),
        name=root.text('name'),
        description=root.text('description'),
        run_name=root.token('run-name'),
        permissions=jobs.permissions(root.fields.get('permissions')),
        env=root.token('env'),
        defaults=jobs.defaults(root.record('defaults')),
        concurrency=jobs.concurrency(root.fields.get('concurrency'), mistakes),
    )
