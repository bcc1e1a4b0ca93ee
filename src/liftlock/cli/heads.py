"""What `on:` of an environment means in a repository: the newest branch head or tag that matches.

Only ever read, and only the refs: whose files a commit has is asked of the snapshots' store.
"""

import json
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Trigger
from liftlock.plan import globs
from liftlock.runner import git

HEADS: Final = 'refs/heads/'
TAGS: Final = 'refs/tags/'
FORMAT: Final = '%(refname) %(objectname) %(*objectname) %(creatordate:unix)'


class Head(NamedTuple):
    """`since` is when it came to be where it is, as far as anybody can tell."""

    ref: str
    commit: str
    since: float = 0.0

    @property
    def name(self) -> str:
        return self.ref.removeprefix(HEADS).removeprefix(TAGS)


def matches(trigger: Trigger, ref: str) -> bool:
    """Whether what happens on the ref is deployed by itself."""
    if ref.startswith(TAGS):
        return globs.match(trigger.tags, ref.removeprefix(TAGS))
    return ref.startswith(HEADS) and globs.match(trigger.branches, ref.removeprefix(HEADS))


def newest(common: Path, trigger: Trigger) -> Head | None:
    """Of a git directory. UserError if it cannot be read."""
    for head in listed(common):
        if matches(trigger, head.ref):
            return head._replace(since=max(head.since, _written(common, head.ref)))
    return None


def fingerprint(common: Path) -> str:
    """Another text whenever any branch or tag has moved: cheap, for no commit is looked at."""
    return _ask(common, '--format=%(refname) %(objectname)')


def listed(common: Path) -> tuple[Head, ...]:
    """All branches and tags, newest first; of several tags on one commit, the highest version."""
    order = '--sort=-version:refname', '--sort=-creatordate'
    return parse(_ask(common, *order, f'--format={FORMAT}'))


def _ask(common: Path, *words: str) -> str:
    if not common.is_dir():
        raise UserError(f'the repository is gone: {common}', 'deploy from where it is now')
    env = {**git.NEUTRAL, 'GIT_DIR': str(common)}
    answer = git.ask('for-each-ref', *words, HEADS, TAGS, cwd=common, env=env)
    if answer.code:
        raise UserError(f'git cannot read {common}: {answer.last}')
    return answer.text


def parse(text: str) -> tuple[Head, ...]:
    """Lines of FORMAT. An annotated tag stands for the commit that it names."""
    found = []
    for line in text.splitlines():
        ref, direct, peeled, at = line.split(' ')
        found.append(Head(ref, peeled or direct, float(at or 0)))
    return tuple(found)


def _written(common: Path, ref: str) -> float:
    """A ref has a file of its own from when it was moved until git packs it."""
    try:
        return (common / ref).stat().st_mtime
    except OSError:
        return 0.0


def common_of(sources: str) -> Path:
    """The git directory of the user's repository from which a snapshot's store was filled."""
    try:
        known = json.loads((Path(sources) / 'liftlock.json').read_text())
        return Path(known['source'])
    except (OSError, ValueError, KeyError):
        raise UserError(
            'nobody knows any more which repository it was deployed from',
            'deploy from there again: liftlock deploy',
        ) from None
