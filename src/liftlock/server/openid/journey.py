"""A log-in that is under way: off to the provider, and not back yet.

It lies in a cookie of the browser that began it, sealed by the key of the stored secrets, for its
`state` alone. So nobody can have somebody else end a log-in of his own, strangers fill no memory,
and whichever server shares the store lets in whom another one has sent off.
"""

import base64
import binascii
import json
import secrets
import time
from pathlib import Path
from typing import Final

from liftlock.engine import trail
from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.store import sealing
from liftlock.store.sealing import Key

LASTING: Final = 600.0  # seconds between going and coming back
LONGEST: Final = 1000  # characters of where somebody wants to go


class Journey(NamedTuple):
    state: str
    at: float
    nonce: str
    verifier: str
    next: str


def mark(state: str) -> str:
    """For the name of its cookie: of several that are under way in one browser each has its own."""
    return (
        state[:8] if state.isascii() and state.replace('-', '').replace('_', '').isalnum() else ''
    )


def begin(where: str) -> Journey:
    state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    short = where if len(where) <= LONGEST else '/'
    return Journey(state, time.time(), nonce, secrets.token_urlsafe(48), short)


def sealed(journey: Journey, key: Path) -> str:
    """What the cookie holds. UserError where the key cannot be used."""
    told = _key(key).seal(json.dumps(journey[1:]), _of(journey.state))
    return base64.urlsafe_b64encode(told).decode()


def opened(text: str, state: str, key: Path) -> Journey:
    """UserError for what is none, or one of another state, or too old."""
    try:
        told = _key(key).open(base64.urlsafe_b64decode(text), _of(state))
    except (ValueError, binascii.Error):
        raise _none() from None
    journey = Journey(state, *json.loads(told))
    if journey.at < time.time() - LASTING:
        raise _none()
    return journey


def _key(file: Path) -> Key:
    try:
        return sealing.make_key(file)
    except UserError as error:
        trail.say(f'OpenID: {error}')
        told = 'the server cannot remember a log-in that is under way'
        raise UserError(told, 'its log says why') from None


def _of(state: str) -> str:
    return f'OpenID {state}'


def _none() -> UserError:
    return UserError('this log-in was begun in another browser, or too long ago', 'try again')
