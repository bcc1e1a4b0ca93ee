"""Which commit an event is about, which files it changed, and whose workflow files count.

    event                                        ref and commit              workflow files of
    push, create                                 what was pushed             the same commit
    pull_request, pull_request_review(_comment)  what merging would make     that merge
    merge_group                                  the group's head            the same commit
    release                                      its tag                     the same commit
    workflow_dispatch                            the ref that was asked for  the same commit
    deployment, deployment_status                what is deployed            the same commit
    all others (pull_request_target, schedule …) the default branch          the same commit

Source: GitHub's "Events that trigger workflows". A pull request with a conflict starts nothing. The
merge is made here from the two commits that the event names, not taken from the forge: that one
comes late, and may hold a newer head than the one that somebody has approved.
"""

from typing import Final

from liftlock.engine.intake import filling
from liftlock.engine.intake.mirror import Mirror, is_commit
from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.plan.event import Event, whole
from liftlock.plan.trust import PROPOSED
from liftlock.store.repositories import Repository

MANY: Final = 1000  # commits; GitHub runs then, whatever the filters for paths say
DEPLOYED: Final = ('deployment', 'deployment_status')
PULLS: Final = PROPOSED | {'pull_request_target'}


class Found(NamedTuple):
    """`said` tells why nothing can run. `head` is the commit that people know, `message` its
    message."""

    event: Event
    head: str = ''
    message: str = ''
    said: str = ''


def pull_spec(forge: str, number: int) -> str:
    """What fetches the head of a pull request."""
    if not number:
        return ''
    kind = 'merge-requests' if forge == 'gitlab' else 'pull'
    return f'+refs/{kind}/{number}/head:{pull_ref(number)}'


def pull_ref(number: int) -> str:
    """Where a mirror has the head of a pull request."""
    return f'refs/pull/{number}/head'


def number_of(event: Event) -> int:
    """Of the pull request that the event is about; 0 if it is about none."""
    if event.name not in PULLS:
        return 0
    found = event.payload.get('number') or filling.inside(event.payload, 'pull_request', 'number')
    return whole(found)


async def newer(mirror: Mirror, number: int, head: str) -> str:
    """The head that a pull request has in the mirror, if that is another one than this."""
    known = await mirror.commit(pull_ref(number)) if number and head else ''
    return '' if known == head else known


async def find(mirror: Mirror, repository: Repository, event: Event) -> Found:
    """After a fetch."""
    if event.name == 'push':
        return await _pushed(mirror, repository, event)
    if event.name in PROPOSED:
        return await _proposed(mirror, event)
    found = await _elsewhere(mirror, repository, event)
    if event.name == 'pull_request_target' and not found.said:
        changed = await _pull_changes(mirror, found.event)
        return found._replace(event=found.event._replace(changed=changed))
    return found


# --- push


async def _pushed(mirror: Mirror, repository: Repository, event: Event) -> Found:
    before = filling.text(event.payload, 'before')
    after = filling.text(event.payload, 'after') or event.sha
    if event.payload.get('deleted') is True or (after and not after.strip('0')):
        event = filling.deleted(event)._replace(sha=after)
        return Found(event, before, said=f'{event.ref} was deleted, which starts nothing')
    commit = await mirror.commit(after or event.ref)
    if not commit and await mirror.fetch_commit(after):
        commit = await mirror.commit(after)
    if not commit:
        said = f'{after[:12] or event.ref} is not in the repository any more'
        return Found(event._replace(sha=after), after, said=said)
    branch = event.ref.startswith('refs/heads/')
    old = await _old(mirror, before) if branch else ''
    base = old or (await _fork_point(mirror, repository, event.ref, commit) if branch else '')
    forced = bool(old) and not await mirror.contains(commit, old)
    event = event._replace(sha=commit)
    log = await mirror.log(base if branch else '', commit) or await mirror.log('', commit)
    event = filling.push(event, repository, log, forced=forced)
    unknown = branch and bool(before.strip('0')) and not old
    if branch and not unknown and await mirror.count(base, commit, MANY + 1) <= MANY:
        event = event._replace(changed=await mirror.changed(base, commit))
    return Found(event, commit, log[-1].message if log else '')


async def _old(mirror: Mirror, before: str) -> str:
    """The commit before, if it can still be had: after a force push no ref may lead to it."""
    if not before.strip('0') or not is_commit(before):
        return ''
    return await mirror.commit(before) or (before if await mirror.fetch_commit(before) else '')


