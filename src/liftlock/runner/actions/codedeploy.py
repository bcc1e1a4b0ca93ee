"""Deploying a service whose deployments CodeDeploy controls."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from liftlock.runner.actions import waiting
from liftlock.runner.actions.aws import Aws
from liftlock.runner.actions.documents import BadDocument, parse_yaml
from liftlock.runner.actions.waiting import Patience
from liftlock.runner.workbench import StepFailed, Workbench

_LONGEST: Final = 512  # characters of a description
_LOST: Final = ('Failed', 'Stopped')


async def deploy(bench: Workbench, aws: Aws, cluster: str, service: str, arn: str) -> None:
    """Raises StepFailed and Refused."""
    application = bench.inputs['codedeploy-application'].strip() or f'AppECS-{cluster}-{service}'
    group = bench.inputs['codedeploy-deployment-group'].strip() or f'DgpECS-{cluster}-{service}'
    told = await aws.call(
        'codedeploy', 'GetDeploymentGroup', applicationName=application, deploymentGroupName=group
    )
    spec = json.dumps(_fill(_read(bench), arn), separators=(',', ':'), ensure_ascii=False)
    digest = hashlib.sha256(spec.encode()).hexdigest()
    content = {'content': spec, 'sha256': digest}
    made = await aws.call(
        'codedeploy',
        'CreateDeployment',
        applicationName=application,
        deploymentGroupName=group,
        revision={'revisionType': 'AppSpecContent', 'appSpecContent': content},
        description=_shorten(bench.inputs['codedeploy-deployment-description'].strip()) or None,
        deploymentConfigName=bench.inputs['codedeploy-deployment-config'].strip() or None,
    )
    id_ = str(made['deploymentId'])
    bench.set_output('codedeploy-deployment-id', id_)
    bench.log(f'Deployment started: {id_} of {application}')
    if bench.inputs['wait-for-service-stability'].strip().lower() == 'true':
        await _wait(bench, aws, id_, told['deploymentGroupInfo'])


def _read(bench: Workbench) -> dict[str, Any]:
    name = bench.inputs['codedeploy-appspec'].strip() or 'appspec.yaml'
    try:
        with bench.open(bench.workspace / name) as file:
            content = parse_yaml(file.read().decode())
    except OSError as error:
        raise StepFailed(f'{name} cannot be read: {error.strerror}') from None
    except (BadDocument, UnicodeDecodeError) as error:
        raise StepFailed(f'{name} is no YAML: {error}') from None
    if not isinstance(content, dict):
        raise StepFailed(f"AppSpec file must include property 'resources': {name}")
    return content


def _fill(spec: dict[str, Any], arn: str) -> dict[str, Any]:
    """Every resource gets the new definition. Keys are compared without regard to case."""
    for resource in spec[_key(spec, 'resources')] or ():
        for content in resource.values():
            properties = content[_key(content, 'properties')]
            properties[_key(properties, 'taskDefinition')] = arn
    return spec


def _key(parent: Mapping[str, Any] | None, name: str) -> str:
    for key in parent or ():
        if key.lower() == name.lower():
            return key
    raise StepFailed(f"AppSpec file must include property '{name}'")


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f'{text[: _LONGEST - 1]}…'


async def _wait(bench: Workbench, aws: Aws, id_: str, group: Mapping[str, Any]) -> None:
    """What the group itself waits for comes on top."""
    own = group.get('blueGreenDeploymentConfiguration') or {}
    ready = (own.get('deploymentReadyOption') or {}).get('waitTimeInMinutes') or 0
    ending = own.get('terminateBlueInstancesOnDeploymentSuccess') or {}
    more = ready + (ending.get('terminationWaitTimeInMinutes') or 0)
    patience = Patience.read(bench, more)
    bench.log(f'Waiting for the deployment to complete, at most {patience.minutes} minutes')

    async def done() -> bool:
        told = await aws.call('codedeploy', 'GetDeployment', deploymentId=id_)
        found = told['deploymentInfo']
        if found.get('status') in _LOST:
            reason = (found.get('errorInformation') or {}).get('message') or 'unknown reason'
            raise StepFailed(f'Deployment {id_} {found["status"]}: {reason}')
        return bool(found.get('status') == 'Succeeded')

    await waiting.wait(patience, done, f'the deployment {id_} is not complete')
