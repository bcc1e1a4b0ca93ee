"""The shapes of GitHub's webhooks, made from what git knows.

Only what can be known, or is the same for everybody, is in them: an expression that asks for more
gets null, as it does on GitHub for a field that an event lacks.
Source: GitHub's "Webhook events and payloads".
"""

from typing import Any

from liftlock.language.expressions.values import Value
from liftlock.plan.repository import Commit, RepositoryFacts

SERVER = 'https://github.com'


def as_value(given: Any) -> Value:
    """What JSON gave, with every number as the language knows it."""
    if isinstance(given, dict):
        return {str(key): as_value(value) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return [as_value(value) for value in given]
    if isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    return given if given is None or isinstance(given, bool | float) else str(given)


def web(facts: RepositoryFacts) -> str:
    return f'{SERVER}/{facts.owner}/{facts.name}'


def login(facts: RepositoryFacts) -> str:
    return facts.actor or facts.owner


def user(name: str) -> dict[str, Value]:
    return {
        'login': name,
        'type': 'User',
        'site_admin': False,
        'html_url': f'{SERVER}/{name}',
        'url': f'https://api.github.com/users/{name}',
    }


def repository(facts: RepositoryFacts) -> dict[str, Value]:
    address = web(facts)
    return {
        'name': facts.name,
        'full_name': f'{facts.owner}/{facts.name}',
        'owner': {**user(facts.owner), 'name': facts.owner},
        'private': facts.private,
        'visibility': 'private' if facts.private else 'public',
        'html_url': address,
        'url': f'https://api.github.com/repos/{facts.owner}/{facts.name}',
        'clone_url': f'{address}.git',
        'git_url': f'git://github.com/{facts.owner}/{facts.name}.git',
        'ssh_url': f'git@github.com:{facts.owner}/{facts.name}.git',
        'default_branch': facts.default_branch,
        'master_branch': facts.default_branch,
        'fork': False,
        'archived': False,
        'disabled': False,
        'description': None,
        'homepage': None,
        'language': None,
        'topics': [],
    }


def place(facts: RepositoryFacts) -> dict[str, Value]:
    """What every event has: where it happened, and who did it."""
    return {'repository': repository(facts), 'sender': user(login(facts))}


def commit(facts: RepositoryFacts, one: Commit) -> dict[str, Value]:
    author: dict[str, Value] = {'name': one.author_name, 'email': one.author_email}
    return {
        'id': one.sha,
        'tree_id': one.tree,
        'distinct': True,
        'message': one.message,
        'timestamp': one.timestamp,
        'url': f'{web(facts)}/commit/{one.sha}',
        'author': author,
        'committer': dict(author),
        'added': list(one.added),
        'removed': list(one.removed),
        'modified': list(one.modified),
    }


def pushed(facts: RepositoryFacts, ref: str, before: str, base: str | None) -> dict[str, Value]:
    """A push of a branch or a tag; a tag brings no commits but shows its own."""
    commits: list[Value] = [commit(facts, one) for one in facts.commits]
    created = not before.strip('0')
    return {
        'ref': ref,
        'before': before,
        'after': facts.sha,
        'base_ref': base,
        'created': created,
        'deleted': False,
        'forced': False,
        'compare': f'{web(facts)}/compare/{before[:12]}...{facts.sha[:12]}',
        'commits': [] if base else commits,
        'head_commit': commits[-1] if commits else None,
        'pusher': {'name': login(facts), 'email': facts.user_email or None},
        **place(facts),
    }


def pull_request(
    facts: RepositoryFacts, base: str, head: str, number: int, title: str
) -> dict[str, Value]:
    """The `pull_request` of such an event: open, not a draft, from the same repository."""
    address = f'{web(facts)}/pull/{number}'
    return {
        'number': float(number),
        'state': 'open',
        'title': title,
        'body': None,
        'locked': False,
        'draft': False,
        'merged': False,
        'mergeable': None,
        'user': user(login(facts)),
        'labels': [],
        'assignees': [],
        'requested_reviewers': [],
        'milestone': None,
        'author_association': 'OWNER',
        'head': _side(facts, head, facts.sha),
        'base': _side(facts, base, facts.before),
        'merge_commit_sha': facts.sha,
        'html_url': address,
        'diff_url': f'{address}.diff',
        'patch_url': f'{address}.patch',
        'url': f'https://api.github.com/repos/{facts.owner}/{facts.name}/pulls/{number}',
        'commits': float(len(facts.commits)),
        'changed_files': float(len(facts.changed or ())),
    }


def _side(facts: RepositoryFacts, branch: str, sha: str) -> dict[str, Value]:
    return {
        'label': f'{facts.owner}:{branch}',
        'ref': branch,
        'sha': sha,
        'user': user(facts.owner),
        'repo': repository(facts),
    }


def workflow_run(
    facts: RepositoryFacts, name: str, event: str, conclusion: str | None
) -> dict[str, Value]:
    head = facts.commits[-1] if facts.commits else Commit(facts.sha, '')
    return {
        'name': name,
        'event': event,
        'status': 'in_progress' if conclusion is None else 'completed',
        'conclusion': conclusion,
        'head_branch': facts.branch,
        'head_sha': facts.sha,
        'head_commit': commit(facts, head),
        'head_repository': repository(facts),
        'repository': repository(facts),
        'run_attempt': 1.0,
        'pull_requests': [],
        'actor': user(login(facts)),
        'triggering_actor': user(login(facts)),
    }
