"""Whom a run may trust, and who may trust it: what keeps caches apart, and who gets an identity.

A cache belongs to the ref that made it. A run finds those of its own ref, then of the base of its
pull request, then of the default branch: nobody's branch can poison another's. Where somebody
without write access can start a run in the default branch's name, that run only reads.
Rules: GitHub Docs, "Dependency caching reference", and the changelog of 26 June 2026.
"""

from typing import Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.plan.event import Event

# Only people with write access, or time, make these happen.
TRUSTED: Final = frozenset(
    {'push', 'schedule', 'workflow_dispatch', 'repository_dispatch', 'workflow_call', 'delete'}
    | {'registry_package', 'page_build'}
)
# These run the code of the pull request, with a ref of its own.
PROPOSED: Final = frozenset({'pull_request', 'pull_request_review', 'pull_request_review_comment'})


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


def _elsewhere(event: Event, *path: str) -> bool:
    """Whether the repository at this place of the payload is another one, or gone."""
    found: Value = event.payload
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    full_name = found.get('full_name') if isinstance(found, dict) else None
    return not isinstance(full_name, str) or full_name.lower() != event.repository.lower()


def _full(branch: str) -> str:
    return branch if branch.startswith('refs/') else f'refs/heads/{branch}'
