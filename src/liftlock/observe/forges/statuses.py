"""Tells a forge how a commit is doing: one request a status, a value that one function sends.

GitHub, Gitea and Forgejo: `POST /repos/{owner}/{name}/statuses/{sha}`. GitLab: `POST
/projects/{path}/statuses/{sha}`, where it shows up as an external pipeline. GitHub's richer check
runs can only be made by an App, and are not made here. Sources: the REST references of all three.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from liftlock.language.records import NamedTuple
from liftlock.observe.http import explain
from liftlock.observe.notify.post import Parcel, pack, send
from liftlock.plan.statuses import Status

KINDS: Final = ('github', 'gitea', 'forgejo', 'gitlab')
LONGEST: Final[Mapping[str, int]] = {'github': 140, 'gitlab': 255}  # characters of a description
# Threads of their own: a forge that hangs must not take those that everybody else works with.
THREADS: Final = ThreadPoolExecutor(16, 'forges')
_SHOWN: Final = 200  # characters of a refusal
_GITHUB: Final[Mapping[str, str]] = {
    'pending': 'pending',
    'running': 'pending',
    'success': 'success',
    'skipped': 'success',  # as its required checks see it
    'failure': 'failure',
    'cancelled': 'error',
}
_GITLAB: Final[Mapping[str, str]] = {
    'pending': 'pending',
    'running': 'running',
    'success': 'success',
    'skipped': 'skipped',
    'failure': 'failed',
    'cancelled': 'canceled',
}


class Destination(NamedTuple):
    """A repository on a forge. `api` is the address of its REST API; `repository` owner/name."""

    kind: str
    api: str
    repository: str
    token: str


class Accepted(NamedTuple):
    pass


class Refused(NamedTuple):
    """`why` is for people. `wait`: seconds that the forge asks for before another try; 0: none."""

    why: str
    wait: float = 0.0


def parcel(where: Destination, sha: str, status: Status, url: str) -> Parcel:
    """`url` is where somebody who clicks comes to."""
    build = _gitlab if where.kind == 'gitlab' else _github
    address, document = build(where, sha, status)
    if url:
        document['target_url'] = url
    return pack(address, document, _headers(where))


def _headers(where: Destination) -> dict[str, str]:
    match where.kind:
        case 'github':
            return {
                'Accept': 'application/vnd.github+json',
                'Authorization': f'Bearer {where.token}',
                'X-GitHub-Api-Version': '2022-11-28',
            }
        case 'gitlab':
            return {'Accept': 'application/json', 'PRIVATE-TOKEN': where.token}
    return {'Accept': 'application/json', 'Authorization': f'token {where.token}'}


def _github(where: Destination, sha: str, status: Status) -> tuple[str, dict[str, Any]]:
    longest = LONGEST.get(where.kind, 255)
    return f'{where.api}/repos/{quote(where.repository)}/statuses/{sha}', {
        'state': _GITHUB[status.state],
        'context': status.context,
        'description': shortened(status.description, longest),
    }


def _gitlab(where: Destination, sha: str, status: Status) -> tuple[str, dict[str, Any]]:
    project = quote(where.repository, safe='')
    return f'{where.api}/projects/{project}/statuses/{sha}', {
        'state': _GITLAB[status.state],
        'name': status.context,
        'description': shortened(status.description, LONGEST['gitlab']),
    }


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f'{text[: longest - 1]}…'


async def tell(where: Destination, sha: str, status: Status, url: str) -> Accepted | Refused:
    """One try. What goes wrong is told without the token; whoever asks decides about another."""
    try:
        one = parcel(where, sha, status, url)
        answer = await asyncio.get_running_loop().run_in_executor(THREADS, send, one)
    except Exception as error:  # of sockets, TLS, HTTP: each is a forge that was not told
        return Refused(_explained(error, urlsplit(where.api).netloc.rpartition('@')[2]))
    return judge(answer.status, answer.headers, answer.text, time.time())


def judge(status: int, headers: Mapping[str, str], text: str, now: float) -> Accepted | Refused:
    """What an answer means. `headers` have names in lower case."""
    if 200 <= status < 300:
        return Accepted()
    said = _message(text)
    if status == 400 and 'cannot transition status' in said.lower():
        return Accepted()  # GitLab, of a status that is already what it is to become
    return Refused(f'answered {status}: {said}'.rstrip(': '), _asked_to_wait(headers, now))


def _asked_to_wait(headers: Mapping[str, str], now: float) -> float:
    """Of `Retry-After` (seconds or a date), and of GitHub's and GitLab's limits."""
    after = headers.get('retry-after', '').strip()
    if after.isdecimal():
        return float(after)
    if after:
        try:
            return max(parsedate_to_datetime(after).timestamp() - now, 0.0)
        except ValueError:
            return 0.0
    for mark in ('x-ratelimit', 'ratelimit'):
        reset = headers.get(f'{mark}-reset', '')
        if headers.get(f'{mark}-remaining') == '0' and reset.isdecimal():
            return max(float(reset) - now, 0.0)
    return 0.0


def _message(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return ' '.join(text.split())[:_SHOWN]
    message = told.get('message') or told.get('error') if isinstance(told, dict) else told
    shown = message if isinstance(message, str) else json.dumps(message)
    return shown[:_SHOWN]


def _explained(error: Exception, where: str) -> str:
    reason = getattr(error, 'reason', error)
    if isinstance(reason, TimeoutError):
        return f'no answer from {where} in time'
    if isinstance(reason, OSError):
        return explain(reason, where)
    return f'{where} could not be asked: {type(reason).__name__}'
