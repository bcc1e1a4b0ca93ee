"""What of the repository's `liftlock.yml` counts for a run: read when it begins, kept with it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from liftlock.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from liftlock.language.settings.model import Settings

FILE: Final = 'liftlock.yml'
_WORDS: Final = ('sandbox', 'retention')


def read(files: Mapping[str, str]) -> 'Settings | None':
    """`files` are texts by path. UserError if the file has mistakes: they might have been limits.

    None where no word in it concerns a run: to read it takes as long as a short job does.
    """
    text = files.get(FILE, '')
    if not any(word in text for word in _WORDS):
        return None
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
