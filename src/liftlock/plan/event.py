"""What happened, so that something may start; and events made up from what git knows.

Each maker gives the event that GitHub would have sent had the same happened there.
"""

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.plan import payload as shapes
from liftlock.plan.repository import NO_COMMIT as NO_COMMIT
from liftlock.plan.repository import Commit as Commit
from liftlock.plan.repository import RepositoryFacts as RepositoryFacts


class Event(NamedTuple):
    """One event, as workflows see it. `payload` is `github.event`.

    `changed` holds the paths that differ (for `paths:` filters); None when that is not known,
    and then a paths filter lets the event through, as GitHub does with too large a diff.
    """

    name: str
    payload: dict[str, Value]
    ref: str  # refs/heads/main, refs/tags/v1, refs/pull/7/merge
    sha: str
    repository: str  # owner/name
    actor: str
    default_branch: str = 'main'
    head_ref: str = ''
    base_ref: str = ''
    changed: tuple[str, ...] | None = None


def push(repository: RepositoryFacts) -> Event:
    """A push of the current branch."""
    ref = _current(repository)
    payload = shapes.pushed(repository, ref, repository.before, None)
    return _event(repository, 'push', payload, ref=ref)._replace(changed=repository.changed)


def tag(repository: RepositoryFacts, name: str) -> Event:
    """A push of a tag, at the current commit."""
    ref = name if name.startswith('refs/tags/') else f'refs/tags/{name}'
    payload = shapes.pushed(repository, ref, NO_COMMIT, _current(repository))
    return _event(repository, 'push', payload, ref=ref)


def pull_request(
    repository: RepositoryFacts,
    *,
    base: str = '',
    head: str = '',
    action: str = 'synchronize',
    number: int = 1,
    title: str = '',
    name: str = 'pull_request',
) -> Event:
    """`base` defaults to the default branch, `head` to the current one, `title` to the commit's
    subject; `name` may be pull_request_target, which runs on the base."""
    base = base or repository.default_branch
    head = head or repository.branch or repository.sha
    request = shapes.pull_request(repository, base, head, number, title or _subject(repository))
    payload: dict[str, Value] = {
        'action': action,
        'number': float(number),
        'pull_request': request,
        **shapes.place(repository),
    }
    if action == 'synchronize':
        payload |= {'before': repository.before, 'after': repository.sha}
    on_base = name == 'pull_request_target'
    ref = f'refs/heads/{base}' if on_base else f'refs/pull/{number}/merge'
    event = _event(repository, name, payload, ref=ref)
    known = repository.before.strip('0')
    return event._replace(
        sha=repository.before if on_base and known else repository.sha,
        head_ref=head,
        base_ref=base,
        changed=repository.changed,
    )


def workflow_dispatch(repository: RepositoryFacts) -> Event:
    """Started by hand. The inputs are given to the Request, not here."""
    ref = _current(repository)
    return _event(repository, 'workflow_dispatch', {'ref': ref, 'inputs': None}, ref=ref)


def schedule(repository: RepositoryFacts, cron: str = '') -> Event:
    """A slot of a schedule; '' stands for any."""
    return _event(repository, 'schedule', {'schedule': cron} if cron else {})


def workflow_run(
    repository: RepositoryFacts,
    workflow: str,
    *,
    action: str = 'completed',
    conclusion: str = 'success',
    event: str = 'push',
) -> Event:
    """Another workflow, by name, has been requested, is in progress or has completed."""
    concluded = conclusion if action == 'completed' else None
    run = shapes.workflow_run(repository, workflow, event, concluded)
    payload: dict[str, Value] = {
        'action': action,
        'workflow_run': run,
        'workflow': {'name': workflow},
    }
    return _event(repository, 'workflow_run', payload)


def workflow_call(repository: RepositoryFacts) -> Event:
    """A called workflow started alone. The inputs are given to the Request, not here."""
    return _event(repository, 'workflow_call', {'inputs': None})


def repository_dispatch(
    repository: RepositoryFacts, event_type: str, client_payload: dict[str, Value]
) -> Event:
    payload: dict[str, Value] = {
        'action': event_type,
        'branch': repository.default_branch,
        'client_payload': client_payload,
    }
    return _event(repository, 'repository_dispatch', payload)


