"""Asking a forge over its REST API."""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from liftlock.runner.actions import http
from liftlock.runner.forge import Forge
from liftlock.runner.workbench import StepFailed

PAGE: Final = 50  # entries of a list at a time; Gitea gives no more
PAGES: Final = 40
NOT_FOUND: Final = 404


class Refused(StepFailed):
    """The forge said no; `status` is HTTP's, `message` what it said."""

    def __init__(self, status: int, message: str, asked: str) -> None:
        super().__init__(f'{message} ({status} for {asked})')
        self.status = status
        self.message = message


class Api:
    """One repository, one token."""

    def __init__(self, env: Mapping[str, str], forge: Forge, repository: str, token: str) -> None:
        self.env = env
        self.forge = forge
        self.repository = repository
        self._token = token

    async def ask(
        self,
        method: str,
        path: str,
        content: object = None,
        *,
        query: Mapping[str, object] | None = None,
    ) -> Any:
        """What the forge answers, read from JSON; None for nothing. Raises Refused, StepFailed."""
        body = None if content is None else json.dumps(content).encode()
        url = f'{self.forge.api}/{path}' + (f'?{urlencode(query)}' if query else '')
        return await self.send(method, url, body, 'application/json')

    async def find(self, path: str) -> Any:
        """The same of what may not be there: then None."""
        try:
            return await self.ask('GET', path)
        except Refused as refused:
            if refused.status == NOT_FOUND:
                return None
            raise

    async def each(self, path: str, **query: object) -> AsyncIterator[dict[str, Any]]:
        """The entries of a list, page after page."""
        for page in range(1, PAGES + 1):
            shown = {**query, 'per_page': PAGE, 'limit': PAGE, 'page': page}
            found = await self.ask('GET', path, query=shown)
            for entry in found:
                yield entry
            if len(found) < PAGE:
                return

    async def send(
        self,
        method: str,
        url: str,
        body: bytes | Iterable[bytes] | None,
        kind: str,
        size: int | None = None,
    ) -> Any:
        headers = {'Accept': 'application/json', 'User-Agent': 'liftlock', **self._authorization()}
        if body is not None:
            headers['Content-Type'] = kind
        if size is not None:
            headers['Content-Length'] = str(size)
        asked = f'{method} {url}'
        try:
            answer = await http.send(
                method, url, self.env, body=body, headers=headers, again=method == 'GET'
            )
        except http.Unreachable as error:
            raise StepFailed(f'{self.forge.api} cannot be reached: {error}') from None
        if not answer.good:
            raise Refused(answer.status, _explain(answer.text), asked)
        try:
            return json.loads(answer.text) if answer.body else None
        except ValueError:
            raise StepFailed(f'The answer to {asked} is no JSON: is this its API?') from None

    def _authorization(self) -> dict[str, str]:
        if self.forge.kind == 'gitlab':
            return {'PRIVATE-TOKEN': self._token}
        return {'Authorization': f'token {self._token}'}


def _explain(text: str) -> str:
    """As octokit words it: the message, then what is wrong with which field."""
    try:
        told = json.loads(text)
    except ValueError:
        return text.strip()[:500] or 'Refused'
    if not isinstance(told, dict):
        return str(told)[:500]
    message = told.get('message') or told.get('error') or 'Refused'
    message = message if isinstance(message, str) else json.dumps(message)
    errors = told.get('errors')
    if not isinstance(errors, list) or not errors:
        return message
    return f'{message}: {", ".join(json.dumps(error) for error in errors)}'


def part(text: str) -> str:
    """One part of a path, with whatever characters are in it."""
    return quote(text, safe='')
