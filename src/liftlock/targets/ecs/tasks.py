"""Tasks of a service, as instances of revisions."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.rollout.sight import Instance
from liftlock.targets.ecs.account import Account

_ENDING: Final = frozenset(
    {'DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED', 'DELETED'}
)  # fmt: skip


async def read(account: Account, cluster: str, service: str, status: str) -> list[dict[str, Any]]:
    """At most 100: as many as one call tells. Those that have ended are told for an hour."""
    listed = await account.call(
        'ecs', 'list_tasks', cluster=cluster, serviceName=service, desiredStatus=status
    )
    arns = listed.get('taskArns') or []
    if not arns:
        return []
    told = await account.call('ecs', 'describe_tasks', cluster=cluster, tasks=arns[:100])
    group = f'service:{service.rpartition("/")[2]}'
    return [task for task in told.get('tasks') or () if task.get('group') == group]


def make(task: Mapping[str, Any], revision: Callable[[str], str]) -> Instance:
    status = str(task.get('lastStatus', ''))
    health = task.get('healthStatus')
    started = task.get('startedAt')
    return Instance(
        id=str(task.get('taskArn', '')).rpartition('/')[2],
        revision=revision(str(task.get('taskDefinitionArn', ''))),
        alive=status not in _ENDING,
        ready=status == 'RUNNING' and health != 'UNHEALTHY',
        since=started.timestamp() if started else 0.0,
        message=_message(status, health),
    )


def _message(status: str, health: Any) -> str:
    if status == 'RUNNING':
        return 'unhealthy' if health == 'UNHEALTHY' else ''
    return status.lower()
