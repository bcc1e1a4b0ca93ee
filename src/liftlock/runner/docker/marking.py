"""Requests to Docker, as far as a relay has to understand them: see `relay`."""

import json
import re
from typing import Final

from liftlock.runner.docker.create import LABEL

_LARGEST: Final = 8 << 20  # bytes; no request to make something is
_MAKING: Final = re.compile(rb'POST (?:/v[\d.]+)?(/libpod)?/(?:containers|networks)/create[? ]')
_CONNECTION: Final = re.compile(rb'\r\nconnection: *([^\r]*)', re.IGNORECASE)
_LENGTH: Final = re.compile(rb'\r\ncontent-length: *(\d+)', re.IGNORECASE)


def find_making(head: bytes) -> int:
    """The length of what follows, where a container or a network is to be made; else 0."""
    length = _LENGTH.search(head)
    if length is None or _MAKING.match(head) is None:
        return 0
    return int(length[1]) if int(length[1]) <= _LARGEST else 0


def once(head: bytes) -> bytes:
    """The request, after which the connection is to be closed, unless it becomes another one."""
    connection = _CONNECTION.search(head)
    if connection is None:
        return head[:-2] + b'Connection: close\r\n\r\n'
    if b'upgrade' in connection[1].lower():
        return head
    return _CONNECTION.sub(b'\r\nConnection: close', head)


def mark(head: bytes, body: bytes, tracking_id: str) -> bytes:
    """The request to make something, with our label among its others."""
    making = _MAKING.match(head)
    assert making is not None
    labelled = _label(body, 'labels' if making[1] else 'Labels', tracking_id)
    return once(_LENGTH.sub(b'\r\nContent-Length: %d' % len(labelled), head)) + labelled


def _label(body: bytes, key: str, tracking_id: str) -> bytes:
    """What is no request is for Docker to refuse."""
    try:
        asked = json.loads(body)
    except ValueError:
        return body
    if not isinstance(asked, dict):
        return body
    labels = asked.get(key)
    asked[key] = {**(labels if isinstance(labels, dict) else {}), LABEL: tracking_id}
    return json.dumps(asked).encode()
