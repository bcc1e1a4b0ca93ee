"""What happened, so that something may start."""

from typing import NamedTuple

from liftlock.language.expressions.values import Value


class Event(NamedTuple):
    """One event, as workflows see it. `payload` is `github.event`.

    `changed` holds the paths that differ (for `paths:` filters); None when that is not known,
    and then a paths filter lets the event through, as GitHub does with too large a diff.
    """

    name: str
    payload: dict[str, Value]
    ref: str  # refs/heads/main, refs/tags/v1, refs/pull/7/merge
    sha: str
    repository: str  # owner/name
    actor: str
    default_branch: str = 'main'
    head_ref: str = ''
    base_ref: str = ''
    changed: tuple[str, ...] | None = None
