"""A bare mirror of a registered repository: everything that git is asked about it.

Branches and tags are as the forge has them; a pull request's head is fetched by its own ref. What
somebody has pushed over stays, because runs may still stand on it: nothing unreachable is pruned.

A token travels in git's environment: neither `ps` nor a log nor the mirror's settings ever show it,
and no other host gets it, wherever the forge sends git on to.
Git may only speak what it fetches by: an address that made it run a program would be an open door.
"""

import asyncio
import contextlib
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.plan.repository import Commit
from liftlock.runner import git
from liftlock.store.repositories import Repository

FOLDER: Final = 'mirrors'
PROTOCOLS: Final = 'file:git:http:https:ssh'
SLOW: Final = 600.0  # seconds for a fetch
QUICK: Final = 60.0  # for every other question
STALE: Final = 10.0  # after which the lock of a ref is nobody's
PAUSES: Final = (1.0, 4.0, 8.0)  # between tries to get one that somebody holds
ALL: Final = ('+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*')
# Who makes merge commits: fixed, so that the same two sides give the same commit.
_MAKER: Final = {
    f'GIT_{role}_{field}': value
    for role in ('AUTHOR', 'COMMITTER')
    for field, value in (('NAME', 'Liftlock'), ('EMAIL', 'liftlock@localhost'))
}
_HEX: Final = re.compile(r'[0-9a-f]{40}(?:[0-9a-f]{24})?')
_FORMAT: Final = '%H%x00%T%x00%an%x00%ae%x00%aI%x00%B%x1e'
_CONFIG: Final = """\
[core]
\trepositoryFormatVersion = 0
\tbare = true
[gc]
\tautoDetach = false
\tpruneExpire = never
[uploadpack]
\tallowAnySHA1InWant = true
"""
MOST: Final = 2048  # commits that a push tells, as on GitHub
FEW: Final = 300  # commits of which their files are told


class Access(NamedTuple):
    """How to get in. `token` is good for http and https alone."""

    url: str
    forge: str = ''
    token: str = ''


class Mirror:
    def __init__(self, directory: Path, access: Access) -> None:
        self.directory = directory
        self._access = access

    async def fetch(self, *specs: str) -> str:
        """Bring branches and tags up to date, and these refs beside them; '' or what git says."""
        self._lay()
        for pause in (*PAUSES, 0.0):
            answer = await git.run(
                'fetch', '--quiet', '--prune', '--force', '--no-tags', '--no-write-fetch-head',
                '--end-of-options', self._access.url, *ALL, *specs,
                cwd=self.directory, env=environment(self._access), timeout=SLOW,
            )  # fmt: skip
            if answer.code == 0:
                return ''
            if not pause or '.lock' not in answer.error:
                break
            await asyncio.sleep(pause)
            self._clear()
        errors = (line for line in answer.error.splitlines() if line.startswith('error: '))
        return answer.last if 'fatal: ' in answer.error else next(errors, answer.last)

    async def drop(self, ref: str) -> None:
        """Have a ref no longer."""
        await self._ask('update-ref', '-d', ref)

    async def fetch_commit(self, commit: str) -> bool:
        """Ask for one commit by its name: not every server gives what no ref has any more."""
        if not is_commit(commit):
            return False
        answer = await git.run(
            'fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--end-of-options',
            self._access.url, commit,
            cwd=self.directory, env=environment(self._access), timeout=SLOW,
        )  # fmt: skip
        return answer.code == 0 and bool(await self.commit(commit))

    async def head(self) -> str:
        """The default branch, as the forge has it; '' where it has no commit yet."""
        self._lay()
        answer = await git.run(
            'ls-remote', '--symref', '--end-of-options', self._access.url, 'HEAD',
            cwd=self.directory, env=environment(self._access), timeout=QUICK,
        )  # fmt: skip
        if answer.code:
            raise UserError(f'git cannot reach {self._access.url}: {answer.last}')
        found = re.match(r'ref: refs/heads/(\S+)\tHEAD', answer.text)
        return found[1] if found else ''

    async def commit(self, name: str) -> str:
        """The commit that a ref, a tag or a name stands for; '' if it is not here."""
        answer = await self._ask(
            'rev-parse', '--verify', '--quiet', '--end-of-options', f'{name}^{{commit}}'
        )
        return '' if answer.code else answer.text.strip()

    async def merge_base(self, one: str, other: str) -> str:
        answer = await self._ask('merge-base', one, other)
        return '' if answer.code else answer.text.strip()

    async def parent(self, commit: str) -> str:
        return await self.commit(f'{commit}^')

    async def contains(self, commit: str, ancestor: str) -> bool:
        answer = await self._ask('merge-base', '--is-ancestor', ancestor, commit)
        return answer.code == 0

    async def count(self, before: str, after: str, most: int) -> int:
        """Commits between the two, counted as far as `most`."""
        which = f'{before}..{after}' if before else after
        answer = await self._ask('rev-list', '--count', f'--max-count={most}', which)
        return most if answer.code else int(answer.text)

    async def changed(self, before: str, after: str) -> tuple[str, ...] | None:
        """Paths that differ; None when git cannot tell. `before` '' is nothing at all."""
        if before:
            words = 'diff', '--name-only', '--no-renames', '-z', before, after
        else:
            words = 'ls-tree', '-r', '--name-only', '--full-tree', '-z', after
        answer = await self._ask(*words)
        return None if answer.code else tuple(answer.text.split('\0')[:-1])

    async def log(self, before: str, after: str) -> list[Commit]:
        """Oldest first; `before` '' is the commit alone. Few are told with their files."""
        which = (f'{before}..{after}',) if before else ('-1', after)
        answer = await self._ask('log', f'--max-count={MOST}', f'--format={_FORMAT}', *which)
        items = (item.lstrip('\n') for item in answer.text.split('\x1e'))
        found = [_commit(item) for item in items if item]
        if len(found) <= FEW:
            files = await self._files(which)
            found = [_with_files(one, files.get(one.sha, {})) for one in found]
        return found[::-1]

    async def _files(self, which: tuple[str, ...]) -> dict[str, dict[str, tuple[str, ...]]]:
        answer = await self._ask(
            'log', f'--max-count={FEW}', '--format=%x1e%H', '--name-status', '--no-renames', '-z',
            *which,
        )  # fmt: skip
        return dict(_touched(item) for item in answer.text.split('\x1e') if item)

    async def merge(self, base: str, head: str, what: str) -> str:
        """The commit that merging would make: the same for the same two. '' for a conflict."""
        tree = await self._ask('merge-tree', '--write-tree', '--no-messages', base, head)
        if tree.code == 1:
            return ''
        date = (await self._ask('show', '--no-patch', '--format=%cI', head)).text.strip()
        dates = {'GIT_AUTHOR_DATE': date, 'GIT_COMMITTER_DATE': date}
        made = await self._ask(
            'commit-tree', tree.text.split('\0')[0].strip(), '-p', base, '-p', head,
            '-m', what, env={**_MAKER, **dates},
        )  # fmt: skip
        if tree.code or made.code:
            raise UserError(f'git cannot merge {head[:12]} into {base[:12]}: {made.last}')
        return made.text.strip()

    async def _ask(self, *words: str, env: Mapping[str, str] | None = None) -> git.Answer:
        given = {**git.NEUTRAL, **(env or {})}
        return await git.run(*words, cwd=self.directory, env=given, timeout=QUICK)

    def _clear(self) -> None:
        """Git that was killed leaves locks behind; one that lives holds none for so long."""
        before = time.time() - STALE
        for folder in (self.directory, self.directory / 'refs', self.directory / 'objects/info'):
            for lock in folder.glob('*.lock' if folder == self.directory else '**/*.lock'):
                with contextlib.suppress(FileNotFoundError):
                    if lock.stat().st_mtime < before:
                        lock.unlink()

    def _lay(self) -> None:
        """As `git init --bare` would, but for what nobody needs."""
        if (self.directory / 'HEAD').exists():
            return
        for folder in ('objects/info', 'objects/pack', 'refs/heads', 'refs/tags'):
            # Nobody gets past the store's directory; but jobs in a sandbox, who are somebody else,
            # must read the objects that are bound into it.
            (self.directory / folder).mkdir(mode=0o755, parents=True, exist_ok=True)
        (self.directory / 'config').write_text(_CONFIG)
        (self.directory / 'HEAD').write_text('ref: refs/heads/none\n')


