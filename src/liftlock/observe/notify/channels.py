"""Sends a notice to the channels that an alert names, as `notify:` sets them up."""

from collections.abc import Iterable, Mapping

from liftlock.language.settings.model import Channel, Secret
from liftlock.observe.notify import email, pagerduty, slack, teams, webhook
from liftlock.observe.notify.notice import Notice, Undelivered


async def send(kind: str, channel: Channel, secrets: Mapping[str, str], notice: Notice) -> None:
    """Raises Undelivered, also where a secret is missing."""
    match kind:
        case 'slack':
            await slack.send(_secret(channel.webhook, secrets), notice)
        case 'teams':
            await teams.send(_secret(channel.webhook, secrets), notice)
        case 'pagerduty':
            await pagerduty.send(_secret(channel.routing_key, secrets), notice, channel.url)
        case 'webhook':
            url = channel.url or _secret(channel.webhook, secrets)
            await webhook.send(url, notice, _optional(channel.secret, secrets))
        case 'email':
            await _mail(channel, secrets, notice)
        case _:
            raise Undelivered(f'there is no channel "{kind}"')


async def send_all(
    names: Iterable[str], known: Mapping[str, Channel], secrets: Mapping[str, str], notice: Notice
) -> dict[str, str]:
    """Why it could not be delivered, by channel; one that fails keeps none of the others."""
    failed = {}
    for name in names:
        try:
            if name not in known:
                raise Undelivered(f'notify: does not set up "{name}"')
            await send(name, known[name], secrets, notice)
        except Undelivered as error:
            failed[name] = str(error)
    return failed


async def _mail(channel: Channel, secrets: Mapping[str, str], notice: Notice) -> None:
    sender = channel.sender or channel.to[0]
    try:
        password = _optional(channel.password, secrets)
        where = email.server(channel.server or 'localhost:25', sender, password)
    except ValueError as error:
        raise Undelivered(str(error)) from None
    await email.send(where, notice, sender, channel.to)


def _secret(secret: Secret | None, secrets: Mapping[str, str]) -> str:
    found = _optional(secret, secrets)
    if not found:
        raise Undelivered('nothing says where to')
    return found


def _optional(secret: Secret | None, secrets: Mapping[str, str]) -> str:
    if secret is None:
        return ''
    if not secrets.get(secret.name):
        raise Undelivered(f'the secret {secret.name} is not there')
    return secrets[secret.name]
