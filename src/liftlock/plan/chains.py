"""`workflow_run`: what a run tells other workflows when it is requested, begins and has ended.

The three words are those of GitHub's activity types. A workflow that was started by one may start
another, but no more than three in a row: A starts B, C and D; D starts nothing.
Source: GitHub's "Events that trigger workflows", section `workflow_run`, and its webhook payload.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.plan.event import Event

REQUESTED: Final = 'requested'
IN_PROGRESS: Final = 'in_progress'
COMPLETED: Final = 'completed'
EVENT: Final = 'workflow_run'
DEEPEST: Final = 3


class Ran(NamedTuple):
    """A run, as others are told of it. `event` is what started it; `conclusion` is '' until it has
    ended. `head` is the commit that people know. `url` is its page here, `web` that of the
    repository."""

    run: int
    number: int
    attempt: int
    workflow: str  # path
    name: str
    title: str
    event: Event
    head: str
    conclusion: str
    created: float
    started: float
    updated: float
    url: str = ''
    web: str = ''


def event(ran: Ran, action: str) -> Event:
    """Happens to the default branch: its ref and commit are for whoever takes it in."""
    payload: dict[str, Value] = {
        'action': action,
        'workflow_run': record(ran, action),
        'workflow': {'name': ran.name, 'path': ran.workflow, 'state': 'active'},
    }
    return Event(EVENT, payload, '', '', ran.event.repository, ran.event.actor)


def record(ran: Ran, action: str) -> dict[str, Value]:
    triggering = ran.event
    repository = _inside(triggering.payload, 'repository')
    actor = _inside(triggering.payload, 'sender') or {'login': triggering.actor}
    head = _inside(triggering.payload, 'head_commit')
    return {
        'id': float(ran.run),
        'name': ran.name,
        'path': ran.workflow,
        'display_title': ran.title,
        'run_number': float(ran.number),
        'run_attempt': float(ran.attempt),
        'event': triggering.name,
        'status': {REQUESTED: 'queued', COMPLETED: COMPLETED}.get(action, IN_PROGRESS),
        'conclusion': ran.conclusion if action == COMPLETED else None,
        'head_branch': branch(triggering),
        'head_sha': ran.head or triggering.sha,
        'head_commit': head or {'id': ran.head or triggering.sha, 'message': ran.title},
        'head_repository': _head_repository(triggering) or repository,
        'repository': repository,
        'pull_requests': _pull_requests(triggering),
        'actor': actor,
        'triggering_actor': actor,
        'created_at': moment(ran.created),
        'run_started_at': moment(ran.started or ran.created),
        'updated_at': moment(ran.updated),
        'html_url': ran.url,
    }


def branch(triggering: Event) -> str:
    """That of the change: of a pull request its head's. A tag stands for itself."""
    if triggering.head_ref:
        return triggering.head_ref
    pulled = _inside(_inside(triggering.payload, 'pull_request'), 'head').get('ref')
    if isinstance(pulled, str) and pulled:
        return pulled
    return triggering.ref.removeprefix('refs/heads/').removeprefix('refs/tags/')


def name_of(run: int, attempt: int, action: str) -> str:
    """Of the delivery: the same for the same, so that it is taken in once."""
    return f'{EVENT}:{run}:{attempt}:{action}'


def parent(delivery: str) -> int:
    """The run that such a delivery tells of; 0 for any other delivery."""
    kind, _, rest = delivery.partition(':')
    number = rest.partition(':')[0]
    return int(number) if kind == EVENT and number.isdecimal() else 0


def _head_repository(triggering: Event) -> dict[str, Value]:
    """A fork, for a pull request from one: whoever hears of it must know."""
    told = _inside(_inside(triggering.payload, EVENT), 'head_repository')
    head = _inside(_inside(triggering.payload, 'pull_request'), 'head')
    return told or _inside(head, 'repo')


def _pull_requests(triggering: Event) -> list[Value]:
    """As on GitHub those of the same repository only."""
    pulled = _inside(triggering.payload, 'pull_request')
    head = _inside(pulled, 'head')
    if not pulled or _inside(head, 'repo').get('full_name') != triggering.repository:
        return []
    base = _inside(pulled, 'base')
    return [
        {
            'number': pulled.get('number'),
            'head': {'ref': head.get('ref'), 'sha': head.get('sha')},
            'base': {'ref': base.get('ref'), 'sha': base.get('sha')},
        }
    ]


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime('%Y-%m-%dT%H:%M:%SZ')


def _inside(payload: Mapping[str, Value], name: str) -> dict[str, Value]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}
