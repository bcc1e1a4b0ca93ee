"""Gitea and Forgejo: GitHub's payloads, with some other words for activities.

The header `X-Gitea-Event` (`X-Forgejo-Event`) is GitHub's name but for reviews, which are events of
their own there. What nobody can fill: `author_association`, ids of nodes, `commits[].distinct` of
commits that were pushed before.
"""

from collections.abc import Mapping
from typing import Final

from liftlock.engine.intake import filling
from liftlock.engine.intake.forges.told import OWN, Ignored, Told
from liftlock.language.expressions.values import Value
from liftlock.plan.repository import NO_COMMIT

ACTIONS: Final = {
    'synchronized': 'synchronize',
    'label_updated': 'labeled',
    'label_cleared': 'unlabeled',
    'updated': 'edited',
}
AGIT: Final = 1.0  # how a pull request was made, where that is told
REVIEWS: Final = {
    'pull_request_approved': 'approved',
    'pull_request_rejected': 'changes_requested',
    'pull_request_comment': 'commented',
    'pull_request_review_approved': 'approved',
    'pull_request_review_rejected': 'changes_requested',
    'pull_request_review_comment': 'commented',
}


def read(kind: str, payload: Mapping[str, Value]) -> Told | Ignored:
    if kind in OWN:
        return Ignored(f"`{kind}` tells of the forge's own runs")
    told = dict(payload)
    actor = _login(told.get('sender')) or _login(told.get('pusher'))
    if kind in REVIEWS:
        return Told('pull_request_review', _reviewed(told, REVIEWS[kind]), actor)
    if kind.startswith('pull_request'):
        kind = 'pull_request'
    if kind.startswith('issue') and kind != 'issue_comment':
        kind = 'issues'
    action = told.get('action')
    if isinstance(action, str):
        told['action'] = ACTIONS.get(action, action)
    if kind == 'push':
        told = _pushed(told)
    if kind == 'pull_request':
        told['pull_request'] = _request(told)
    if kind == 'issue_comment' and told.get('is_pull') is True:
        told['issue'] = _issue(told)
    return Told(kind, told, actor)


def _pushed(told: dict[str, Value]) -> dict[str, Value]:
    before, after = told.get('before') or NO_COMMIT, told.get('after') or NO_COMMIT
    pusher: dict[str, Value] = {
        'name': _login(told.get('pusher')),
        'email': filling.text(told, 'pusher', 'email'),
    }
    return {
        'base_ref': None,
        'forced': False,
        **told,
        'created': not str(before).strip('0'),
        'deleted': not str(after).strip('0'),
        'compare': told.get('compare_url'),
        'pusher': pusher,
    }


def _request(told: Mapping[str, Value]) -> dict[str, Value]:
    """Older ones tell of a draft by its title alone."""
    found = told.get('pull_request')
    request = dict(found) if isinstance(found, dict) else {}
    title = str(request.get('title') or '').lower()
    request.setdefault('draft', title.startswith(('wip:', '[wip]', 'draft:')))
    head = request.get('head')
    if isinstance(head, dict) and _is_anybodys(request, head):
        request['head'] = {**head, 'repo': None}
    return request


def _is_anybodys(request: Mapping[str, Value], head: Mapping[str, Value]) -> bool:
    """Whether it was made by `git push origin HEAD:refs/for/main` (AGit), which everybody may who
    reads the repository. It is told as a proposal from the repository itself, by no branch of it;
    so its head is nobody's, as that of a fork that is gone."""
    return request.get('flow') == AGIT or head.get('label') == ''


def _reviewed(told: dict[str, Value], state: str) -> dict[str, Value]:
    said = filling.text(told, 'review', 'content')
    review: dict[str, Value] = {'state': state, 'body': said, 'user': told.get('sender')}
    return {**told, 'action': 'submitted', 'review': review, 'pull_request': _request(told)}


def _issue(told: Mapping[str, Value]) -> dict[str, Value]:
    """That it is a pull request is told as GitHub tells it: by a key of the issue."""
    found = told.get('issue')
    issue = dict(found) if isinstance(found, dict) else {}
    if not issue.get('pull_request'):
        issue['pull_request'] = {'html_url': issue.get('html_url')}
    return issue


def _login(user: Value) -> str:
    return filling.text(user, 'login') or filling.text(user, 'username')
