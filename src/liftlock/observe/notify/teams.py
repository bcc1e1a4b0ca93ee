"""Microsoft Teams, by the webhook of a workflow: an adaptive card."""

from typing import Any, Final

from liftlock.observe.notify.notice import Notice
from liftlock.observe.notify.post import pack, post

COLOURS: Final = {'critical': 'Attention', 'warning': 'Warning', 'info': 'Accent'}
KIND: Final = 'application/vnd.microsoft.card.adaptive'


def document(notice: Notice) -> dict[str, Any]:
    colour = 'Good' if notice.cleared else COLOURS.get(notice.severity, 'Default')
    title = {
        'type': 'TextBlock',
        'text': f'{notice.mark}: {notice.title}',
        'weight': 'Bolder',
        'size': 'Medium',
        'color': colour,
        'wrap': True,
    }
    text = {'type': 'TextBlock', 'text': notice.text, 'wrap': True}
    time = {'type': 'TextBlock', 'text': notice.time, 'isSubtle': True, 'size': 'Small'}
    card: dict[str, Any] = {
        'type': 'AdaptiveCard',
        '$schema': 'http://adaptivecards.io/schemas/adaptive-card.json',
        'version': '1.4',
        'body': [title, text, time],
    }
    if notice.url:
        card['actions'] = [{'type': 'Action.OpenUrl', 'title': 'Open', 'url': notice.url}]
    return {'type': 'message', 'attachments': [{'contentType': KIND, 'content': card}]}


async def send(webhook: str, notice: Notice) -> None:
    await post(pack(webhook, document(notice)))
