"""What a job has changed, as commits on a branch that starts at the forge's own base.

A run may stand on commits that the forge has never seen: the user's uncommitted changes are one.
They are no business of a pull request, so only what came after the checkout is taken, and laid on
the base as the forge has it. Afterwards the workspace is as the original leaves it: on the branch
that was checked out, without the changes that went into the branch.
"""

import os
from collections.abc import Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.forges.clone import Clone, Remote
from liftlock.runner.workbench import StepFailed

_MARGIN: Final = 10  # commits that are fetched besides those that are needed


class Wanted(NamedTuple):
    """`working` is the branch that is checked out, '' for a bare commit."""

    working: str
    base: str
    branch: str
    message: str
    paths: tuple[str, ...] = ()  # pathspecs; none are all
    signoff: bool = False


class Made(NamedTuple):
    """action: none, created, updated, not-updated. `head` is the branch's commit."""

    action: str
    head: str
    before: str  # of the branch on the forge; '' if there is none
    differs: bool  # from the base


async def make(clone: Clone, remote: Remote, branches: Remote, wanted: Wanted) -> Made:
    """`remote` has the base, `branches` is where the branch will be: the same, or a fork."""
    base = (await remote.tips(wanted.base)).get(wanted.base, '')
    if not base:
        raise StepFailed(f"The base branch '{wanted.base}' does not exist at {remote.url}")
    before = (await branches.tips(wanted.branch)).get(wanted.branch, '')
    start = await clone.find(f'refs/remotes/origin/{wanted.working}') if wanted.working else ''
    start = start or await clone.find('HEAD')
    await remote.fetch(wanted.base, base, 1)
    head = await _collect(clone, wanted, start, base)
    ahead = await clone.count(base, head)
    if not before:
        return Made('created' if ahead else 'none', head, '', bool(ahead))
    await branches.fetch(wanted.branch, before, ahead + _MARGIN)
    if ahead and await _is_same(clone, base, before, head, ahead):
        return Made('not-updated', before, before, differs=True)
    return Made('updated' if head != before else 'not-updated', head, before, bool(ahead))


async def _is_same(clone: Clone, base: str, before: str, head: str, ahead: int) -> bool:
    """The same files, in as many commits on the same base: a new time is no change."""
    return await clone.count(base, before) == ahead and await clone.holds(
        'diff', '--quiet', before, head
    )


async def _collect(clone: Clone, wanted: Wanted, start: str, base: str) -> str:
    aside = f'liftlock-{os.urandom(6).hex()}'
    back = wanted.working or await clone.find('HEAD')
    await clone.tell('checkout', '--quiet', '-B', aside, 'HEAD', '--')
    try:
        await _commit(clone, wanted)
        stashed = await _stash(clone)
        commits = await clone.tell('rev-list', '--reverse', f'{start}..{aside}', '--', '.')
        head = await _lay(clone, base, start, aside, commits.splitlines())
    finally:
        await clone.tell('checkout', '--quiet', '--force', back, '--')
    if wanted.working and await clone.find(f'refs/remotes/origin/{wanted.working}'):
        await clone.tell('reset', '--quiet', '--hard', f'refs/remotes/origin/{wanted.working}')
    await clone.tell('branch', '--quiet', '--force', wanted.branch, head)
    await clone.tell('branch', '--quiet', '--delete', '--force', aside)
    if stashed:
        await clone.tell('stash', 'pop', '--quiet')
    return head


async def _commit(clone: Clone, wanted: Wanted) -> None:
    if not await clone.tell('status', '--porcelain', '-unormal', '--', *wanted.paths):
        return
    chosen = ('--', *wanted.paths) if wanted.paths else ('--all',)
    if not await clone.holds('add', *chosen):
        raise StepFailed(f'Unexpected error: git add {" ".join(chosen)} finds no such files')
    signoff = ('--signoff',) if wanted.signoff else ()
    await clone.tell('commit', '--quiet', '--message', wanted.message, *signoff)


async def _stash(clone: Clone) -> bool:
    before = await clone.find('refs/stash')
    await clone.tell('stash', 'push', '--quiet', '--include-untracked')
    return await clone.find('refs/stash') != before


async def _lay(clone: Clone, base: str, start: str, aside: str, commits: Sequence[str]) -> str:
    """The commits on top of the base; where both changed the same, the job is right."""
    if base == start:
        return await clone.find(aside)
    await clone.tell('checkout', '--quiet', '--detach', base, '--')
    for commit in commits:
        options = ('--strategy=recursive', '--strategy-option=theirs')
        if await clone.holds('cherry-pick', *options, commit):
            continue
        if await clone.holds('diff', '--quiet', 'HEAD'):
            await clone.tell('cherry-pick', '--skip')  # the base has it already
            continue
        said = await clone.tell('status', '--short')
        await clone.holds('cherry-pick', '--abort')
        raise StepFailed(f'The changes do not fit on {base[:7]}, the base of the forge:\n{said}')
    return await clone.find('HEAD')
