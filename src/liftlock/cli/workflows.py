"""The workflow files of a repository: which there are, and which of them an event starts."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from liftlock.cli.options import Asked
from liftlock.errors import UserError
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.parse import parse
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Workflow
from liftlock.plan import triggers
from liftlock.plan.event import Event
from liftlock.plan.triggers import NotStarted

FOLDER = '.github/workflows'
FEW = 12  # jobs that are named one by one


class Found(NamedTuple):
    """One file. `workflow` is None where GitHub would refuse it, for the `mistakes` that it has."""

    path: str
    workflow: Workflow | None
    mistakes: tuple[Diagnostic, ...]


class BadFiles(UserError):
    """Workflow files that GitHub would refuse. Each mistake was shown with its place."""


def find(files: Mapping[str, str], asked: Asked, top: Path, here: Path) -> tuple[Found, ...]:
    """The workflows among these files, or those that `-W` names. UserError if there are none."""
    paths = [path for path in files if is_workflow(path)]
    if asked.workflows:
        paths = [_named(word, paths, top, here) for word in asked.workflows]
    if not paths:
        raise UserError(
            f'there are no workflow files in {top / FOLDER}',
            f'write one: {FOLDER}/ci.yml (docs.github.com/actions has examples)',
        )
    return tuple(read(path, files[path]) for path in dict.fromkeys(paths))


def is_workflow(path: str) -> bool:
    """GitHub looks at files directly in the folder only."""
    folder, _, name = path.rpartition('/')
    return folder == FOLDER and name.endswith(('.yml', '.yaml'))


def read(path: str, text: str) -> Found:
    parsed = parse(path, text)
    return Found(path, parsed.workflow, parsed.diagnostics)


def _named(word: str, paths: Sequence[str], top: Path, here: Path) -> str:
    """`-W ci`, `-W ci.yml`, or a path from the top or from where one stands."""
    given = (here / word).resolve()
    inside = given.relative_to(top).as_posix() if given.is_relative_to(top) else ''
    for path in paths:
        name = path.rpartition('/')[2]
        if path in (word, inside) or word in (name, name.rpartition('.')[0]):
            return path
    known = ', '.join(path.rpartition('/')[2] for path in paths) or 'none'
    raise UserError(f'there is no workflow "{word}" in {FOLDER}', f'there are: {known}')


def filtered_by_paths(found: Sequence[Found], asked: Asked) -> bool:
    """Whether it matters which files the event changed. Not where a person named the workflow:
    then he wants it to run, whatever he touched last."""
    if asked.workflows:
        return False
    known = (one.workflow for one in found if one.workflow is not None)
    triggers = (trigger for workflow in known for trigger in workflow.on.values())
    return any(trigger.paths or trigger.paths_ignore for trigger in triggers)


def choose(
    found: Sequence[Found], event: Event, jobs: Sequence[str]
) -> tuple[list[Workflow], dict[str, str]]:
    """Those that start, and why each of the others does not, by path."""
    started, reasons = [], {}
    for path, workflow, mistakes in found:
        if workflow is None:
            reasons[path] = f'GitHub would refuse it: {mistakes[0].message}'
            continue
        answer = triggers.starts(workflow, event)
        if isinstance(answer, NotStarted):
            reasons[path] = answer.reason
        elif jobs and not set(jobs) & set(workflow.jobs):
            reasons[path] = f'it has no job {" or ".join(jobs)}'
        else:
            started.append(workflow)
    return started, reasons


def hint(asked: Asked, found: Sequence[Found]) -> str:
    """What may have been meant where nothing starts."""
    from liftlock.language.grammar.events import EVENTS
    from liftlock.language.nearest import suggestion

    if asked.event not in EVENTS:
        return suggestion(asked.event, sorted(EVENTS))
    jobs = dict.fromkeys(job for one in found if one.workflow for job in one.workflow.jobs)
    unknown = next((job for job in asked.jobs if job not in jobs), '')
    known = f'there are: {", ".join(jobs)}' if len(jobs) <= FEW else ''
    return suggestion(unknown, list(jobs), known) if unknown else ''


def refuse(found: Sequence[Found], files: Mapping[str, str]) -> None:
    """Raise, with every mistake shown, if GitHub would refuse one of these files."""
    mistakes = [mistake for one in found for mistake in one.mistakes if one.workflow is None]
    if mistakes:
        raise refused(mistakes, files)


def refused(diagnostics: Sequence[Diagnostic], files: Mapping[str, str]) -> BadFiles:
    return BadFiles('\n\n'.join(_shown(diagnostics, files)), 'see them all: liftlock check')


def _shown(errors: Sequence[Diagnostic], files: Mapping[str, str]) -> Iterator[str]:
    from liftlock.language import report

    total = len(errors)
    yield f'{total} mistake{"s" * (total != 1)} that GitHub would refuse too'
    for error in errors:
        yield report.text(error, files.get(error.file, '').splitlines())
