"""`sandbox:` of the repository's `liftlock.yml`: read when a run begins, kept with the run.

A job is held to what was read then, whatever it finds, or makes, in its workspace.
"""

from collections.abc import Mapping
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.language.settings.sandbox import Sandbox

FILE: Final = 'liftlock.yml'


def read(files: Mapping[str, str]) -> Sandbox:
    """`files` are texts by path. UserError if the file has mistakes: they might have been limits.

    Without the word there is nothing to be read, and reading takes as long as a short job does.
    """
    text = files.get(FILE, '')
    if 'sandbox' not in text:
        return Sandbox()
    from liftlock.language import report
    from liftlock.language.settings import parse as settings

    parsed = settings.parse(FILE, text)
    if parsed.settings is None:
        shown = [report.text(one, text.splitlines()) for one in parsed.diagnostics]
        raise UserError(
            '\n\n'.join((f'{FILE} has mistakes', *shown)), 'liftlock check liftlock.yml'
        )
    return parsed.settings.sandbox


def dump(sandbox: Sandbox) -> Value:
    """As JSON can keep it."""
    said = {name: value for name, value in sandbox._asdict().items() if value is not None}
    said['jobs'] = {job: dump(one) for job, one in sandbox.jobs.items()}
    return said


def load(kept: Value) -> Sandbox:
    """What `dump` gave; nothing is declared by runs that were begun before there was any."""
    if not isinstance(kept, dict):
        return Sandbox()
    said: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in kept.items()
        if name in Sandbox._fields
    }
    jobs = kept.get('jobs')
    listed = jobs.items() if isinstance(jobs, dict) else ()
    return Sandbox(**{**said, 'jobs': {job: load(one) for job, one in listed}})
