"""What an ID token says of a job: GitHub's claims, under GitHub's names.

Rules: GitHub Docs, "OpenID Connect reference".
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.values import to_text
from liftlock.plan import permissions
from liftlock.plan.contexts import workflow_ref
from liftlock.plan.event import Event
from liftlock.plan.plan import JobPlan
from liftlock.plan.trust import only_reads

# Those that `github` has under the same name.
_SAME: Final = (
    'actor', 'actor_id', 'base_ref', 'event_name', 'head_ref', 'ref', 'ref_protected', 'ref_type',
    'repository', 'repository_id', 'repository_owner', 'repository_owner_id',
    'repository_visibility', 'run_attempt', 'run_id', 'run_number', 'sha', 'workflow',
    'workflow_ref', 'workflow_sha',
)  # fmt: skip
_OWN: Final = ('environment', 'job_workflow_ref', 'job_workflow_sha', 'runner_environment')
_REGISTERED: Final = ('aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'sub')
SUPPORTED: Final = (*_REGISTERED, *_SAME, *_OWN)


def of(job: JobPlan, event: Event) -> dict[str, str] | None:
    """None where the job may have no ID token: it did not ask for one by `id-token: write`, or
    its code comes from outside, or from Dependabot."""
    granted = job.permissions
    if granted is None or permissions.level(granted, 'id-token') != 'write':
        return None
    if only_reads(event):
        return None
    github = job.contexts['github']
    assert isinstance(github, dict)
    found = {name: to_text(github.get(name)) for name in _SAME}
    found['job_workflow_ref'] = workflow_ref(github, job.workflow.path)
    found['runner_environment'] = 'self-hosted'
    if '@' not in job.workflow.path:
        found['job_workflow_sha'] = found['workflow_sha']
    if job.environment:
        found['environment'] = job.environment
    found['sub'] = _subject(found)
    return {name: text for name, text in found.items() if text or name in ('head_ref', 'base_ref')}


def _subject(claims: Mapping[str, str]) -> str:
    """What clouds are told to trust: the repository, and its environment, or what started it."""
    if 'environment' in claims:
        rest = 'environment:' + claims['environment'].replace(':', '%3A')
    elif claims['event_name'] == 'pull_request':
        rest = 'pull_request'
    else:
        rest = f'ref:{claims["ref"]}'
    return f'repo:{claims["repository"]}:{rest}'


def audience(claims: Mapping[str, str], server: str) -> str:
    """Where the job names none: its repository's owner."""
    return f'{server}/{claims["repository_owner"]}'
