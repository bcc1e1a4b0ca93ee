"""YAML text to Workflow or Action. Says what it understood and everything that was wrong.

Two stages, as on GitHub: the grammar first (`reading/reader.py`), and only if it found nothing,
what binds the parts to one another: ids, needs, matrices. What has mistakes does not come back.

`survey` is for people who want to hear everything at once. It goes on with what could be read;
what could not is left unknown, so that no mistake is told because of another one.
"""

import gc
from typing import TYPE_CHECKING

from liftlock.language import yaml
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.grammar.shapes import Shape
from liftlock.language.reading import events, jobs
from liftlock.language.reading.mistakes import Gap, Mistakes
from liftlock.language.reading.reader import Reader
from liftlock.language.reading.trees import Record
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Workflow

if TYPE_CHECKING:
    from liftlock.language.action import Action


class Parsed(NamedTuple):
    """`workflow` is None exactly when there are diagnostics, and all of them are errors."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...] = ()


class Surveyed(NamedTuple):
    """What can be said of a file at once. GitHub would refuse it exactly if there are diagnostics.

    `document` is for checks only: values that could not be read are `null` as an expression in
    it, and `gaps` says where parts may be missing. It is None if the text is no YAML mapping.
    """

    document: 'Workflow | Action | None'
    diagnostics: tuple[Diagnostic, ...] = ()
    gaps: frozenset[Gap] = frozenset()


def parse(path: str, text: str) -> Parsed:
    """Read a workflow file. `path` is relative to the repository's root. Never raises."""
    from liftlock.language.grammar.workflow import ROOT

    mistakes = Mistakes(path)
    with _Uncollected():
        root = _read(text, ROOT, mistakes)
        if root is None or mistakes.found:
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
    if root is None or mistakes.found:
        return None, tuple(mistakes.found)
    action = actions.read(path, root, mistakes)
    return (None if mistakes.found else action), _sorted(mistakes)


def survey(path: str, text: str) -> Surveyed:
    """Read a workflow file for its mistakes, all of them. Never raises."""
    from liftlock.language.grammar.workflow import ROOT

    mistakes = Mistakes(path, all=True)
    with _Uncollected():
        root = _read(text, ROOT, mistakes)
        workflow = None if root is None else _workflow(path, root, mistakes)
    return Surveyed(workflow, _sorted(mistakes), frozenset(mistakes.gaps))


def survey_action(path: str, text: str) -> Surveyed:
    """Read an action.yml, strictly, for its mistakes."""
    from liftlock.language.grammar.action import ROOT
    from liftlock.language.reading import actions

    mistakes = Mistakes(path, all=True)
    root = _read(text, ROOT, mistakes)
    action = None if root is None else actions.read(path, root, mistakes)
    return Surveyed(action, _sorted(mistakes), frozenset(mistakes.gaps))


class _Uncollected:
    """Reading makes many small objects and no cycles: looking for some would cost a third more."""

    def __enter__(self) -> None:
        self.enabled = gc.isenabled()
        gc.disable()

    def __exit__(self, *_: object) -> None:
        if self.enabled:
            gc.enable()


def _read(text: str, shape: Shape, mistakes: Mistakes) -> Record | None:
    """The first stage. None if there is nothing that a second one could look at."""
    root = yaml.compose(mistakes.path, text)
    if isinstance(root, Diagnostic):
        mistakes.found.append(root)
        return None
    tree = Reader(mistakes, text).read(root, shape)
    return tree if isinstance(tree, Record) else None


def _sorted(mistakes: Mistakes) -> tuple[Diagnostic, ...]:
    """In the order of the file. (The first stage finds them in GitHub's order, nearly the same.)"""
    return tuple(sorted(mistakes.found, key=_place))


def _place(found: Diagnostic) -> tuple[int, int]:
    return found.span.line, found.span.column


def _workflow(path: str, root: Record, mistakes: Mistakes) -> Workflow:
    return Workflow(
        path=path,
        on=events.read(root.fields.get('on'), mistakes),
        jobs=jobs.read(root.fields.get('jobs'), mistakes),
        name=root.text('name'),
        description=root.text('description'),
        run_name=root.token('run-name'),
        permissions=jobs.permissions(root.perhaps('permissions')),
        env=root.token('env'),
        defaults=jobs.defaults(root.record('defaults')),
        concurrency=jobs.concurrency(root.fields.get('concurrency'), mistakes),
    )
