"""What of the repository's `liftlock.yml` counts for a run: read when it begins, kept with it."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from liftlock.language.settings.model import Settings

FILE: Final = 'liftlock.yml'
_WORDS: Final = ('sandbox', 'retention', 'retry')
_DELIVERING: Final = ('environments', 'gates')
BOUND: Final = 'deploys'


def read(files: Mapping[str, str]) -> 'Settings | None':
    """`files` are texts by path. UserError if the file has mistakes: they might have been limits.

    None where no word in it concerns a run: to read it takes as long as a short job does.
    """
    text = files.get(FILE, '')
    return parsed(text) if any(word in text for word in _WORDS) else None


def deploys(files: Mapping[str, str]) -> dict[str, str]:
    """Jobs that name no environment, and the one to which the file binds them. UserError."""
    text = files.get(FILE, '')
    bound = parsed(text).deploys if BOUND in text else {}
    return {job: environment.text for job, environment in bound.items()}


def deliveries(files: Mapping[str, str], named: Iterable[str]) -> str:
    """The text of the file, if jobs with these environments (or '' for one that is computed) may
    be concerned; '' if not. UserError if one names an environment to which Liftlock deploys."""
    text, wanted = files.get(FILE, ''), [name.lower() for name in named]
    if not wanted or not any(word in text for word in _DELIVERING):
        return ''
    for name, environment in parsed(text).environments.items():
        if name.lower() in wanted and environment.target is not None:
            raise UserError(
                f'Liftlock itself deploys to "{name}": it has a target in liftlock.yml',
                'remove the job that names it, or the target',
            )
    return text


@cache
def parsed(text: str) -> 'Settings':
    """UserError if the file has mistakes."""
    from liftlock.language import report
    from liftlock.language.settings import parse as settings

    parsed = settings.parse(FILE, text)
    if parsed.settings is None:
        shown = [report.text(one, text.splitlines()) for one in parsed.diagnostics]
        raise UserError(
            '\n\n'.join((f'{FILE} has mistakes', *shown)), 'liftlock check liftlock.yml'
        )
    return parsed.settings


def environments(directory: 'Path') -> tuple[str, ...]:
    """The names in the file as it stands there; none where it is missing or has mistakes."""
    from liftlock.language.settings import parse as settings

    try:
        text = (directory / FILE).read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError):
        return ()
    parsed = settings.parse(FILE, text).settings
    return tuple(parsed.environments) if parsed else ()
