"""Which workflow files a command line means."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from liftlock.cli.options import Asked
from liftlock.engine import workflows
from liftlock.engine.workflows import FOLDER, Found
from liftlock.errors import UserError

FEW = 12  # jobs that are named one by one


def find(files: Mapping[str, str], asked: Asked, top: Path, here: Path) -> tuple[Found, ...]:
    """The workflows among these files, or those that `-W` names. UserError if there are none."""
    paths = [path for path in files if workflows.is_workflow(path)]
    if asked.workflows:
        paths = [_named(word, paths, top, here) for word in asked.workflows]
    if not paths:
        raise UserError(
            f'there are no workflow files in {top / FOLDER}',
            f'write one: {FOLDER}/ci.yml (docs.github.com/actions has examples)',
        )
    return tuple(workflows.read(path, files[path]) for path in dict.fromkeys(paths))


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
    return not asked.workflows and workflows.filtered_by_paths(found)


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
