"""What a job's token may do, and that a called workflow never may do more than its caller.

Without any `permissions:` on the way in, the repository's policy counts: `Write` or `LimitedRead`.
Where some are given, what is not listed is none. Code from outside writes nothing.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.workflow import Permissions

LEVELS: Final = ('none', 'read', 'write')

# In the order in which GitHub lists them in its messages.
SCOPES: Final = (
    'actions', 'artifact-metadata', 'attestations', 'checks', 'contents', 'deployments',
    'discussions', 'issues', 'packages', 'pages', 'pull-requests', 'repository-projects',
    'statuses', 'security-events', 'id-token', 'models', 'vulnerability-alerts',
    'code-quality', 'copilot-requests', 'drives',
)  # fmt: skip
# These are given by name only, or can be read at most.
NEVER_WRITTEN: Final = frozenset({'models', 'vulnerability-alerts'})
# read-all and write-all are held against the caller's without these: they came later, and a file
# that was written before them must not become wrong by them.
BY_NAME_ONLY: Final = frozenset(
    {
        'artifact-metadata',
        'attestations',
        'models',
        'vulnerability-alerts',
        'code-quality',
        'copilot-requests',
        'drives',
    }
)

POLICIES: Final[Mapping[str, Permissions]] = {
    'Write': Permissions('write'),
    'LimitedRead': Permissions(scopes=(('contents', 'read'), ('packages', 'read'))),
}


def level(permissions: Permissions, scope: str) -> str:
    """none, read or write."""
    if permissions.everything:
        return _capped(scope, permissions.everything)
    return _capped(scope, dict(permissions.scopes).get(scope, 'none'))


def _capped(scope: str, wanted: str) -> str:
    return 'read' if wanted == 'write' and scope in NEVER_WRITTEN else wanted


def only_reading(given: Permissions) -> Permissions:
    """What is left of them for code that somebody proposed from a fork, or Dependabot: nothing is
    written or signed in the repository's name, and an identity can only be `write`."""
    read = tuple(
        (scope, 'read' if wanted == 'write' else wanted)
        for scope, wanted in given.scopes
        if scope != 'id-token'
    )
    return Permissions('read' if given.everything else '', read)


def excess(requested: Permissions, allowed: Permissions) -> tuple[str, str] | None:
    """What is asked for beyond what is allowed, and what is allowed of it: two lists as text.

    >>> excess(Permissions('', (('actions', 'write'),)), Permissions('', (('actions', 'read'),)))
    ('actions: write', 'actions: read')
    """
    asked, given = [], []
    for scope in SCOPES:
        if requested.everything and scope in BY_NAME_ONLY:
            continue
        wanted, most = level(requested, scope), level(allowed, scope)
        if LEVELS.index(wanted) > LEVELS.index(most):
            asked.append(f'{scope}: {wanted}')
            given.append(f'{scope}: {most}')
    return (', '.join(asked), ', '.join(given)) if asked else None
