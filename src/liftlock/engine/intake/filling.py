"""What an event lacks is filled in from what the mirror knows: pure.

A payload that a forge has sent says more than git does, and goes before it; what a poll or a hook
of a bare repository brings is a ref and two commits.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from liftlock.language.expressions.values import Value
from liftlock.plan import payload as shapes
from liftlock.plan.event import Event
from liftlock.plan.repository import NO_COMMIT, Commit, RepositoryFacts
from liftlock.store.repositories import Repository


def facts(repository: Repository, actor: str, sha: str = '') -> RepositoryFacts:
    owner, _, name = repository.name.partition('/')
    return RepositoryFacts(
        owner=owner,
        name=name,
        branch=repository.default_branch,
        sha=sha or NO_COMMIT,
        remote_url=repository.url,
        default_branch=repository.default_branch,
        actor=actor,
    )


def place(repository: Repository, event: Event) -> Event:
    """`repository` and `sender` as every event has them, with addresses of the forge that it is."""
    known = facts(repository, event.actor)
    shown = shapes.repository(known)
    if repository.web:
        shown |= {'html_url': repository.web, 'clone_url': f'{repository.web}.git'}
    sender = shapes.user(event.actor)
    payload: dict[str, Value] = {
        **event.payload,
        'repository': {**shown, **_inside(event.payload, 'repository')},
        'sender': {**sender, **_inside(event.payload, 'sender')},
    }
    return event._replace(payload=payload)


def push(event: Event, repository: Repository, log: Sequence[Commit], *, forced: bool) -> Event:
    """`log` are the commits that are new, oldest first; of a tag the one at which it points."""
    known = facts(repository, event.actor, event.sha)
    told: list[Value] = [_commit(known, repository, one) for one in log]
    branch = event.ref.startswith('refs/heads/')
    before = text(event.payload, 'before') or NO_COMMIT
    web = repository.web or shapes.web(known)
    made: dict[str, Value] = {
        'ref': event.ref,
        'before': before,
        'after': event.sha,
        'base_ref': None,
        'created': not before.strip('0'),
        'deleted': False,
        'forced': forced,
        'compare': f'{web}/compare/{before[:12]}...{event.sha[:12]}',
        'commits': told if branch else [],
        'head_commit': told[-1] if told else None,
        'pusher': {'name': event.actor, 'email': None},
    }
    given = {name: value for name, value in event.payload.items() if value is not None}
    for name in ('commits', 'head_commit'):  # those of forges may lack files, or all of it
        if not given.get(name):
            given.pop(name, None)
    return event._replace(payload={**made, **given})


def deleted(event: Event) -> Event:
    made: dict[str, Value] = {'created': False, 'deleted': True, 'commits': [], 'head_commit': None}
    return event._replace(payload={**event.payload, **made})


def merged(event: Event, commit: str, base: str) -> Event:
    """The merge that the run stands on, in the pull request that it tells of; and the commit of
    its base, which GitLab does not tell."""
    request = {**_inside(event.payload, 'pull_request'), 'merge_commit_sha': commit}
    side = _inside(request, 'base')
    request['base'] = {**side, 'sha': side.get('sha') or base}
    return event._replace(payload={**event.payload, 'pull_request': request})


def text(payload: 'Value | Mapping[str, Value]', *path: str) -> str:
    """The text at this place; '' where there is none."""
    found = inside(payload, *path)
    return found if isinstance(found, str) else ''


def inside(payload: 'Value | Mapping[str, Value]', *path: str) -> Value:
    found: Any = payload
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found  # type: ignore[no-any-return]


def _inside(payload: Mapping[str, Value], name: str) -> dict[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def _commit(known: RepositoryFacts, repository: Repository, one: Commit) -> dict[str, Value]:
    made = shapes.commit(known, one)
    return made | {'url': f'{repository.web}/commit/{one.sha}'} if repository.web else made