async def _fork_point(mirror: Mirror, repository: Repository, ref: str, commit: str) -> str:
    """Where a new branch left the default one; the parent, if it brings nothing new."""
    default = f'refs/heads/{repository.default_branch}'
    if ref == default:
        return ''
    base = await mirror.merge_base(default, commit)
    return await mirror.parent(commit) if base == commit else base


# --- pull requests


async def _proposed(mirror: Mirror, event: Event) -> Found:
    """What merging the head into the base would make, on refs/pull/N/merge."""
    number = number_of(event)
    head = filling.text(event.payload, 'pull_request', 'head', 'sha')
    base_ref = filling.text(event.payload, 'pull_request', 'base', 'ref')
    event = event._replace(ref=f'refs/pull/{number}/merge')
    if not await _present(mirror, head):
        said = f'{head[:12] or "the head"} of pull request {number} is not to be had any more'
        return Found(event, head, said=said)
    base = await mirror.commit(f'refs/heads/{base_ref}')
    if filling.inside(event.payload, 'pull_request', 'merged') is True:
        base = await _merged_into(mirror, event) or base
    if not base:
        return Found(event, head, said=f'the base branch {base_ref} does not exist')
    commit = await mirror.merge(base, head, f'Merge {head} into {base}')
    if not commit:
        said = f'the pull request conflicts with {base_ref}: there is no merge that could run'
        return Found(event, head, said=said)
    event = filling.merged(event._replace(sha=commit), commit, base)
    event = event._replace(changed=await _pull_changes(mirror, event))
    log = await mirror.log('', head)
    return Found(event, head, log[-1].message if log else '')


async def _merged_into(mirror: Mirror, event: Event) -> str:
    """The base as it was: what is merged already can be merged again without a conflict."""
    return await mirror.commit(filling.text(event.payload, 'pull_request', 'base', 'sha') or 'none')


async def _pull_changes(mirror: Mirror, event: Event) -> tuple[str, ...] | None:
    """What the head has changed since it left the base."""
    head = filling.text(event.payload, 'pull_request', 'head', 'sha')
    base_ref = filling.text(event.payload, 'pull_request', 'base', 'ref')
    if not await _present(mirror, head):
        return None
    base = await mirror.merge_base(f'refs/heads/{base_ref}', head)
    if base == head:  # merged by now
        base = await mirror.merge_base(await _merged_into(mirror, event) or head, head)
    if not base or await mirror.count(base, head, MANY + 1) > MANY:
        return None
    return await mirror.changed(base, head)


async def _present(mirror: Mirror, commit: str) -> bool:
    if not is_commit(commit):
        return False
    return bool(await mirror.commit(commit)) or await mirror.fetch_commit(commit)


# --- all others


async def _elsewhere(mirror: Mirror, repository: Repository, event: Event) -> Found:
    ref, wanted = _place(repository, event)
    commit = await mirror.commit(wanted)
    if not commit:
        return Found(event._replace(ref=ref), said=f'{ref} does not exist, or has no commit yet')
    log = await mirror.log('', commit)
    found = event._replace(ref=ref, sha=commit)
    return Found(found, commit, log[-1].message if log else '')


def _place(repository: Repository, event: Event) -> tuple[str, str]:
    """The ref, and the name by which git finds its commit."""
    default = f'refs/heads/{repository.default_branch}'
    match event.name:
        case 'workflow_dispatch':
            ref = event.ref or default
            return ref, event.sha if is_commit(event.sha) else ref
        case 'release':
            tag = filling.text(event.payload, 'release', 'tag_name')
            ref = f'refs/tags/{tag}' if tag else default
            return ref, ref
        case 'create':
            name, kind = _named(event.payload.get('ref')), event.payload.get('ref_type')
            ref = f'refs/{"tags" if kind == "tag" else "heads"}/{name}' if name else default
            return ref, ref
        case 'merge_group':
            sha = filling.text(event.payload, 'merge_group', 'head_sha')
            ref = filling.text(event.payload, 'merge_group', 'head_ref') or default
            return ref, sha if is_commit(sha) else ref
        case name if name in DEPLOYED:
            sha = filling.text(event.payload, 'deployment', 'sha')
            given = filling.text(event.payload, 'deployment', 'ref')
            return (f'refs/heads/{given}' if given else default), sha if is_commit(sha) else default
    return default, default


def _named(given: Value) -> str:
    if not isinstance(given, str):
        return ''
    return given.removeprefix('refs/heads/').removeprefix('refs/tags/')
