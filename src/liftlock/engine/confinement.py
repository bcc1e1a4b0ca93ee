"""`sandbox:` of the repository's `liftlock.yml`, as it is kept with the run.

A job is held to what was read then, whatever it finds, or makes, in its workspace.
"""

from typing import Any

from liftlock.language.expressions.values import Value
from liftlock.language.settings.sandbox import Sandbox


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
