"""What expressions see of the world outside their file: the contexts that a plan can know.

`github` lacks only what belongs to a step on a machine (action…, token, workspace, event_path),
which the runner adds.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.values import Value, to_text
from liftlock.language.workflow import Workflow
from liftlock.plan.event import Event
from liftlock.plan.plan import Request

SERVER: Final = 'https://github.com'
RETENTION_DAYS: Final = '90'


def github(request: Request, workflow: Workflow, payload: dict[str, Value]) -> dict[str, Value]:
    """The `github` context of a whole run: all values are strings, but `event` and booleans."""
    event = request.event
    owner = event.repository.partition('/')[0]
    repository = _object(payload, 'repository')
    return {
        'event_name': event.name,
        'event': payload,
        **_reference(event),
        'repository': event.repository,
        'repository_owner': owner,
        'repository_id': identity(repository.get('id')),
        'repository_owner_id': identity(_object(repository, 'owner').get('id')),
        'repository_visibility': 'private' if repository.get('private') is True else 'public',
        'repositoryUrl': f'git://github.com/{event.repository}.git',
        'run_id': str(request.run_id),
        'run_number': str(request.run_number),
        'run_attempt': '1',
        'retention_days': RETENTION_DAYS,
        'workflow': workflow.name or workflow.path,
        'workflow_ref': f'{event.repository}/{workflow.path}@{event.ref}',
        'workflow_sha': event.sha,
        'actor': event.actor,
        'actor_id': identity(_object(payload, 'sender').get('id')),
        'triggering_actor': event.actor,
        'secret_source': 'Actions',
        'server_url': SERVER,
        'api_url': 'https://api.github.com',
        'graphql_url': 'https://api.github.com/graphql',
    }


def workflow_ref(github: Mapping[str, Value], path: str) -> str:
    """A workflow file as GitHub names it; `path` in another repository does so already."""
    if '@' in path:
        return path
    return f'{to_text(github.get("repository"))}/{path}@{to_text(github.get("ref"))}'


def _reference(event: Event) -> dict[str, Value]:
    """`ref_name` is what follows refs/heads/, refs/tags/ or refs/pull/."""
    name = event.ref
    for prefix in ('refs/heads/', 'refs/tags/', 'refs/pull/'):
        name = name.removeprefix(prefix)
    return {
        'ref': event.ref,
        'ref_name': name,
        'ref_type': 'tag' if event.ref.startswith('refs/tags/') else 'branch',
        'ref_protected': False,
        'sha': event.sha,
        'head_ref': event.head_ref,
        'base_ref': event.base_ref,
    }


def strategy(index: int, total: int, *, fail_fast: bool, max_parallel: int) -> dict[str, Value]:
    """The `strategy` context of one leg; without a window all may run at once."""
    return {
        'fail-fast': fail_fast,
        'job-index': float(index),
        'job-total': float(total),
        'max-parallel': float(max_parallel or total),
    }


def _object(parent: dict[str, Value], key: str) -> dict[str, Value]:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def identity(number: Value) -> str:
    """GitHub's numeric ids are strings in this context; '' where nobody gave one."""
    return str(int(number)) if isinstance(number, float) else ''


def title(event: Event, workflow: str) -> str:
    """What GitHub shows of a run without `run-name:`."""
    payload = event.payload
    if event.name.startswith('pull_request'):
        found = _object(payload, 'pull_request').get('title')
    elif event.name == 'push':
        message = _object(payload, 'head_commit').get('message')
        found = message.partition('\n')[0] if isinstance(message, str) else None
    elif event.name == 'release':
        found = _object(payload, 'release').get('name')
    elif event.name == 'repository_dispatch':
        found = payload.get('action')
    else:
        found = None
    return found if isinstance(found, str) and found else workflow
