"""Any program that takes JSON. With a secret it is signed as GitHub signs its own webhooks:
`X-Hub-Signature-256: sha256=` and the HMAC-SHA256 of the body in hexadecimal digits."""

import hashlib
import hmac
import uuid
from typing import Any

from liftlock.observe.notify.notice import Notice
from liftlock.observe.notify.post import Parcel, pack, post


def document(notice: Notice) -> dict[str, Any]:
    return {
        'action': 'cleared' if notice.cleared else 'raised',
        'key': notice.key,
        'title': notice.title,
        'text': notice.text,
        'severity': notice.severity,
        'at': notice.time,
        'source': notice.source,
        'url': notice.url,
    }


def sign(body: bytes, secret: str) -> str:
    return f'sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}'


def parcel(url: str, notice: Notice, secret: str, delivery: str) -> Parcel:
    found = pack(url, document(notice), {'X-Liftlock-Delivery': delivery})
    if not secret:
        return found
    signed = {**found.headers, 'X-Hub-Signature-256': sign(found.body, secret)}
    return found._replace(headers=signed)


async def send(url: str, notice: Notice, secret: str = '') -> None:
    await post(parcel(url, notice, secret, str(uuid.uuid4())))
