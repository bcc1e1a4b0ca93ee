"""What `log-in:` in `config.yml` says, as records. No clock, no file: pure.

log-in:
  passwords: false              # nobody gets in by one; the default is true
  oidc:
    issuer: https://id.example.org/realms/octo
    client-id: liftlock
    client-secret-file: /run/keys/oidc   # or LIFTLOCK_OIDC_SECRET; none for a public client
    label: Octo                 # as the button says it
    scopes: [openid, profile, email]
    name: preferred_username    # the claim that is the account's name
    groups: groups              # the claim that lists groups
    roles: {ci-admins: admin, developers: developer}
    default-role: viewer        # of those in none of these groups; without it they stay out
    deployers: {sre: ['octo/*:production']}
    domains: [example.org]      # only people with a verified e-mail address there
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from liftlock.errors import UserError
from liftlock.language.nearest import suggestion
from liftlock.language.records import NamedTuple
from liftlock.store.access import ROLES
from liftlock.store.people import DEPLOYER, Grant

KEYS: Final = ('passwords', 'oidc')
OIDC_KEYS: Final = (
    'issuer', 'client-id', 'client-secret-file', 'label', 'scopes', 'name', 'groups', 'roles',
    'default-role', 'deployers', 'domains',
)  # fmt: skip
LOCAL: Final = ('127.0.0.1', 'localhost', '::1')


class Provider(NamedTuple):
    """`roles` and `deployers` are by group. '' as `default_role`: others stay out."""

    issuer: str
    client: str
    secret_file: str = ''
    label: str = 'OpenID'
    scopes: tuple[str, ...] = ('openid', 'profile', 'email')
    name: str = 'preferred_username'
    groups: str = 'groups'
    roles: Mapping[str, str] = {}
    default_role: str = 'viewer'
    deployers: Mapping[str, tuple[Grant, ...]] = {}
    domains: tuple[str, ...] = ()


class LogIn(NamedTuple):
    passwords: bool = True
    provider: Provider | None = None


def parse(content: object, where: str = 'log-in') -> LogIn:
    """UserError for what cannot be meant."""
    if content is None:
        return LogIn()
    given = _mapping(content, where, KEYS)
    passwords = given.get('passwords', True)
    if not isinstance(passwords, bool):
        raise UserError(f'{where}: passwords is true or false')
    oidc = given.get('oidc')
    return LogIn(passwords, None if oidc is None else _provider(oidc, f'{where}: oidc'))


def _provider(content: object, where: str) -> Provider:
    given = _mapping(content, where, OIDC_KEYS)
    roles = _texts(given.get('roles'), f'{where}: roles')
    default = given.get('default-role', '' if roles else 'viewer') or ''
    for role in (*roles.values(), *([default] if default else ())):
        if role not in ROLES:
            raise UserError(f'{where}: there is no role "{role}"', f'there are: {", ".join(ROLES)}')
    scopes = _list(given.get('scopes', ['openid', 'profile', 'email']), f'{where}: scopes')
    if 'openid' not in scopes:
        raise UserError(f'{where}: openid must be one of the scopes')
    return Provider(
        issuer=_issuer(given.get('issuer'), where),
        client=_text(given.get('client-id'), f'{where}: client-id'),
        secret_file=_text(given.get('client-secret-file', ''), f'{where}: client-secret-file', ''),
        label=_text(given.get('label', 'OpenID'), f'{where}: label'),
        scopes=scopes,
        name=_text(given.get('name', 'preferred_username'), f'{where}: name'),
        groups=_text(given.get('groups', 'groups'), f'{where}: groups'),
        roles=roles,
        default_role=str(default),
        deployers=dict(_deployers(given.get('deployers'), f'{where}: deployers')),
        domains=tuple(map(str.lower, _list(given.get('domains', []), f'{where}: domains'))),
    )


def is_safe(address: str) -> bool:
    """By TLS, or on this machine."""
    found = urlsplit(address)
    return found.scheme == 'https' or (found.scheme == 'http' and found.hostname in LOCAL)


def _issuer(content: object, where: str) -> str:
    address = _text(content, f'{where}: issuer')
    found = urlsplit(address)
    if not is_safe(address) or not found.hostname or found.query or found.fragment:
        raise UserError(f'{where}: issuer must be an https address, not "{address}"')
    return address


def _deployers(content: object, where: str) -> Iterator[tuple[str, tuple[Grant, ...]]]:
    for group, places in (_mapping(content, where) if content is not None else {}).items():
        named = [places] if isinstance(places, str) else places
        yield str(group), tuple(_grant(one, f'{where}: {group}') for one in _list(named, where))


def _grant(text: str, where: str) -> Grant:
    repository, _, environment = text.partition(':')
    if '/' not in repository or not environment:
        raise UserError(f'{where}: "{text}" is no environment', 'as in octo/shop:production')
    return Grant(DEPLOYER, repository, environment)


def _mapping(content: object, where: str, keys: tuple[str, ...] = ()) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise UserError(f'{where} must be a mapping')
    for key in content:
        if keys and key not in keys:
            hint = suggestion(str(key), [*keys], f'known keys: {", ".join(keys)}')
            raise UserError(f'{where}: unknown key "{key}"', hint)
    return content


def _texts(content: object, where: str) -> dict[str, str]:
    found = _mapping(content, where) if content is not None else {}
    return {str(name): _text(text, f'{where}: {name}') for name, text in found.items()}


def _list(content: object, where: str) -> tuple[str, ...]:
    if not isinstance(content, list) or not all(isinstance(one, str) for one in content):
        raise UserError(f'{where} must be a list of texts')
    return tuple(content)


def _text(content: object, where: str, default: str | None = None) -> str:
    if not isinstance(content, str) or (not content and default is None):
        raise UserError(f'{where} must be a text')
    return content