def release(
    repository: RepositoryFacts, tag_name: str, *, action: str = 'published', name: str = ''
) -> Event:
    """A release of a tag."""
    tag_name = tag_name.removeprefix('refs/tags/')
    described: dict[str, Value] = {
        'tag_name': tag_name,
        'name': name or tag_name,
        'target_commitish': repository.branch or repository.default_branch,
        'body': '',
        'draft': False,
        'prerelease': action == 'prereleased',
        'assets': [],
        'author': shapes.user(shapes.login(repository)),
        'html_url': f'{shapes.web(repository)}/releases/tag/{tag_name}',
    }
    payload: dict[str, Value] = {'action': action, 'release': described}
    return _event(repository, 'release', payload, ref=f'refs/tags/{tag_name}')


def merge_group(repository: RepositoryFacts, *, base: str = '') -> Event:
    """A merge queue asks whether its group may be merged into the base."""
    base = base or repository.default_branch
    head = f'refs/heads/gh-readonly-queue/{base}/pr-1-{repository.before}'
    group: dict[str, Value] = {
        'head_sha': repository.sha,
        'head_ref': head,
        'base_sha': repository.before,
        'base_ref': f'refs/heads/{base}',
    }
    payload: dict[str, Value] = {'action': 'checks_requested', 'merge_group': group}
    return _event(repository, 'merge_group', payload, ref=head)._replace(
        base_ref=f'refs/heads/{base}', head_ref=head
    )


def from_payload(repository: RepositoryFacts, name: str, payload: dict[str, Value]) -> Event:
    """Any event, with a payload as GitHub's webhooks send it; what it lacks is filled in."""
    payload = {
        **shapes.place(repository),
        **{key: shapes.as_value(value) for key, value in payload.items()},
    }
    full_name = _text(payload, 'repository', 'full_name')
    event = _event(repository, name, payload)._replace(
        repository=full_name or f'{repository.owner}/{repository.name}',
        actor=_text(payload, 'sender', 'login') or shapes.login(repository),
        default_branch=_text(payload, 'repository', 'default_branch') or repository.default_branch,
        changed=repository.changed,
    )
    if name.startswith('pull_request'):
        return _from_pull_request(event, payload)
    if name == 'release' and (tag_name := _text(payload, 'release', 'tag_name')):
        return event._replace(ref=f'refs/tags/{tag_name}')
    if name == 'merge_group':
        head, base = _text(payload, name, 'head_ref'), _text(payload, name, 'base_ref')
        return event._replace(ref=head or event.ref, head_ref=head, base_ref=base)
    ref = payload.get('ref')
    named = isinstance(ref, str) and ref.startswith('refs/') and name in REF_IN_PAYLOAD
    return event._replace(ref=ref) if named and isinstance(ref, str) else event


MOST = 1e15  # what a number that calls something is less than
REF_IN_PAYLOAD = frozenset({'push', 'workflow_dispatch'})  # elsewhere `ref` means something else


def whole(value: Value) -> int:
    """A number by which something is called; 0 for what is none, such as infinity."""
    return int(value) if isinstance(value, float | int) and 0 < value < MOST else 0


def _from_pull_request(event: Event, payload: dict[str, Value]) -> Event:
    base = _text(payload, 'pull_request', 'base', 'ref')
    head = _text(payload, 'pull_request', 'head', 'ref')
    number = whole(payload.get('number'))
    ref = f'refs/pull/{number}/merge' if number else event.ref
    if event.name == 'pull_request_target' and base:
        ref = f'refs/heads/{base}'
    return event._replace(ref=ref, base_ref=base, head_ref=head)


def _event(
    repository: RepositoryFacts, name: str, payload: dict[str, Value], ref: str = ''
) -> Event:
    """Events without a ref of their own happen to the branch that is checked out."""
    return Event(
        name=name,
        payload={**shapes.place(repository), **payload},
        ref=ref or _current(repository),
        sha=repository.sha,
        repository=f'{repository.owner}/{repository.name}',
        actor=shapes.login(repository),
        default_branch=repository.default_branch,
    )


def _current(repository: RepositoryFacts) -> str:
    return f'refs/heads/{repository.branch or repository.default_branch}'


def _subject(repository: RepositoryFacts) -> str:
    message = repository.commits[-1].message if repository.commits else ''
    return message.partition('\n')[0]


def _text(payload: Value, *path: str) -> str:
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload if isinstance(payload, str) else ''
