"""Whom a run may trust, and who may trust it: what keeps caches apart, and who gets an identity.

A cache belongs to the ref that made it. A run finds those of its own ref, then of the base of its
pull request, then of the default branch: nobody's branch can poison another's. Where somebody
without write access can start a run in the default branch's name, that run only reads.
Rules: GitHub Docs, "Dependency caching reference", and the changelog of 26 June 2026; of Dependabot
"Dependabot on GitHub Actions".
"""

from collections.abc import Mapping
from typing import Final

from liftlock.language.expressions.values import Value, to_text
from liftlock.language.records import NamedTuple
from liftlock.plan.event import Event

# Only people with write access, or time, make these happen.
TRUSTED: Final = frozenset(
    {'push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'workflow_call', 'delete'}
    | {'registry_package', 'page_build'}
)
# These run the code of the pull request, with a ref of its own.
PROPOSED: Final = frozenset({'pull_request', 'pull_request_review', 'pull_request_review_comment'})


# These run the default branch's code with all it may, and are told of somebody's proposal.
PRIVILEGED: Final = frozenset({'pull_request_target', 'workflow_run', 'issue_comment'})

DEPENDABOT: Final = 'dependabot[bot]'
# What Dependabot sets off by these runs code that nobody here has seen.
BUMPED: Final = PROPOSED | {'push', 'create', 'deployment', 'deployment_status'}


class Scopes(NamedTuple):
    """Refs whose caches a run finds, best first, and the one to which its own belong; '' = none
    are kept."""

    reads: tuple[str, ...]
    writes: str


def scopes(event: Event) -> Scopes:
    """`base_ref` and `default_branch` of an event are names of branches, `ref` is a full ref."""
    bases = [_full(name) for name in (event.base_ref, event.default_branch) if name]
    writes = event.ref if _may_write(event) else ''
    return Scopes(tuple(dict.fromkeys((event.ref, *bases))), writes)


def _may_write(event: Event) -> bool:
    if event.name in PROPOSED:
        return event.ref.startswith('refs/pull/') or not from_outside(event)
    if event.name == 'workflow_run':
        return not _elsewhere(event, 'workflow_run', 'head_repository')
    if event.name == 'pull_request_target':
        return False
    return event.name in TRUSTED or event.ref != _full(event.default_branch)


def from_outside(event: Event) -> bool:
    """Whether the code that runs was proposed from another repository, a fork."""
    return event.name in PROPOSED and _elsewhere(event, 'pull_request', 'head', 'repo')


def only_reads(event: Event) -> bool:
    """Whether a run holds no secret and a token that only reads, whoever starts it again: it comes
    from a fork or, as on GitHub, Dependabot set it off. Whoever else pushes to a pull request of
    Dependabot's has seen it."""
    if from_outside(event):
        return True
    if event.actor.lower() != DEPENDABOT:
        return False
    author = _inside(event.payload, 'pull_request', 'user', 'login')
    mine = isinstance(author, str) and author.lower() == DEPENDABOT
    return event.name in BUMPED or (event.name == 'pull_request_target' and mine)


def namespace(event: Event) -> str:
    """Whose concurrency groups a run stands in: no stranger holds up, or cancels, what others run
    in a group that he names like theirs."""
    return f'{event.repository} (from outside)' if from_outside(event) else event.repository


def proposal(github: Mapping[str, Value], repository: str, ref: str) -> str:
    """What of a proposal from outside somebody asks for who must not run it; '' if nothing.

    `github` is the context of a run, `repository` and `ref` what is to be checked out. Whoever
    runs with the rights of the default branch, and then a stranger's code, hands them to him.
    """
    if github.get('event_name') not in PRIVILEGED:
        return ''
    if ref.removeprefix('refs/').startswith(('pull/', 'merge-requests/')):
        return ref
    payload, own = github.get('event'), to_text(github.get('repository')).lower()
    for head in (_inside(payload, 'pull_request', 'head'), _inside(payload, 'workflow_run')):
        place = _inside(head, 'repo', 'full_name') or _inside(head, 'head_repository', 'full_name')
        if not isinstance(head, dict) or to_text(place).lower() == own:
            continue
        merge = _inside(payload, 'pull_request', 'merge_commit_sha')
        shas = _inside(head, 'sha'), _inside(head, 'head_sha'), merge
        if ref and ref.lower() in (to_text(sha).lower() for sha in shas):
            return ref
        if place and repository.lower() == to_text(place).lower():
            return repository
    return ''


def _elsewhere(event: Event, *path: str) -> bool:
    """Whether the repository at this place of the payload is another one, or gone."""
    full_name = _inside(event.payload, *path, 'full_name')
    return not isinstance(full_name, str) or full_name.lower() != event.repository.lower()


def _inside(payload: Value, *path: str) -> Value:
    for name in path:
        payload = payload.get(name) if isinstance(payload, dict) else None
    return payload


def _full(branch: str) -> str:
    return branch if branch.startswith('refs/') else f'refs/heads/{branch}'
