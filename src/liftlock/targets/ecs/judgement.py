"""What a service says of itself, judged. Pure.

A service is also stable when it has gone back: `aws ecs wait services-stable` is content with a
circuit breaker's rollback. So a revision is in effect only if the PRIMARY deployment has its very
definition, and it has settled only if that deployment is COMPLETED and all its tasks run.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.targets.ecs.record import Asked

_NONE: Final[Mapping[str, Any]] = {}
_BACK: Final = re.compile(r'rolling back|rolled back|deployment failed', re.IGNORECASE)
_BAD: Final = re.compile(
    r'rolling back|rolled back|fail|unable|unhealthy|error|cannot|could not|throttl', re.IGNORECASE
)
_MOST_REASONS: Final = 3


class Verdict(NamedTuple):
    """`in_effect`: the service is at what was asked for, or on its way to it."""

    in_effect: bool
    settled: bool = False
    failed: str = ''
    message: str = ''


def primary(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The deployment that counts; empty where there is none."""
    deployments = service.get('deployments') or ()
    return next((one for one in deployments if one.get('status') == 'PRIMARY'), _NONE)


def definition(service: Mapping[str, Any]) -> str:
    """The ARN of what it runs or is about to run."""
    return str(primary(service).get('taskDefinition') or service.get('taskDefinition') or '')


def newest_event(service: Mapping[str, Any]) -> str:
    events = service.get('events') or ()
    return str(events[0].get('id', '')) if events else ''


def judge(service: Mapping[str, Any], asked: Asked) -> Verdict:
    if definition(service) == asked.definition:
        return _judge_progress(service, asked.settled)
    told = short(definition(service))
    if asked.settled:
        return Verdict(False, message=f'somebody else has deployed {told}')
    if asked.deployment or _has_gone_back(service, asked):
        return Verdict(False, failed=f'ECS has gone back to {told}')
    return Verdict(False, message=f'{told} runs; {short(asked.definition)} was never asked for')


def _judge_progress(service: Mapping[str, Any], settled: bool) -> Verdict:
    """What has settled once stays so while an autoscaler changes how many tasks are wanted."""
    deployment = primary(service)
    state, why = deployment.get('rolloutState'), deployment.get('rolloutStateReason') or ''
    if state == 'FAILED':
        return Verdict(True, failed=why or 'ECS has given up')
    wanted, running = service.get('desiredCount', 0), service.get('runningCount', 0)
    fresh = deployment.get('runningCount', 0)
    told = f'{fresh} of {wanted} tasks run'
    lost = deployment.get('failedTasks') or 0
    if state == 'COMPLETED' and (settled or running == wanted == fresh):
        return Verdict(True, settled=True, message=told)
    return Verdict(True, message=f'{told}, {lost} failed' if lost else told)


def _has_gone_back(service: Mapping[str, Any], asked: Asked) -> bool:
    """Nobody knows whether AWS heard of it: we ended before it answered. It has, if there are
    traces: a deployment of that definition, another one than before, or a word about it."""
    deployments = service.get('deployments') or ()
    if any(one.get('taskDefinition') == asked.definition for one in deployments):
        return True
    if primary(service).get('id') != asked.before:
        return True
    return any(_BACK.search(text) for text in events_since(service, asked.event))


def events_since(service: Mapping[str, Any], id: str) -> list[str]:
    """Messages, the newest first. All that are told where that event is too old to be told."""
    found = []
    for event in service.get('events') or ():
        if id and event.get('id') == id:
            break
        found.append(str(event.get('message', '')))
    return found


def reasons(events: Sequence[str], stopped: Sequence[Mapping[str, Any]]) -> str:
    """Why it fails: what the tasks that have ended say, then what the service says."""
    told = [reason for task in stopped if (reason := _reason(task))]
    told += [event for event in events if _BAD.search(event)]
    return '; '.join(list(dict.fromkeys(told))[:_MOST_REASONS])


def _reason(task: Mapping[str, Any]) -> str:
    """CannotPullContainerError and the like stand with the container, exit codes too."""
    parts = []
    for container in task.get('containers') or ():
        code, why = container.get('exitCode'), container.get('reason')
        ended = f'exit code {code}' if code else ''
        if ended or why:
            said = ': '.join(filter(None, (ended, why)))
            parts.append(f'container {container.get("name")}: {said}')
    return ', '.join(parts) or str(task.get('stoppedReason') or '')


def short(arn: str) -> str:
    """family:revision."""
    return arn.rpartition('/')[2]
