"""PagerDuty, by its Events API v2. An incident that was raised is resolved by the same key."""

from typing import Any, Final

from liftlock.observe.notify.notice import Notice
from liftlock.observe.notify.post import pack, post

ADDRESS: Final = 'https://events.pagerduty.com/v2/enqueue'
LONGEST: Final = 1024  # characters of a summary
KEY: Final = 255  # of a key


def document(notice: Notice, routing_key: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        'routing_key': routing_key,
        'event_action': 'resolve' if notice.cleared else 'trigger',
        'dedup_key': notice.key[:KEY],
        'payload': {
            'summary': f'{notice.title}: {notice.text}'[:LONGEST],
            'source': notice.source or 'liftlock',
            'severity': notice.severity,
            'timestamp': notice.time,
        },
        'client': 'Liftlock',
    }
    if notice.url:
        found['links'] = [{'href': notice.url, 'text': 'Open'}]
    return found


async def send(routing_key: str, notice: Notice, address: str = '') -> None:
    await post(pack(address or ADDRESS, document(notice, routing_key)))
