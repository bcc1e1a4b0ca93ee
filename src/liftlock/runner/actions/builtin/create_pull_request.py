"""peter-evans/create-pull-request, all majors: the workspace's changes as a pull request.

The branch is pushed to the forge where the run's repository lives, and the pull request is opened
there or brought up to date. Without a forge or a token the step fails before it touches anything.
"""

import os
import re
import time
from collections.abc import Mapping, Sequence
from typing import Final

from liftlock.runner import forge
from liftlock.runner.actions import forges
from liftlock.runner.actions.documents import read_text
from liftlock.runner.actions.forges import branch
from liftlock.runner.actions.forges.branch import Made, Wanted
from liftlock.runner.actions.forges.clone import Clone, refuse_options
from liftlock.runner.actions.forges.place import Place
from liftlock.runner.actions.forges.records import Decoration, NewPull, Pull
from liftlock.runner.actions.inputs import read_boolean
from liftlock.runner.actions.majors import major
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'token': '',
    'git-token': '',
    'branch-token': '',
    'path': '',
    'add-paths': '',
    'commit-message': '[create-pull-request] automated change',
    'committer': 'github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>',
    'author': '',
    'signoff': 'false',
    'branch': 'create-pull-request/patch',
    'delete-branch': 'false',
    'branch-suffix': '',
    'base': '',
    'push-to-fork': '',
    'sign-commits': 'false',
    'title': 'Changes by create-pull-request action',
    'body': 'Automated changes by '
    '[create-pull-request](https://github.com/peter-evans/create-pull-request) GitHub action',
    'body-path': '',
    'labels': '',
    'assignees': '',
    'reviewers': '',
    'team-reviewers': '',
    'milestone': '',
    'draft': 'false',
    'maintainer-can-modify': 'true',
}
_TELLS_OF_NOTHING: Final = 7  # from this major on the operation is `none` where nothing was done
_PERSON: Final = re.compile(r'\s*([^<]+?)\s*<([^<>]+)>\s*')


async def main(bench: Workbench) -> None:
    token = bench.inputs['token'] or str(bench.github.get('token') or '')
    clone = Clone(bench, bench.workspace / bench.inputs['path'], _identity(bench))
    place = forges.enter(bench, token, await _find_repository(bench, clone))
    fork = _fork(bench, place, token)
    wanted = await _read_wanted(bench, clone, place, fork)
    remote, branches = clone.towards(place), clone.towards(fork)
    if read_boolean(bench, 'sign-commits'):
        bench.warning('sign-commits has no effect here: the commits are not signed')
    made = await branch.make(clone, remote, branches, wanted)
    bench.log(f"Branch '{wanted.branch}' at {fork.git_url}: {made.action}")
    if made.action in ('created', 'updated'):
        await branches.push(wanted.branch, made.head, made.before)
    operation = 'none'
    if made.differs:
        operation = await _propose(bench, place, fork, wanted, made)
    elif made.before and read_boolean(bench, 'delete-branch'):
        bench.log(f"Deleting branch '{wanted.branch}': it no longer differs from '{wanted.base}'")
        await branches.push(wanted.branch, '', made.head)
        operation = 'closed'
    if operation != 'none' or major(bench.ref) >= _TELLS_OF_NOTHING:
        bench.set_output('pull-request-operation', operation)
    bench.set_output('pull-request-head-sha', made.head)
    bench.set_output('pull-request-branch', wanted.branch)
    bench.set_output('pull-request-commits-verified', 'false')


async def _propose(bench: Workbench, place: Place, fork: Place, wanted: Wanted, made: Made) -> str:
    """Open the pull request, or bring its texts up to date; what was done to it."""
    new = NewPull(
        title=bench.inputs['title'],
        body=_read_body(bench),
        head=wanted.branch,
        head_repository=fork.repository,
        base=wanted.base,
        draft=bench.inputs['draft'] in ('true', 'always-true'),
        maintainers_may_modify=read_boolean(bench, 'maintainer-can-modify'),
    )
    before = await place.client.find_pull(new)
    if before is None:
        pull = await place.client.open_pull(new)
        operation, word = 'created', 'Created'
    else:
        pull = await place.client.update_pull(before, new)
        operation, word = 'updated' if made.action == 'updated' else 'none', 'Updated'
    bench.log(f'{word} pull request #{pull.number} ({wanted.branch} => {wanted.base}): {pull.url}')
    await place.client.decorate(pull, _decoration(bench))
    _tell(bench, pull)
    return operation


