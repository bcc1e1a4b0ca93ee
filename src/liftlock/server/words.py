"""What the next page says once: that something is done, or why not; a token that was made.

It lies sealed in a cookie for a moment, for that session alone, because the next page may come from
another server of the store.
"""

import base64
import json
from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from liftlock.errors import UserError
from liftlock.server import site
from liftlock.store.access import Session

COOKIE: Final = 'liftlock_word'
LASTING: Final = 60  # seconds until the next page has it
LONGEST: Final = 2000  # characters: a cookie has room for 4,096 bytes


def give(request: Request, answer: Response, session: Session, mood: str, text: str) -> None:
    """`mood` is good or bad."""
    secure, name = _cookie(request)
    with suppress(UserError):  # no key: then nothing is said
        told = json.dumps([mood, text[:LONGEST]], ensure_ascii=False)
        kept = base64.urlsafe_b64encode(site.of(request).key().seal(told, _of(session)))
        answer.set_cookie(
            name, kept.decode(), max_age=LASTING, path='/', httponly=True, samesite='lax',
            secure=secure,
        )  # fmt: skip


def given(request: Request, session: Session | None) -> tuple[str, str] | None:
    """(mood, text), if something is to be said."""
    kept = request.cookies.get(_cookie(request)[1])
    if not kept or session is None:
        return None
    with suppress(UserError, ValueError):  # of another session, or of an older key
        told = site.of(request).key().open(base64.urlsafe_b64decode(kept), _of(session))
        mood, text = json.loads(told)
        return mood, text
    return None


def forget(request: Request, answer: Response) -> None:
    """It was said."""
    secure, name = _cookie(request)
    if name in request.cookies:
        answer.delete_cookie(name, path='/', secure=secure)


def _cookie(request: Request) -> tuple[bool, str]:
    secure = site.of(request).ground.secure
    return secure, f'__Host-{COOKIE}' if secure else COOKIE


def _of(session: Session) -> str:
    return f'word {session.secret}'
