"""Whose pull requests from forks run, and whose have to be approved first: pure.

An approval is for one commit. Whoever pushes again has to be approved again, unless a maintainer
has said that the author is known. Two people are looked at, the author and whoever has pushed to it
since: either might be the one who came for the first time.
"""

from collections.abc import Collection
from typing import Final

from liftlock.engine.intake import filling
from liftlock.plan.event import Event
from liftlock.plan.trust import from_outside

# What GitHub says of whoever has opened a pull request.
MEMBERS: Final = frozenset({'OWNER', 'MEMBER', 'COLLABORATOR'})
CAME_BEFORE: Final = MEMBERS | {'CONTRIBUTOR'}
SENSITIVE: Final = ('.github/', '.gitea/', '.forgejo/', 'liftlock.yml')


def author_of(event: Event) -> str:
    return filling.text(event.payload, 'pull_request', 'user', 'login') or event.actor


def people_of(event: Event) -> tuple[str, ...]:
    """Those by whom the code is, as far as the event tells."""
    author, pusher = author_of(event), event.actor
    pushed = event.payload.get('action') == 'synchronize'
    return (author, pusher) if pushed and pusher.lower() != author.lower() else (author,)


def refused(event: Event, policy: str) -> str:
    """Why it does not run at all; '' if it may."""
    if policy == 'never' and from_outside(event):
        return 'pull requests from forks are not run here'
    return ''


def held(event: Event, policy: str, known: Collection[str], *, again: bool = False) -> str:
    """Why a maintainer must approve it first; '' if nobody must. `known` are authors, in lower
    case, of whom somebody has said so; `again`: the same commit was held before, so whoever has
    a label put on it, or comments, does not let it through."""
    if policy == 'always' or not from_outside(event):
        return ''
    author, *others = people_of(event)
    association = filling.text(event.payload, 'pull_request', 'author_association')
    good = association in (MEMBERS if policy == 'outsiders' else CAME_BEFORE)
    strangers = [one for one in (*(() if good else (author,)), *others) if one.lower() not in known]
    if not strangers:
        return 'this commit was held before: a maintainer must approve it' if again else ''
    what = 'is not a member' if policy == 'outsiders' else 'comes for the first time'
    return f'{strangers[0]} {what}: a maintainer must approve this commit'


def warning(event: Event) -> str:
    """What an approver should see first: that the pull request changes what runs."""
    if event.changed is None:
        return 'it changes more than can be told here'
    touched = [path for path in event.changed if path.startswith(SENSITIVE)]
    return f'it changes {", ".join(touched[:5])}' if touched else ''
