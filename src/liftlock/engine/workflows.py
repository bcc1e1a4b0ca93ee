"""The workflow files of a repository, and which of them an event starts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from liftlock.errors import UserError
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.parse import parse
from liftlock.language.records import NamedTuple
from liftlock.language.workflow import Workflow
from liftlock.plan import triggers
from liftlock.plan.event import Event
from liftlock.plan.triggers import NotStarted

FOLDER: Final = '.github/workflows'


class Found(NamedTuple):
    """One file. `workflow` is None where GitHub would refuse it, for the `mistakes` that it has."""

    path: str
    workflow: Workflow | None
    mistakes: tuple[Diagnostic, ...]


class BadFiles(UserError):
    """Workflow files that GitHub would refuse. Each mistake was shown with its place."""


def is_workflow(path: str) -> bool:
    """GitHub looks at files directly in the folder only."""
    folder, _, name = path.rpartition('/')
    return folder == FOLDER and name.endswith(('.yml', '.yaml'))


def read(path: str, text: str) -> Found:
    parsed = parse(path, text)
    return Found(path, parsed.workflow, parsed.diagnostics)


def filtered_by_paths(found: Sequence[Found]) -> bool:
    """Whether it matters which files the event changed."""
    known = (one.workflow for one in found if one.workflow is not None)
    triggers = (trigger for workflow in known for trigger in workflow.on.values())
    return any(trigger.paths or trigger.paths_ignore for trigger in triggers)


def choose(
    found: Sequence[Found], event: Event, jobs: Sequence[str] = ()
) -> tuple[list[Workflow], dict[str, str]]:
    """Those that start, and why each of the others does not, by path."""
    started, reasons = [], {}
    for one in found:
        if one.workflow is None:
            reasons[one.path] = mistaken(one)
            continue
        answer = triggers.starts(one.workflow, event)
        if isinstance(answer, NotStarted):
            reasons[one.path] = answer.reason
        elif jobs and not set(jobs) & set(one.workflow.jobs):
            reasons[one.path] = f'it has no job {" or ".join(jobs)}'
        else:
            started.append(one.workflow)
    return started, reasons


def mistaken(found: Found) -> str:
    """In one line: the first mistake, where it is, and what to try."""
    first, *more = found.mistakes
    hint = f' ({first.hint})' if first.hint else ''
    told = f'GitHub would refuse it: line {first.span.line}: {first.message}{hint}'
    return f'{told}; {len(more)} more: liftlock check' if more else told


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