class Mirrors:
    """Those of one server. Who fetches one holds its lock: two would want the same refs."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER
        self._locks: dict[Path, asyncio.Lock] = {}

    def of(self, repository: Repository, token: str) -> Mirror:
        """One a repository and address: what was fetched from elsewhere is not its own."""
        name = digest.of(f'{repository.id} {repository.url}')[:16]
        access = Access(repository.url, repository.forge, token)
        return Mirror(self._folder / f'{name}.git', access)

    def lock(self, mirror: Mirror) -> asyncio.Lock:
        return self._locks.setdefault(mirror.directory, asyncio.Lock())


def environment(access: Access) -> dict[str, str]:
    """What git is told besides its words."""
    found = {'GIT_ALLOW_PROTOCOL': PROTOCOLS}
    if not os.environ.get('GIT_SSH_COMMAND') and not os.environ.get('GIT_SSH'):
        found['GIT_SSH_COMMAND'] = 'ssh -o BatchMode=yes'
    parts = urlsplit(access.url)
    if access.token and parts.scheme in ('http', 'https'):
        user = 'oauth2' if access.forge == 'gitlab' else 'x-access-token'
        found |= git.login(access.url, user, access.token)
    return found


def is_commit(text: str) -> bool:
    return bool(_HEX.fullmatch(text))


def _commit(item: str) -> Commit:
    sha, tree, name, email, authored, message = item.split('\0', 5)
    return Commit(sha, message.rstrip('\n'), name, email, authored, tree)


def _with_files(one: Commit, files: Mapping[str, tuple[str, ...]]) -> Commit:
    added, removed, modified = (files.get(kind, ()) for kind in ('added', 'removed', 'modified'))
    return one._replace(added=added, removed=removed, modified=modified)


def _touched(item: str) -> tuple[str, dict[str, tuple[str, ...]]]:
    """What a commit did to files, from `--name-status -z`."""
    sha, *words = [word.strip('\n') for word in item.split('\0') if word.strip('\n')]
    kinds: dict[str, list[str]] = {'added': [], 'removed': [], 'modified': []}
    for status, path in zip(words[::2], words[1::2], strict=False):
        kinds[{'A': 'added', 'D': 'removed'}.get(status[:1], 'modified')].append(path)
    return sha, {kind: tuple(paths) for kind, paths in kinds.items()}
