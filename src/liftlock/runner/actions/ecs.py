"""Amazon's container service: task definitions filled in and made registrable, services judged.

All of it is pure. Sources: aws-actions' render and deploy actions, and AWS's API reference.
"""

import copy
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.workbench import StepFailed

# What DescribeTaskDefinition tells and RegisterTaskDefinition does not take.
IGNORED: Final = (
    'compatibilities', 'taskDefinitionArn', 'requiresAttributes', 'revision', 'status',
    'registeredAt', 'deregisteredAt', 'registeredBy',
)  # fmt: skip
_DRIVERS: Final = (
    'json-file', 'syslog', 'journald', 'logentries', 'gelf', 'fluentd', 'awslogs', 'splunk',
    'awsfirelens',
)  # fmt: skip
_ROLE: Final = re.compile(
    r'arn:aws(-cn|-us-gov|-iso|-iso-b|-iso-e|-iso-f)?:iam::[0-9]{12}:role/.+', re.ASCII
)


class Filling(NamedTuple):
    """What is put into the definition; texts of several lines are as in the workflow."""

    containers: str
    image: str
    environment: str = ''
    env_files: str = ''
    secrets: str = ''
    log_driver: str = ''
    log_options: str = ''
    labels: str = ''
    command: str = ''
    task_role: str = ''
    execution_role: str = ''


def fill(definition: Mapping[str, Any], filling: Filling) -> dict[str, Any]:
    """A new definition. Raises StepFailed."""
    made = copy.deepcopy(dict(definition))
    if not re.fullmatch(r'([^,]+,)*[^,]+', filling.containers):
        raise StepFailed(
            'Invalid format for container name. Please use a single value or comma separated values'
        )
    for name in filling.containers.split(','):
        _fill_container(_find(made, name), filling)
    for key, option, arn in (
        ('taskRoleArn', 'task-role-arn', filling.task_role),
        ('executionRoleArn', 'execution-role-arn', filling.execution_role),
    ):
        if arn and not _ROLE.fullmatch(arn):
            raise StepFailed(
                f'Invalid ARN format for {option}. Expected format: '
                'arn:aws:iam::<account-id>:role/<role-name>'
            )
        if arn:
            made[key] = arn
    return {key: value for key, value in made.items() if key not in IGNORED}


def _find(definition: Mapping[str, Any], name: str) -> dict[str, Any]:
    containers = definition.get('containerDefinitions')
    if not isinstance(containers, list):
        raise StepFailed(
            'Invalid task definition format: containerDefinitions section is not present or is '
            'not an array'
        )
    for container in containers:
        if isinstance(container, dict) and container.get('name') == name:
            return container
    raise StepFailed(
        f"Invalid task definition: Could not find container definition with matching name: '{name}'"
    )


def _fill_container(container: dict[str, Any], filling: Filling) -> None:
    container['image'] = filling.image
    if filling.command:
        container['command'] = filling.command.split(' ')
    if filling.env_files:
        files = [{'value': line, 'type': 's3'} for line in _lines(filling.env_files)]
        container['environmentFiles'] = files
    if filling.environment:
        pairs = _pairs(filling.environment, 'environment variable', 'NAME=value')
        _merge(container, 'environment', 'value', pairs)
    if filling.secrets:
        pairs = _pairs(filling.secrets, 'secret', 'NAME=valueFrom')
        _merge(container, 'secrets', 'valueFrom', pairs)
    if filling.log_driver and filling.log_driver not in _DRIVERS:
        raise StepFailed(
            f"'{filling.log_driver}' is invalid logConfigurationLogDriver. valid options are "
            f'{",".join(_DRIVERS)}.'
        )
    if filling.log_driver:
        _below(container, 'logConfiguration')['logDriver'] = filling.log_driver
    if filling.log_options:
        options = _below(_below(container, 'logConfiguration'), 'options')
        options |= dict(_pairs(filling.log_options, 'logConfiguration option', 'key=value'))
    if filling.labels:
        labels = _pairs(filling.labels, 'docker label', 'key=value')
        _below(container, 'dockerLabels').update(labels)


def _lines(text: str) -> list[str]:
    return [line for line in map(str.strip, text.splitlines()) if line]


def _pairs(text: str, what: str, form: str) -> Iterator[tuple[str, str]]:
    for line in _lines(text):
        name, equals, value = line.partition('=')
        if not equals:
            raise StepFailed(f"Cannot parse the {what} '{line}'. It must be of the form {form}.")
        yield name, value


def _merge(
    container: dict[str, Any], key: str, field: str, pairs: Iterator[tuple[str, str]]
) -> None:
    if not isinstance(container.get(key), list):
        container[key] = []
    for name, value in pairs:
        for entry in container[key]:
            if entry.get('name') == name:
                entry[field] = value
                break
        else:
            container[key].append({'name': name, field: value})


def _below(parent: dict[str, Any], key: str) -> dict[str, Any]:
    if not isinstance(parent.get(key), dict):
        parent[key] = {}
    below: dict[str, Any] = parent[key]
    return below


# --- registering


def clean(
    definition: Mapping[str, Any], kept: Collection[str], warn: Callable[[str], None]
) -> dict[str, Any]:
    """Without empty values, but for keys that are to be kept, and without what AWS adds itself."""
    made: dict[str, Any] = _without_empty(dict(definition), frozenset(kept))
    for key in IGNORED:
        if made.pop(key, None):
            warn(
                f"Ignoring property '{key}' in the task definition file. This property is "
                'returned by the Amazon ECS DescribeTaskDefinition API and may be shown in the ECS '
                'console, but it is not a valid field when registering a new task definition. This '
                'field can be safely removed from your task definition file.'
            )
    proxy = made.get('proxyConfiguration') or {}
    if proxy.get('type') == 'APPMESH':
        for entry in proxy.get('properties') or ():
            entry.setdefault('value', '')
            entry.setdefault('name', '')
    for container in made.get('containerDefinitions') or ():
        for entry in container.get('environment') or ():
            entry.setdefault('value', '')
    return made


def _without_empty(value: Any, kept: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_empty(inner, kept)
            for key, inner in value.items()
            if key in kept or not _is_empty(inner)
        }
    if isinstance(value, list):
        return [_without_empty(inner, kept) for inner in value if not _is_empty(inner)]
    return value


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    if isinstance(value, list):
        return all(map(_is_empty, value))
    return value is None or value == ''


# --- services


def primary(service: Mapping[str, Any]) -> str:
    """The id of the deployment that counts."""
    deployments = service.get('deployments') or ()
    return next((str(one['id']) for one in deployments if one.get('status') == 'PRIMARY'), '')


def is_stable(service: Mapping[str, Any]) -> bool:
    """As AWS's own waiter sees it."""
    running, wanted = service.get('runningCount'), service.get('desiredCount')
    return len(service.get('deployments') or ()) == 1 and running == wanted


def check_deployment(service: Mapping[str, Any], id: str) -> str:
    """The state of its rollout. StepFailed if it came to nothing: a service is also stable when it
    went back to what was there."""
    deployments = service.get('deployments') or ()
    found = next((one for one in deployments if one.get('id') == id), None)
    if found is None:
        raise StepFailed(
            f'Deployment {id} not found after stabilization. The deployment was likely rolled back '
            'by the deployment circuit breaker.'
        )
    if found.get('rolloutState') == 'FAILED':
        reason = found.get('rolloutStateReason') or 'unknown reason'
        raise StepFailed(f'Deployment {id} FAILED: {reason}')
    return str(found.get('rolloutState') or '')
