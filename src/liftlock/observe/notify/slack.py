"""Slack, by an incoming webhook."""

from typing import Any, Final

from liftlock.observe.notify.notice import Notice
from liftlock.observe.notify.post import pack, post

COLOURS: Final = {'critical': '#d00000', 'warning': '#e0a000', 'info': '#3070d0'}
CLEARED: Final = '#20a040'
LONGEST: Final = 3000  # characters of a block


def document(notice: Notice) -> dict[str, Any]:
    title = escape(f'{notice.mark}: {notice.title}')
    linked = f'<{escape(notice.url)}|{title}>' if notice.url else title
    blocks = [
        {'type': 'section', 'text': _text(f'*{linked}*')},
        {'type': 'section', 'text': _text(escape(notice.text)[:LONGEST] or '-')},
        {'type': 'context', 'elements': [_text(notice.time)]},
    ]
    colour = CLEARED if notice.cleared else COLOURS.get(notice.severity, COLOURS['info'])
    return {'text': title, 'attachments': [{'color': colour, 'blocks': blocks}]}


def _text(text: str) -> dict[str, str]:
    return {'type': 'mrkdwn', 'text': text}


def escape(text: str) -> str:
    """These three are all that Slack wants to have escaped."""
    return text.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')


async def send(webhook: str, notice: Notice) -> None:
    await post(pack(webhook, document(notice)))
