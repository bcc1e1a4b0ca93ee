"""Who somebody is here, by what the provider says of him. Pure."""

from typing import Any

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.server.openid.proof import Claims
from liftlock.server.openid.settings import Provider
from liftlock.store.access import ROLES
from liftlock.store.people import Grant


class Visitor(NamedTuple):
    """`email` is '' unless the provider has verified it. `follows`: the role is the provider's to
    say, at each log-in; else it is given once."""

    subject: str
    name: str
    email: str
    role: str
    grants: tuple[Grant, ...]
    follows: bool


class StaysOut(UserError):
    """The provider knows him, but he has nothing to do here."""


def visitor(provider: Provider, claims: Claims) -> Visitor:
    """StaysOut for whoever may not come in."""
    email = str(claims.get('email', '')) if _is_true(claims.get('email_verified')) else ''
    if provider.domains and email.rpartition('@')[2].lower() not in provider.domains:
        raise StaysOut(f'only people of {", ".join(provider.domains)} come in')
    name = email if provider.name == 'email' else claims.get(provider.name)
    if not isinstance(name, str) or not name:
        raise StaysOut(
            f'the provider does not say "{provider.name}" of you', 'an admin can choose another'
        )
    groups = _groups(claims.get(provider.groups))
    role = _role(provider, groups)
    if not role:
        raise StaysOut('none of your groups comes in here', 'ask whoever looks after the groups')
    grants = tuple(grant for group in groups for grant in provider.deployers.get(group, ()))
    kept = tuple(dict.fromkeys(grants))
    return Visitor(str(claims['sub']), name, email, role, kept, bool(provider.roles))


def _role(provider: Provider, groups: list[str]) -> str:
    """The highest that any of the groups gives."""
    found = [provider.roles[group] for group in groups if group in provider.roles]
    return max(found, key=ROLES.index, default=provider.default_role)


def _groups(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    return [one for one in content if isinstance(one, str)] if isinstance(content, list) else []


def _is_true(content: Any) -> bool:
    return content is True or content == 'true'  # as some write it
