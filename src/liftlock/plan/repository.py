"""What git knows about a repository, as far as events tell it."""

import re
from typing import Final

from liftlock.language.records import NamedTuple

NO_COMMIT: Final = '0' * 40


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
    For a pull request, `before` is the commit of its base.
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
    tags: tuple[str, ...] = ()  # on HEAD


def uri(url: str, name: str) -> str:
    """Where the source lives, without names and passwords of whoever fetches it. `url` is that of
    the remote, '' without one; then it is a name of this machine's own."""
    scp = re.fullmatch(r'(?:[^@/]+@)?([^:/]+):(?!//)(.+)', url)
    if scp:
        url = f'https://{scp[1]}/{scp[2].lstrip("/")}'
    found = re.fullmatch(r'(?:https?|ssh|git)://(?:[^@/]*@)?([^/]+)/(.+)', url)
    if not found:
        return f'urn:liftlock:repository:{name}'
    host = found[1] if url.startswith('http') else found[1].partition(':')[0]
    path = found[2].strip('/').removesuffix('.git')
    return f'https://{host}/{path}'
