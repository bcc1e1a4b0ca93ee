"""Speaks to the server: every request is signed with the secret of the repository."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib import error, request

from .letters import Letter, Settings

QUICK = 4.0  # seconds for an answer, so that nobody's push hangs on a server that does
SLOW = 120.0  # for handing over objects


class Unsent(Exception):
    """The server has not taken it. `final`: and never will."""

    def __init__(self, why: str, *, final: bool = False) -> None:
        super().__init__(why)
        self.final = final


class Server:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def deliver(self, letter: Letter) -> None:
        """Raises Unsent."""
        told = {'X-GitHub-Event': letter.event, 'X-GitHub-Delivery': letter.delivery}
        self._post('', letter.body.encode(), told, QUICK)

    def progress(self, delivery: str) -> dict[str, Any]:
        """What has become of a delivery: whether it is decided, which runs it started, how far they
        are. Raises Unsent."""
        body = json.dumps({'delivery': delivery, 'at': time.time()}).encode()
        told: dict[str, Any] = json.loads(self._post('/progress', body, {}, QUICK))
        return told

    def hand_over(self, pack: bytes) -> None:
        """Raises Unsent."""
        kind = {'Content-Type': 'application/x-git-packed-objects'}
        self._post('/objects', pack, kind, SLOW)

    def _post(self, path: str, body: bytes, headers: dict[str, str], limit: float) -> bytes:
        url = f'{self._settings.server}/hooks/{self._settings.repository}{path}'
        signed = hmac.new(self._settings.secret.encode(), body, hashlib.sha256).hexdigest()
        asked = request.Request(url, body, method='POST')  # noqa: S310 - set up by the owner
        asked.add_header('Content-Type', 'application/json')
        asked.add_header('User-Agent', 'liftlock-hook')
        asked.add_header('X-Hub-Signature-256', f'sha256={signed}')
        for name, value in headers.items():
            asked.add_header(name, value)
        try:
            with request.urlopen(asked, timeout=limit) as answer:  # noqa: S310
                return bytes(answer.read())
        except error.HTTPError as refusal:
            with refusal:
                raise _refused(refusal.code, refusal.read(2000)) from None
        except (OSError, ValueError) as failure:
            reason = getattr(failure, 'reason', failure)
            raise Unsent(f'{self._settings.server} cannot be reached: {reason}') from None


def _refused(status: int, body: bytes) -> Unsent:
    try:
        said = str(json.loads(body).get('error', ''))
    except (ValueError, AttributeError):
        said = ''
    return Unsent(f'the server answered {status} {said}'.strip(), final=status in (400, 413, 422))
