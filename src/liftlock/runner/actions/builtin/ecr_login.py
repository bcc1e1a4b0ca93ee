"""aws-actions/amazon-ecr-login, v1 and v2: the engine is logged in at Amazon's registries."""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import ecr, engines
from liftlock.runner.actions.aws import open_aws
from liftlock.runner.actions.majors import major
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'http-proxy': '',
    'mask-password': '',
    'registries': '',
    'registry-type': 'private',
    'skip-logout': 'false',
}
_ACTION: Final = 'aws-actions/amazon-ecr-login'
_KINDS: Final = ('private', 'public')
_UNMASKED: Final = (
    'Your docker password is not masked. See '
    'https://github.com/aws-actions/amazon-ecr-login#docker-credentials for more information.'
)


async def main(bench: Workbench) -> None:
    kind = bench.inputs['registry-type'].strip().lower() or 'private'
    if kind not in _KINDS:
        raise StepFailed(
            f"Invalid input for 'registry-type', possible options are [{', '.join(_KINDS)}]"
        )
    masks = _masks(bench)
    if not masks:
        bench.warning(_UNMASKED)
    engine = await engines.find(bench, _ACTION)
    region = ecr.PUBLIC_REGION if kind == 'public' else ''
    aws = await open_aws(bench, _ACTION, region=region, proxy=bench.inputs['http-proxy'].strip())
    accounts = [id for id in map(str.strip, bench.inputs['registries'].split(',')) if id]
    found = await ecr.get_passwords(aws, accounts, public=kind == 'public')
    done: list[str] = []
    for registry in found:
        bench.log(f'Logging into registry {registry.name}')
        if masks:
            bench.mask(registry.password)
        try:
            await engines.log_in(
                bench, engine, registry.endpoint, registry.username, registry.password
            )
        except StepFailed as error:
            raise StepFailed(f'Could not login to registry {registry.name}: {error}') from None
        done.append(registry.name)
        if bench.inputs['skip-logout'].strip().lower() != 'true':
            bench.save_state('registries', ','.join(done))
        _tell(bench, registry, alone=len(found) == 1)


async def post(bench: Workbench) -> None:
    registries = [name for name in bench.state.get('registries', '').split(',') if name]
    if not registries:
        return
    engine = await engines.find(bench, _ACTION)
    failed = []
    for registry in registries:
        bench.log(f'Logging out of registry {registry}')
        complaint = await engines.log_out(bench, engine, registry)
        if complaint:
            bench.error(f'Could not logout of registry {registry}: {complaint}')
            failed.append(registry)
    if failed:
        raise StepFailed(f'Failed to logout: {",".join(failed)}')


def _masks(bench: Workbench) -> bool:
    """v1 shows the password unless it is told not to, later ones the other way round."""
    said = bench.inputs['mask-password'].strip().lower()
    return said == 'true' if major(bench.ref) <= 1 else said != 'false'


def _tell(bench: Workbench, registry: ecr.Registry, *, alone: bool) -> None:
    if alone:
        bench.set_output('registry', registry.name)
    suffix = re.sub(r'[^a-zA-Z0-9_]+', '_', registry.name)
    bench.set_output(f'docker_username_{suffix}', registry.username)
    bench.set_output(f'docker_password_{suffix}', registry.password)
