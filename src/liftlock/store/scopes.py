"""What a token may be confined to. Without scopes it may all that its role may; with them only
what they name, and never more than the role.
"""

from collections.abc import Collection, Mapping
from typing import Final

from liftlock.errors import UserError
from liftlock.language.nearest import suggestion

# Each may what stands behind it.
SCOPES: Final[Mapping[str, str]] = {
    'runs:read': 'read runs, their logs and artifacts, workflows, schedules, workers and the queue',
    'runs:write': 'start, cancel and rerun runs',
    'deployments:read': 'read environments, deployments and what waits for approval',
    'deployments:write': 'deploy, approve, reject, promote, abort and roll back',
    'secrets:read': 'read names of secrets, and variables',
    'secrets:write': 'set and remove secrets and variables',
    'hooks:read': 'read repositories and deliveries of webhooks',
    'hooks:write': 'change repositories, and replay deliveries',
    'admin': 'everything else: people, tokens, the audit',
}
READ: Final = ':read'
WRITE: Final = ':write'


def checked(scopes: Collection[str]) -> tuple[str, ...]:
    """In the order of the table, each once. UserError for one that there is not."""
    for scope in scopes:
        if scope not in SCOPES:
            listed = f'there are: {", ".join(SCOPES)}'
            raise UserError(f'there is no scope "{scope}"', suggestion(scope, [*SCOPES], listed))
    return tuple(scope for scope in SCOPES if scope in scopes)


def covers(scopes: Collection[str], needed: str) -> bool:
    """Whether a token with these may do what `needed` stands for. Who may write may read."""
    if not scopes or needed in scopes:
        return True
    return needed.endswith(READ) and needed.removesuffix(READ) + WRITE in scopes