def _tell(bench: Workbench, pull: Pull) -> None:
    bench.set_output('pull-request-number', str(pull.number))
    bench.set_output('pull-request-url', pull.url)


def _decoration(bench: Workbench) -> Decoration:
    milestone = bench.inputs['milestone'].strip()
    if milestone and not milestone.isdigit():
        raise StepFailed(f"milestone is a number, not '{milestone}'")
    teams = (team.rpartition('/')[2] for team in _listed(bench, 'team-reviewers'))
    return Decoration(
        labels=_listed(bench, 'labels'),
        assignees=_listed(bench, 'assignees'),
        reviewers=_listed(bench, 'reviewers'),
        teams=tuple(teams),
        milestone=int(milestone or 0),
    )


async def _find_repository(bench: Workbench, clone: Clone) -> str:
    """What is checked out there: '' for the run's own, else a repository of the same forge."""
    if not await clone.holds('rev-parse', '--git-dir'):
        raise StepFailed(
            'There is no repository in the workspace: actions/checkout must come before'
        )
    url = await clone.setting('remote.origin.url')
    home = bench.world.home
    found = forge.locate(url, {home.host: home.forge} if home.forge else {})
    own = str(bench.github.get('repository') or '')
    if found.host in ('', home.host) or found.path.lower() == own.lower():
        return found.path if found.host == home.host else ''
    raise StepFailed(f'{url} is at another forge than the repository of this run ({home.host})')


def _fork(bench: Workbench, place: Place, token: str) -> Place:
    """Where the branch goes, and with which token."""
    own = bench.inputs['branch-token'] or bench.inputs['git-token'] or token
    repository = bench.inputs['push-to-fork'] or place.repository
    return forges.enter(bench, own, repository)


async def _read_wanted(bench: Workbench, clone: Clone, place: Place, fork: Place) -> Wanted:
    working = await clone.branch()
    base, name = bench.inputs['base'] or working, bench.inputs['branch']
    if not base:
        raise StepFailed(
            'When the repository is checked out on a commit instead of a branch, '
            "the 'base' input must be supplied."
        )
    name += await _suffix(bench, clone)
    refuse_options(base, name)
    if base == name and fork.repository == place.repository:
        raise StepFailed(
            "The 'base' and 'branch' for a pull request must be different branches. "
            'Unable to continue.'
        )
    return Wanted(
        working=working,
        base=base,
        branch=name,
        message=bench.inputs['commit-message'],
        paths=_listed(bench, 'add-paths'),
        signoff=read_boolean(bench, 'signoff'),
    )


async def _suffix(bench: Workbench, clone: Clone) -> str:
    match bench.inputs['branch-suffix']:
        case '':
            return ''
        case 'short-commit-hash':
            return f'-{await clone.tell("rev-parse", "--short", "HEAD")}'
        case 'timestamp':
            return f'-{int(time.time())}'
        case 'random':
            return f'-{os.urandom(4).hex()[:7]}'
        case other:
            raise StepFailed(f"Branch suffix '{other}' is not a valid value. Unable to continue.")


def _identity(bench: Workbench) -> Sequence[str]:
    actor, number = bench.github.get('actor') or 'nobody', bench.github.get('actor_id') or '0'
    default = f'{actor} <{number}+{actor}@users.noreply.github.com>'
    options = []
    for role, text in (
        ('author', bench.inputs['author'] or default),
        ('committer', bench.inputs['committer']),
    ):
        found = _PERSON.fullmatch(text)
        if found is None:
            raise StepFailed(
                f"The format of '{text}' is not a valid email address with display name"
            )
        options += ['-c', f'{role}.name={found[1]}', '-c', f'{role}.email={found[2]}']
    return options


def _read_body(bench: Workbench) -> str:
    path = bench.inputs['body-path']
    if not path:
        return bench.inputs['body']
    try:
        return read_text(bench, path)
    except (OSError, ValueError):
        raise StepFailed(f"File '{path}' does not exist.") from None


def _listed(bench: Workbench, name: str) -> tuple[str, ...]:
    words = re.split(r'[\n,]+', bench.inputs[name])
    return tuple(word.strip() for word in words if word.strip())
