"""How `serve` is to behave as a service: what it logs, whom it trusts, how it ends; and who may log
in how, as `config.yml` says."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

if TYPE_CHECKING:
    from liftlock.server.pages.door import Door

SECRET: Final = 'LIFTLOCK_OIDC_SECRET'  # noqa: S105 - the name of a variable
Decorated = TypeVar('Decorated', bound=Callable[..., Any])
_OPTIONS: Final = (
    click.option(
        '--trusted-proxy',
        'proxies',
        multiple=True,
        metavar='ADDRESS',
        help='Believe X-Forwarded-For from there; an address or a network. Repeatable.',
    ),
    click.option(
        '--log-format',
        type=click.Choice(('text', 'json')),
        default='text',
        show_default=True,
        help='Of what is logged on stderr.',
    ),
    click.option(
        '--access-log/--no-access-log',
        default=None,
        help='Log every request. [default: with --log-format json]',
    ),
    click.option(
        '--drain',
        type=click.FloatRange(min=0),
        default=0.0,
        metavar='SECONDS',
        help='Told to end, go on so long while /health/ready says that it does. [default: 0]',
    ),
    click.option('--open-metrics', is_flag=True, help='Tell /metrics without a token.'),
)


class Serving(NamedTuple):
    proxies: Sequence[str] = ()
    log_format: str = 'text'
    access_log: bool = False
    drain: float = 0.0
    open_metrics: bool = False


def options(function: Decorated) -> Decorated:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def given(options: Mapping[str, Any]) -> Serving:
    access = options['access_log']
    json = options['log_format'] == 'json'
    return Serving(**{**options, 'access_log': json if access is None else access})


def entrance(log_in: object, address: str, env: Mapping[str, str] = os.environ) -> 'Door':
    """The door, with the way in by OpenID where `config.yml` names a provider. UserError."""
    from liftlock.server.openid import settings
    from liftlock.server.pages.door import Door

    asked = settings.parse(log_in, 'config.yml: log-in')
    provider = asked.provider
    if provider is None:
        if not asked.passwords:
            raise UserError(
                'config.yml: log-in: without passwords there must be another way',
                'name a provider under oidc',
            )
        return Door()
    _refuse_missing()
    from liftlock.server.pages.gate import Gate

    door = Door(provider.label, by_password=asked.passwords)
    door.ways += Gate(door, provider, _secret(provider.secret_file, env), address).routes()
    return door


def _secret(file: str, env: Mapping[str, str]) -> str:
    if not file:
        return env.get(SECRET, '')
    try:
        return Path(file).expanduser().read_text(encoding='utf-8').strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'the secret for OpenID cannot be read: {file}: {error}') from None


def _refuse_missing() -> None:
    from importlib.util import find_spec

    if find_spec('httpx') is None:
        raise UserError(
            'OpenID needs httpx, which is not installed', "pip install 'liftlock[server]'"
        )
