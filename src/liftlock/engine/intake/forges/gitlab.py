"""GitLab: its events under GitHub's names, in GitHub's shape.

A merge request is a pull request, a note a comment. What GitLab does not tell stays away:
`author_association`, `pusher.email` where it is hidden, `commits[].tree_id`, the login of an author
who is not the one who did it (GitLab tells his number alone).
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from liftlock.engine.intake import filling
from liftlock.engine.intake.forges.told import Ignored, Told
from liftlock.language.expressions.values import Value
from liftlock.plan.repository import NO_COMMIT

PUBLIC: Final = 20.0  # visibility_level
ACTIONS: Final = {'open': 'opened', 'reopen': 'reopened', 'close': 'closed', 'merge': 'closed'}
ISSUES: Final = {'open': 'opened', 'reopen': 'reopened', 'close': 'closed', 'update': 'edited'}
RELEASES: Final = {'create': 'published', 'update': 'edited', 'delete': 'deleted'}
APPROVALS: Final = {'approved': 'approved', 'approval': 'approved'}


def read(kind: str, payload: Mapping[str, Value]) -> Told | Ignored:
    make = KINDS.get(str(payload.get('object_kind') or payload.get('event_type') or ''))
    if make is None:
        return Ignored(f'`{kind}` starts no workflows')
    made = make(payload)
    if isinstance(made, Ignored):
        return made
    name, told = made
    actor = filling.text(payload, 'user', 'username') or filling.text(payload, 'user_username')
    place: dict[str, Value] = {
        'repository': repository(_object(payload, 'project')),
        'sender': _person(payload),
    }
    return Told(name, {**told, **place}, actor)


Made = tuple[str, dict[str, Value]] | Ignored


def _pushed(payload: Mapping[str, Value]) -> Made:
    before, after = (filling.text(payload, key) or NO_COMMIT for key in ('before', 'after'))
    listed = payload.get('commits')
    told = (
        [_commit(one) for one in listed if isinstance(one, dict)]
        if isinstance(listed, list)
        else []
    )
    head = next((one for one in told if one['id'] == payload.get('checkout_sha')), None)
    web = filling.text(payload, 'project', 'web_url')
    return 'push', {
        'ref': payload.get('ref'),
        'before': before,
        'after': after,
        'base_ref': None,
        'created': not before.strip('0'),
        'deleted': not after.strip('0'),
        'forced': False,
        'compare': f'{web}/-/compare/{before[:12]}...{after[:12]}' if web else None,
        'commits': list(told),
        'head_commit': head or (told[-1] if told else None),
        'pusher': {
            'name': payload.get('user_username'),
            'email': payload.get('user_email') or None,
        },
    }


def _merge_request(payload: Mapping[str, Value]) -> Made:
    given = _object(payload, 'object_attributes')
    action = str(given.get('action') or '')
    if action in APPROVALS:
        request = _pull(payload, given)
        review: dict[str, Value] = {'state': 'approved', 'body': None, 'user': _person(payload)}
        return 'pull_request_review', {
            'action': 'submitted',
            'review': review,
            'pull_request': request,
            'number': request['number'],
        }
    known = ACTIONS.get(action) or (_updated(payload, given) if action == 'update' else '')
    if not known:
        return Ignored(f'`{action or "nothing"}` of a merge request starts no workflows')
    told: dict[str, Value] = {
        'action': known,
        'number': given.get('iid'),
        'pull_request': _pull(payload, given),
    }
    if known == 'synchronize':
        told |= {'before': given.get('oldrev'), 'after': filling.text(given, 'last_commit', 'id')}
    return 'pull_request', told


def _updated(payload: Mapping[str, Value], given: Mapping[str, Value]) -> str:
    """New commits, other labels, ready or not, or else other words."""
    if given.get('oldrev'):
        return 'synchronize'
    changes = _object(payload, 'changes')
    if 'draft' in changes or 'work_in_progress' in changes:
        draft = given.get('draft') is True or given.get('work_in_progress') is True
        return 'converted_to_draft' if draft else 'ready_for_review'
    if 'labels' in changes:
        before, now = (
            len(found) if isinstance(found := _object(changes, 'labels').get(key), list) else 0
            for key in ('previous', 'current')
        )
        return 'unlabeled' if now < before else 'labeled'
    return 'edited'


def _pull(payload: Mapping[str, Value], given: Mapping[str, Value]) -> dict[str, Value]:
    merged = given.get('state') == 'merged' or given.get('action') == 'merge'
    state = 'open' if given.get('state') in ('opened', 'locked', None) else 'closed'
    labels = given.get('labels') or payload.get('labels')
    return {
        'id': given.get('id'),
        'number': given.get('iid'),
        'state': state,
        'title': given.get('title'),
        'body': given.get('description'),
        'draft': given.get('draft') is True or given.get('work_in_progress') is True,
        'merged': merged,
        'merge_commit_sha': given.get('merge_commit_sha'),
        'html_url': given.get('url'),
        'user': _author(payload, given),
        'labels': [_label(one) for one in labels] if isinstance(labels, list) else [],
        'assignees': _people(payload.get('assignees')),
        'requested_reviewers': _people(payload.get('reviewers')),
        'head': _side(given, 'source', filling.text(given, 'last_commit', 'id')),
        'base': _side(given, 'target', ''),
        'created_at': given.get('created_at'),
        'updated_at': given.get('updated_at'),
    }


def _side(given: Mapping[str, Value], which: str, sha: str) -> dict[str, Value]:
    place = repository(_object(given, which))
    branch = given.get(f'{which}_branch')
    owner = str(place['full_name']).partition('/')[0]
    label = f'{owner}:{branch}'
    return {'ref': branch, 'sha': sha, 'label': label, 'repo': place, 'user': place['owner']}


def _note(payload: Mapping[str, Value]) -> Made:
    given = _object(payload, 'object_attributes')
    action = 'edited' if given.get('action') == 'update' else 'created'
    comment: dict[str, Value] = {
        'id': given.get('id'),
        'body': given.get('note'),
        'html_url': given.get('url'),
        'user': _person(payload),
        'created_at': given.get('created_at'),
    }
    match given.get('noteable_type'):
        case 'MergeRequest':
            about = _object(payload, 'merge_request')
            issue = {**_issue(payload, about), 'pull_request': {'html_url': about.get('url')}}
        case 'Issue':
            issue = _issue(payload, _object(payload, 'issue'))
        case kind:
            return Ignored(f'a comment on a {str(kind or "thing").lower()} starts no workflows')
    return 'issue_comment', {'action': action, 'comment': comment, 'issue': issue}


def _issues(payload: Mapping[str, Value]) -> Made:
    given = _object(payload, 'object_attributes')
    action = ISSUES.get(str(given.get('action') or ''))
    if action is None:
        return Ignored('this activity of an issue starts no workflows')
    if action == 'edited' and 'labels' in _object(payload, 'changes'):
        action = 'labeled'
    return 'issues', {'action': action, 'issue': _issue(payload, given)}


def _issue(payload: Mapping[str, Value], given: Mapping[str, Value]) -> dict[str, Value]:
    labels = given.get('labels')
    return {
        'id': given.get('id'),
        'number': given.get('iid'),
        'title': given.get('title'),
        'body': given.get('description'),
        'state': 'open' if given.get('state') in ('opened', None) else 'closed',
        'html_url': given.get('url'),
        'user': _author(payload, given),
        'labels': [_label(one) for one in labels] if isinstance(labels, list) else [],
    }


def _released(payload: Mapping[str, Value]) -> Made:
    action = RELEASES.get(str(payload.get('action') or ''))
    if action is None:
        return Ignored('this activity of a release starts no workflows')
    release: dict[str, Value] = {
        'id': payload.get('id'),
        'tag_name': payload.get('tag'),
        'name': payload.get('name'),
        'body': payload.get('description'),
        'target_commitish': filling.text(payload, 'commit', 'id'),
        'draft': False,
        'prerelease': False,
        'html_url': payload.get('url'),
        'assets': [],
        'author': _person(payload),
    }
    return 'release', {'action': action, 'release': release}


KINDS: Final[Mapping[str, Callable[[Mapping[str, Value]], Made]]] = {
    'push': _pushed,
    'tag_push': _pushed,
    'merge_request': _merge_request,
    'note': _note,
    'issue': _issues,
    'release': _released,
}


# --- shapes


def repository(project: Mapping[str, Value]) -> dict[str, Value]:
    """A project as GitHub tells a repository. A group in a group is a part of the name."""
    full_name = str(project.get('path_with_namespace') or '')
    owner, _, name = full_name.partition('/')
    level = project.get('visibility_level')
    public = level == PUBLIC
    return {
        'id': project.get('id'),
        'name': name,
        'full_name': full_name,
        'owner': {'login': owner, 'name': owner, 'type': 'User'},
        'private': not public,
        'visibility': 'public' if public else 'private',
        'html_url': project.get('web_url'),
        'clone_url': project.get('git_http_url') or project.get('http_url'),
        'ssh_url': project.get('git_ssh_url') or project.get('ssh_url'),
        'description': project.get('description'),
        'default_branch': project.get('default_branch'),
        'fork': False,
    }


def _commit(given: Mapping[str, Value]) -> dict[str, Value]:
    author = _object(given, 'author')
    who: dict[str, Value] = {'name': author.get('name'), 'email': author.get('email')}
    return {
        'id': given.get('id'),
        'message': given.get('message'),
        'timestamp': given.get('timestamp'),
        'url': given.get('url'),
        'distinct': True,
        'author': who,
        'committer': dict(who),
        'added': given.get('added') or [],
        'removed': given.get('removed') or [],
        'modified': given.get('modified') or [],
    }


def _person(payload: Mapping[str, Value]) -> dict[str, Value]:
    """Who did it: an object of most events, fields of a push."""
    user = _object(payload, 'user')
    login = user.get('username') or payload.get('user_username') or payload.get('user_name')
    name = user.get('name') or payload.get('user_name')
    identity = user.get('id') or payload.get('user_id')
    return {'login': login, 'id': identity, 'name': name, 'type': 'User', 'site_admin': False}


def _author(payload: Mapping[str, Value], given: Mapping[str, Value]) -> dict[str, Value]:
    """Of an author who is somebody else GitLab tells the number alone."""
    number, doer = given.get('author_id'), _object(payload, 'user').get('id')
    if number is None or number == doer:
        return _person(payload)
    shown = int(number) if isinstance(number, float) else number
    return {'login': f'#{shown}', 'id': number, 'type': 'User'}


def _people(listed: Value) -> list[Value]:
    people = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [{'login': one.get('username'), 'id': one.get('id'), 'type': 'User'} for one in people]


def _label(given: Value) -> dict[str, Value]:
    one = given if isinstance(given, dict) else {}
    color = str(one.get('color') or '').removeprefix('#')
    return {'name': one.get('title') or one.get('name'), 'color': color}


def _object(payload: Mapping[str, Value], name: str) -> dict[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}
