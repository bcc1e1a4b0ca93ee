"""What cannot be done, and how that is answered: always as `{error, hint}`."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from liftlock.errors import UserError
from liftlock.server import front
from liftlock.server.rest.shapes.base import Problem
from liftlock.server.rights import Forbidden
from liftlock.store.sql import Unreachable


class Missing(UserError):
    """What is asked about, or to which something is to be done, is not there."""


class Malformed(UserError):
    """What was sent cannot be understood."""


class Mistaken(UserError):
    """What was sent is understood, and is not as it should be."""


class Underway(UserError):
    """The same was asked before, and is not done yet."""


NOWHERE: Final = 'there is no such address'
CANNOT: Final = 'that cannot be done to this'
MEANINGS: Final[Mapping[int, str]] = {
    400: 'What was sent cannot be understood.',
    401: 'No token, or none that is good.',
    403: 'Not for whoever asks, or not for this token.',
    404: 'It is not there.',
    405: 'That cannot be done to this.',
    409: 'It cannot be done as things are; with Retry-After: the same is being done just now.',
    413: 'The body is too large.',
    415: 'The body is no JSON.',
    422: 'What was sent is not as it should be.',
    429: 'Too often: the header Retry-After says when to try again.',
    503: 'The server is held up, most likely by its database: Retry-After.',
}
ALWAYS: Final = (400, 401, 403, 404, 409, 422, 429, 503)  # by which every answer may be replaced
SENDING: Final = (413, 415)  # and those to requests with a body


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the API's description."""
    return {
        status: {'model': Problem, 'description': MEANINGS[status]}
        for status in (*ALWAYS, *statuses)
    }


def answer(status: int, error: str, hint: str = '', headers: Mapping[str, str] = {}) -> Response:
    return JSONResponse({'error': error, 'hint': hint}, status, dict(headers))


def install(app: FastAPI) -> None:
    app.add_exception_handler(UserError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)


def status_of(error: UserError) -> int:
    match error:
        case Forbidden():
            return 403
        case Missing():
            return 404
        case Malformed():
            return 400
        case Mistaken():
            return 422
        case _:
            return 409


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    if isinstance(error, Unreachable):
        return front.excuse(request.scope)
    status = status_of(error)
    headers = {'retry-after': '1'} if isinstance(error, Underway) else {}
    return answer(status, str(error), error.hint, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    """Where, and what is wrong with it; never what was sent, which may be a secret."""
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(one['type'] == 'json_invalid' for one in found):
        return answer(400, 'the body is no JSON')
    told = '; '.join(f'{_where(one["loc"])}: {one["msg"]}' for one in found[:5])
    return answer(422, told.encode('utf-8', 'replace').decode(), 'see /api/v1/openapi.json')


def _where(place: tuple[str | int, ...]) -> str:
    return '.'.join(str(part) for part in place[1:] or place)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {404: NOWHERE, 405: CANNOT}
    message = told.get(error.status_code, str(error.detail))
    return answer(error.status_code, message, '', error.headers or {})


async def _broken(request: Request, error: Exception) -> Response:
    return answer(500, 'this is a bug in liftlock', 'the log of the server tells more')
