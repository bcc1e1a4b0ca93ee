"""docker/login-action, all majors: the engine is logged in for this job, and logged out after it.

Credentials lie in the job's own HOME (or its DOCKER_CONFIG), never in the user's.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions import aws, ecr, engines
from liftlock.runner.actions.documents import BadDocument, parse_yaml
from liftlock.runner.actions.engines import Engine
from liftlock.runner.actions.inputs import read_boolean
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'registry': '',
    'username': '',
    'password': '',
    'ecr': '',
    'scope': '',
    'logout': 'true',
    'registry-auth': '',
}
_ACTION: Final = 'docker/login-action'
_HUB: Final = 'docker.io'


class _Account(NamedTuple):
    """`ecr` is auto, true or false."""

    registry: str
    username: str
    password: str
    ecr: str
    scope: str


async def main(bench: Workbench) -> None:
    logs_out = read_boolean(bench, 'logout', True)
    accounts = list(_read(bench))
    if not accounts:
        raise StepFailed('No registry to login')
    engine = await engines.find(bench, _ACTION)
    places = {(account.registry, str(_config(bench, account) or '')) for account in accounts}
    if logs_out:
        bench.save_state('registries', json.dumps(sorted(places)))
    for account in accounts:
        await _log_in(bench, engine, account)


async def post(bench: Workbench) -> None:
    places = json.loads(bench.state.get('registries') or '[]')
    if not places:
        return
    try:
        engine = await engines.find(bench, _ACTION)
    except StepFailed as error:  # it went away meanwhile; a job does not fail for that
        bench.warning(str(error))
        return
    for registry, config in places:
        bench.log(f'Logout from {registry}')
        complaint = await engines.log_out(bench, engine, registry, Path(config) if config else None)
        if complaint:
            bench.warning(complaint)


def _read(bench: Workbench) -> Iterator[_Account]:
    given = {name: bench.inputs[name].strip() for name in INPUTS}
    listed = given['registry-auth']
    alone = ('registry', 'username', 'password', 'scope', 'ecr')
    if not listed:
        yield _account({name: given[name] for name in alone})
        return
    if any(given[name] for name in alone):
        raise StepFailed('Cannot use registry-auth with other inputs')
    try:
        entries = parse_yaml(listed)
    except BadDocument as error:
        raise StepFailed(f'registry-auth is no YAML: {error}') from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise StepFailed(
            'registry-auth must be a list of objects with registry, username, password'
        )
    for entry in entries:
        account = _account(entry)
        if account.password:
            bench.mask(account.password)
        yield account


def _account(given: Mapping[str, Any]) -> _Account:
    text = {name: str(value) for name, value in given.items() if value is not None}
    return _Account(
        text.get('registry') or _HUB,
        text.get('username', ''),
        text.get('password', ''),
        text.get('ecr') or 'auto',
        text.get('scope', ''),
    )


def _config(bench: Workbench, account: _Account) -> Path | None:
    """Where buildx looks for credentials of one scope of a registry; None: the usual place."""
    disabled = bench.env.get('DOCKER_LOGIN_SCOPE_DISABLED', '').lower() in ('1', 't', 'true')
    if not account.scope or disabled:
        return None
    buildx = Path(bench.env.get('BUILDX_CONFIG') or engines.config_directory(bench) / 'buildx')
    registry = 'registry-1.docker.io' if account.registry == _HUB else account.registry
    below = f'{registry}{account.scope}' if account.scope.startswith('@') else account.scope
    base = buildx / 'config'
    return base / below if account.scope.startswith('@') else base / registry / below


async def _log_in(bench: Workbench, engine: Engine, account: _Account) -> None:
    config = _config(bench, account)
    amazon = ecr.is_public(account.registry) or ecr.parse(account.registry) is not None
    if 'true' in account.ecr.lower() or (account.ecr == 'auto' and amazon):
        for one in await _ask_amazon(bench, account):
            bench.log(f'Logging into {one.name}...')
            await engines.log_in(bench, engine, one.endpoint, one.username, one.password, config)
        return
    if not account.username or not account.password:
        missing = [
            name
            for name, text in (('Username', account.username), ('Password', account.password))
            if not text
        ]
        raise StepFailed(f'{" and ".join(missing).capitalize()} required')
    scope = f' (scope {account.scope})' if config else ''
    bench.log(f'Logging into {account.registry}{scope}...')
    await engines.log_in(
        bench, engine, account.registry, account.username, account.password, config
    )


async def _ask_amazon(bench: Workbench, account: _Account) -> list[ecr.Registry]:
    """By the key that was given as user name and password, if one was."""
    public = ecr.is_public(account.registry)
    owner, region = ecr.parse(account.registry) or ('', '')
    region = ecr.PUBLIC_REGION if public else region
    others = [] if public else bench.env.get('AWS_ACCOUNT_IDS', '').split(',')
    ids = [id for id in dict.fromkeys([owner, *others]) if id]
    client = await aws.open_aws(bench, _ACTION, region=region)
    if account.username and account.password:
        key = aws.Credentials(account.username, account.password)
        client = client._replace(variables={**client.variables, **key.variables})
    registries = await ecr.get_passwords(client, ids, public=public)
    for registry in registries:
        bench.mask(registry.password)
    return registries
