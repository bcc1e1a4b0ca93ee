"""Secrets and variables of repositories and their environments."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import JSONResponse, Response

from liftlock.server import rights
from liftlock.server.rest import refusals
from liftlock.server.rest.asking import Call, SecretsRead, SecretsWrite, Wanted
from liftlock.server.rest.naming import OF
from liftlock.server.rest.naming import Name as Repo
from liftlock.server.rest.shapes import secrets as shapes
from liftlock.store.secrets import SECRET, VARIABLE, Safe, Scope

router = APIRouter(tags=['secrets and variables'], responses=refusals.described())
SENDING = refusals.described(*refusals.SENDING)
Name = Annotated[str, Path(max_length=128, pattern=r'^[A-Za-z_][A-Za-z0-9_]*$')]


@router.get(f'{OF}/secrets', response_model=shapes.Secrets)
async def list_secrets(
    call: SecretsRead, repository: Repo, environment: Wanted | None = None
) -> Response:
    """Names, and who set them when; never what they are. Without `environment` those of all."""
    found = _safe(call, SECRET, repository).listed(repository, environment)
    return JSONResponse({'secrets': [one._asdict() for one in found]})


@router.put(f'{OF}/secrets/{{secret}}', status_code=204, responses=SENDING)
async def set_secret(
    call: SecretsWrite,
    repository: Repo,
    secret: Name,
    given: shapes.Value,
    environment: Wanted = '',
) -> Response:
    """Of the whole repository, or of one environment."""
    return _set(call, SECRET, Scope(repository, environment), secret, given.value)


@router.delete(f'{OF}/secrets/{{secret}}', status_code=204, responses=SENDING)
async def remove_secret(
    call: SecretsWrite, repository: Repo, secret: Name, environment: Wanted = ''
) -> Response:
    return _remove(call, SECRET, Scope(repository, environment), secret)


@router.get(f'{OF}/variables', response_model=shapes.Variables)
async def list_variables(
    call: SecretsRead, repository: Repo, environment: Wanted | None = None
) -> Response:
    """With their values. Without `environment` those of all."""
    safe = _safe(call, VARIABLE, repository)
    found = safe.listed(repository, environment)
    values = safe.values(repository) if found else {}
    told = [{**one._asdict(), 'value': values[one.environment.lower()][one.name]} for one in found]
    return JSONResponse({'variables': told})


@router.put(f'{OF}/variables/{{variable}}', status_code=204, responses=SENDING)
async def set_variable(
    call: SecretsWrite,
    repository: Repo,
    variable: Name,
    given: shapes.Value,
    environment: Wanted = '',
) -> Response:
    """Of the whole repository, or of one environment."""
    return _set(call, VARIABLE, Scope(repository, environment), variable, given.value)


@router.delete(f'{OF}/variables/{{variable}}', status_code=204, responses=SENDING)
async def remove_variable(
    call: SecretsWrite, repository: Repo, variable: Name, environment: Wanted = ''
) -> Response:
    return _remove(call, VARIABLE, Scope(repository, environment), variable)


@router.get(f'{OF}/history/{{kind}}', response_model=shapes.History)
async def list_history(call: SecretsRead, repository: Repo, kind: shapes.Kind) -> Response:
    """Who set and removed what, and when."""
    found = _safe(call, kind, repository).history(repository)
    return JSONResponse({'history': [one._asdict() for one in found]})


# --- of the whole server


@router.get('/history/{kind}', response_model=shapes.History)
async def list_history_of_server(call: SecretsRead, kind: shapes.Kind) -> Response:
    """Who set and removed what, and when."""
    found = _safe(call, kind, '').history('')
    return JSONResponse({'history': [one._asdict() for one in found]})


@router.get('/secrets', response_model=shapes.Secrets)
async def list_secrets_of_server(call: SecretsRead) -> Response:
    """Those that every repository has."""
    found = _safe(call, SECRET, '').listed('', '')
    return JSONResponse({'secrets': [one._asdict() for one in found]})


@router.put('/secrets/{secret}', status_code=204, responses=SENDING)
async def set_secret_of_server(call: SecretsWrite, secret: Name, given: shapes.Value) -> Response:
    """For every repository."""
    return _set(call, SECRET, Scope(''), secret, given.value)


@router.delete('/secrets/{secret}', status_code=204, responses=SENDING)
async def remove_secret_of_server(call: SecretsWrite, secret: Name) -> Response:
    return _remove(call, SECRET, Scope(''), secret)


@router.get('/variables', response_model=shapes.Variables)
async def list_variables_of_server(call: SecretsRead) -> Response:
    """Those that every repository has."""
    safe = _safe(call, VARIABLE, '')
    found = safe.listed('', '')
    values = safe.values('').get('', {}) if found else {}
    told = [{**one._asdict(), 'value': values[one.name]} for one in found]
    return JSONResponse({'variables': told})


@router.put('/variables/{variable}', status_code=204, responses=SENDING)
async def set_variable_of_server(
    call: SecretsWrite, variable: Name, given: shapes.Value
) -> Response:
    """For every repository."""
    return _set(call, VARIABLE, Scope(''), variable, given.value)


@router.delete('/variables/{variable}', status_code=204, responses=SENDING)
async def remove_variable_of_server(call: SecretsWrite, variable: Name) -> Response:
    return _remove(call, VARIABLE, Scope(''), variable)


def _safe(call: Call, kind: str, repository: str) -> Safe:
    if repository:
        rights.refuse(call.person, 'secret.read', repository)
    else:
        rights.refuse(call.person, 'server.secret')
    return Safe(call.store, call.here.ground.key, kind)


def _set(call: Call, kind: str, scope: Scope, name: str, value: str) -> Response:
    """Twice is as good as once: no key is needed."""
    call.here.doing.entrust(call.person, kind, scope, name, value)
    return Response(status_code=204)


def _remove(call: Call, kind: str, scope: Scope, name: str) -> Response:
    call.here.doing.forget(call.person, kind, scope, name)
    return Response(status_code=204)
