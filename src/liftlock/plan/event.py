"""What happened, so that something may start."""

from typing import NamedTuple

from liftlock.language.expressions.values import Value

NO_COMMIT = '0' * 40


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


class Commit(NamedTuple):
    """One commit, as a push tells it. `timestamp` is ISO 8601 with its zone."""

    sha: str
    message: str
    author_name: str = ''
    author_email: str = ''
    timestamp: str = ''
    tree: str = ''
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


class RepositoryFacts(NamedTuple):
    """What git knows about the place where an event is made up. Gathered by the runner.

    `commits` are those between `before` and `sha`, oldest first. `changed` are the paths that
    differ between the two (uncommitted ones included); None when there is nothing to compare with.
    """

    owner: str
    name: str
    branch: str  # '' on a detached HEAD
    sha: str
    before: str = NO_COMMIT
    commits: tuple[Commit, ...] = ()
    remote_url: str = ''
    default_branch: str = 'main'
    user_name: str = ''
    user_email: str = ''
    actor: str = ''  # a login; the owner if empty
    changed: tuple[str, ...] | None = None
    private: bool = False


def push(repository: RepositoryFacts) -> Event:
    """A push of the current branch."""
    raise NotImplementedError


def tag(repository: RepositoryFacts, name: str) -> Event:
    """A push of a tag, at the current commit."""
    raise NotImplementedError


def pull_request(
    repository: RepositoryFacts,
    *,
    base: str = '',
    head: str = '',
    action: str = 'synchronize',
    number: int = 1,
    title: str = '',
    name: str = 'pull_request',
) -> Event:
    """`base` defaults to the default branch, `head` to the current one, `title` to the commit's
    subject; `name` may be pull_request_target."""
    raise NotImplementedError


def workflow_dispatch(repository: RepositoryFacts) -> Event:
    """Started by hand. The inputs are given to the Request, not here."""
    raise NotImplementedError


def schedule(repository: RepositoryFacts, cron: str) -> Event:
    raise NotImplementedError


def workflow_run(
    repository: RepositoryFacts,
    workflow: str,
    *,
    action: str = 'completed',
    conclusion: str = 'success',
    event: str = 'push',
) -> Event:
    raise NotImplementedError


def workflow_call(repository: RepositoryFacts) -> Event:
    """A called workflow started alone. The inputs are given to the Request, not here."""
    raise NotImplementedError


def repository_dispatch(
    repository: RepositoryFacts, event_type: str, client_payload: dict[str, Value]
) -> Event:
    raise NotImplementedError


def release(
    repository: RepositoryFacts, tag_name: str, *, action: str = 'published', name: str = ''
) -> Event:
    raise NotImplementedError


def merge_group(repository: RepositoryFacts, *, base: str = '') -> Event:
    raise NotImplementedError


def from_payload(repository: RepositoryFacts, name: str, payload: dict[str, Value]) -> Event:
    """Any event, with a payload as GitHub's webhooks send it; what it lacks is filled in."""
    raise NotImplementedError
