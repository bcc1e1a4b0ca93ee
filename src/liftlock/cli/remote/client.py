"""Asks a server. What goes wrong is told so that a person knows what to do.

What changes something carries a key of its own, so that it can be sent again when its answer was
lost: it is done once all the same.
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

from liftlock import VERSION
from liftlock.cli.remote import credentials
from liftlock.errors import UNDECIDED, UserError
from liftlock.language.printable import harmless

API: Final = '/api/v1'
PATIENCE: Final = httpx.Timeout(60.0, connect=10.0)
TRIES: Final = 4
RECONNECTS: Final = 6  # to a server that has answered before: it may be restarted just now
PAUSE: Final = 0.5  # seconds before the second try, twice as many before each that follows
MOST: Final = 100  # of a list, in one answer
BUSY: Final = (429, 503)
GATEWAY: Final = (502, 503, 504)
APART: Final = (httpx.ConnectError, httpx.ConnectTimeout)


class Absent(UserError):
    """There is no such thing on the server."""


class Unanswered(UserError):
    """The server does not say what is the case, or was done."""

    exit_code = UNDECIDED


class Client:
    """One server, as somebody whose token is known here."""

    def __init__(self, server: str, token: str = '') -> None:
        self.server = credentials.address(server)
        found = token or credentials.token(self.server, credentials.place())
        if not found:
            hint = f'liftlock login --server {self.server}, or set {credentials.NAME}'
            raise UserError(f'no token for {self.server} is known here', hint)
        self._met = False
        headers = {'authorization': f'Bearer {found}', 'user-agent': f'liftlock/{VERSION}'}
        try:
            self._http = httpx.Client(base_url=self.server + API, headers=headers, timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise UserError(f'{self.server}: {error}') from None

    def get(self, path: str, **given: object) -> Any:
        return self._json(self._send('GET', path, params=_said(given)))

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        headers = {'idempotency-key': uuid.uuid4().hex}
        return self._json(self._send('POST', path, json=dict(body), headers=headers))

    def put(self, path: str, body: Mapping[str, object], **given: object) -> None:
        self._send('PUT', path, json=dict(body), params=_said(given))

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        return self._json(self._send('PATCH', path, json=dict(body)))

    def delete(self, path: str, **given: object) -> None:
        self._send('DELETE', path, params=_said(given))

    def each(self, path: str, name: str, limit: int, **given: object) -> Iterator[Any]:
        """So many of a list, page by page."""
        cursor = ''
        while limit > 0:
            page = self.get(path, **given, limit=min(limit, MOST), cursor=cursor)
            yield from page[name]
            limit -= len(page[name])
            cursor = page['next']
            if not cursor:
                return

    def download(self, path: str, file: Path) -> None:
        try:
            with self._http.stream('GET', path) as answer, file.open('wb') as stream:
                if answer.status_code != 200:
                    answer.read()
                    raise self._refusal(answer)
                for chunk in answer.iter_bytes():
                    stream.write(chunk)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    # ---

    def _send(self, how: str, path: str, **given: Any) -> httpx.Response:
        pause, tries = PAUSE, 0
        while True:
            tries += 1
            try:
                answer = self._http.request(how, path, **given)
            except httpx.HTTPError as error:
                apart = isinstance(error, APART)
                if tries >= ((RECONNECTS if self._met else 1) if apart else TRIES):
                    raise self._unreachable(error) from None
            else:
                self._met = True
                again = answer.status_code in BUSY or _is_underway(answer)
                if not again or tries >= TRIES:
                    return self._checked(answer)
                pause = max(pause, _retry_after(answer))
            time.sleep(pause)
            pause *= 2

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        raise self._refusal(answer)

    def _json(self, answer: httpx.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._stranger() from None

    def _refusal(self, answer: httpx.Response) -> UserError:
        try:
            told = answer.json()
            error, hint = str(told['error']), str(told['hint'])
        except (ValueError, KeyError, TypeError):
            return self._stranger(answer)
        match answer.status_code:
            case 401:
                return UserError(
                    f'the token for {self.server} is not good (any more)',
                    f'get another one, then: liftlock login --server {self.server}',
                )
            case 404 | 405 if error in ('there is no such address', 'that cannot be done to this'):
                return self._other_version()
            case 422 if 'there is no parameter' in error:
                return self._other_version()
            case 404:
                return Absent(error, hint)
            case 500:
                return Unanswered(f'{self.server} has a bug: {error}', hint)
            case 429 | 502 | 503 | 504:
                return Unanswered(f'{self.server} cannot answer just now: {error}', hint)
            case _:
                return UserError(error, hint)

    def _stranger(self, answer: httpx.Response | None = None) -> UserError:
        if answer is not None and answer.is_redirect:
            where = harmless(answer.headers.get('location', '')).partition(API)[0]
            return UserError(
                f'{self.server} sends its visitors elsewhere, and no token is sent after them',
                f'is this the address? {where}',
            )
        if answer is not None and answer.status_code in GATEWAY:
            return Unanswered(
                f'what stands before {self.server} answers {answer.status_code}',
                'does the server behind it run?',
            )
        told = f' (it answers {answer.status_code})' if answer is not None else ''
        return UserError(
            f'{self.server} does not answer as Liftlock does{told}',
            'is the address right? It is the one at which its pages are',
        )

    def _other_version(self) -> UserError:
        try:
            theirs = self.get('/whoami')['version']
        except (UserError, KeyError):
            return self._stranger()
        return UserError(
            f'{self.server} cannot do this: it has Liftlock {theirs}, here is {VERSION}',
            'use the same version on both sides',
        )

    def _unreachable(self, error: httpx.HTTPError) -> UserError:
        said = str(error) or type(error).__name__
        if 'CERTIFICATE' in said.upper():
            return UserError(
                f'the certificate of {self.server} is not trusted: {said}',
                'name the file of your own authority in SSL_CERT_FILE',
            )
        if 'SSL' in said.upper():
            return UserError(
                f'{self.server} does not speak TLS as it should: {said}',
                'http:// instead of https://?',
            )
        if isinstance(error, httpx.TimeoutException):
            return Unanswered(f'{self.server} does not answer in time', 'is it there, and well?')
        return Unanswered(
            f'cannot reach {self.server}: {said}', 'is the address right, and does it run?'
        )


def of(repository: str) -> str:
    """Below which address it tells of a repository."""
    return '/repositories/' + '/'.join(map(quoted, repository.split('/')))


def quoted(text: str) -> str:
    """As one part of a path."""
    return quote(text, safe='')


def _said(given: Mapping[str, object]) -> dict[str, Any]:
    """Without what says nothing. `from` is a word of Python's: `from_` stands for it."""
    return {
        name.removesuffix('_'): value
        for name, value in given.items()
        if value is not None and value != ''
    }


def _is_underway(answer: httpx.Response) -> bool:
    """The same is being done: this was sent before, and its answer lost."""
    return answer.status_code == 409 and 'retry-after' in answer.headers


def _retry_after(answer: httpx.Response) -> float:
    told = answer.headers.get('retry-after', '')
    return min(float(told), 30.0) if told.isdecimal() else 0.0
