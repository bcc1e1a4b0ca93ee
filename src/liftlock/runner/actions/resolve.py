"""Bringing `owner/repo@ref` to this disk: which commit, from where, and once only.

A ref is a full commit, else a tag, else a branch, as on GitHub. Where it points is asked anew in
every run, because tags of actions move; the answer is remembered, for the days without network.
A commit is fetched without its history into

    <cache>/actions/<owner>/<repo>/<commit>/    the files, as at that commit, without .git
    <cache>/actions/<owner>/<repo>/refs/<ref>   the commit that the ref last pointed at

in a draft directory that is renamed when it is whole: whoever looks sees all of it or nothing.
"""

import asyncio
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from liftlock.errors import UserError
from liftlock.language import locks
from liftlock.language.records import NamedTuple
from liftlock.runner import git
from liftlock.runner.actions.bringing import bring
from liftlock.runner.actions.exclusive import exclusive
from liftlock.runner.ports import Found

GITHUB = 'https://github.com/{owner}/{name}'
_COMMIT = re.compile(r'[0-9a-f]{40}(?:[0-9a-f]{24})?')
_ASKING = 30.0  # seconds for a question


class Resolved(NamedTuple):
    """`name` is what to fetch: refs/tags/v4, refs/heads/main, or the commit itself."""

    commit: str
    name: str
    remote: str


class GitActions:
    """`Actions` by git. `mirrors` are (pattern of owner/name, place) pairs, first match first.

    A place is a URL, a path of a repository, or a directory that holds the action as it is; it
    may speak of `{owner}` and `{name}`. A repository that no pattern names comes from github.com,
    and so does one that its mirror doesn't have, unless `mirrors_only`.
    `pins` are those of `actions.lock` for the run's workflow, `owner/repo@ref` → commit; with
    them, the recorded commit is used wherever the ref points now, and nothing else is fetched.
    """

    __slots__ = ('_cache', '_mirrors', '_mirrors_only', '_pins', '_seen', '_stand_ins')

    def __init__(
        self,
        cache: Path,
        mirrors: Sequence[tuple[str, str]] = (),
        *,
        mirrors_only: bool = False,
        pins: Mapping[str, str] | None = None,
        stand_ins: Sequence[str] = (),
    ) -> None:
        self._cache = cache / 'actions'
        self._mirrors = mirrors
        self._mirrors_only = mirrors_only
        self._pins = pins
        self._stand_ins = stand_ins
        self._seen: dict[str, asyncio.Task[Found]] = {}

    def remotes(self, owner_repo: str) -> Sequence[str]:
        owner, _, name = owner_repo.partition('/')
        patterns = (*self._mirrors, *(() if self._mirrors_only else (('*', GITHUB),)))
        return tuple(
            dict.fromkeys(
                _place(pattern, place, owner, name)
                for pattern, place in patterns
                if _matches(pattern, owner_repo)
            )
        )

    async def find(self, owner_repo: str, ref: str, log: Callable[[str], None]) -> Found:
        """Jobs that want the same action at the same time share one fetch of it."""
        key = f'{owner_repo.lower()}@{ref}'
        task = self._seen.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.create_task(self._find(owner_repo, ref, log))
            self._seen[key] = task
        return await asyncio.shield(task)

    async def _find(self, owner_repo: str, ref: str, log: Callable[[str], None]) -> Found:
        wanted = self._pinned(owner_repo, ref)
        for remote in self.remotes(owner_repo):
            if _is_plain(remote):
                return Found(Path(remote), '', remote)
        folder = self._cache / owner_repo.lower()
        if _COMMIT.fullmatch(wanted) and (folder / wanted).is_dir():
            return Found(folder / wanted, wanted, _source(folder / wanted))
        resolved = await self._resolve(owner_repo, wanted, log)
        target = folder / resolved.commit
        if not target.is_dir():
            async with exclusive(folder):
                if not target.is_dir():  # another process may have brought it meanwhile
                    log(f'Download action repository {owner_repo}@{ref} (SHA:{resolved.commit})')
                    await self._bring(owner_repo, ref, resolved, target)
        return Found(target, resolved.commit, resolved.remote)

    async def _bring(self, owner_repo: str, ref: str, resolved: Resolved, target: Path) -> None:
        try:
            await bring(resolved.remote, resolved.commit, target)
        except UserError as error:
            raise self._missing(owner_repo, ref, [f'{resolved.remote}: {error}']) from error

    def _pinned(self, owner_repo: str, ref: str) -> str:
        if self._pins is None:
            return ref.lower() if _COMMIT.fullmatch(ref.lower()) else ref
        return locks.look_up(self._pins, f'{owner_repo.lower()}@{ref}', locks.ACTIONS)

    async def _resolve(self, owner_repo: str, ref: str, log: Callable[[str], None]) -> Resolved:
        """Ask one place after the other; without an answer, what the ref last was."""
        remotes = self.remotes(owner_repo)
        if _COMMIT.fullmatch(ref):
            return await self._first_with(remotes, ref, owner_repo)
        complaints = []
        memory = self._cache / owner_repo.lower() / 'refs' / quote(ref, safe='')
        for remote in remotes:
            answer = await _list(remote, ref)
            if answer.code:
                complaints.append(f'{remote}: {answer.last}')
            elif (found := _pick(answer.text, ref, remote)) is not None:
                _remember(memory, found.commit)
                return found
            else:
                complaints.append(f'{remote}: no tag or branch {ref}')
        if (commit := _recall(memory)) and (memory.parent.parent / commit).is_dir():
            log(f'{owner_repo}@{ref}: nobody could be asked; using {commit} from the cache')
            return Resolved(commit, commit, _source(memory.parent.parent / commit))
        raise self._missing(owner_repo, ref, complaints)

    async def _first_with(self, remotes: Sequence[str], commit: str, owner_repo: str) -> Resolved:
        complaints = []
        for remote in remotes:
            answer = await _list(remote, 'HEAD')
            if answer.code == 0 and await _has(remote, commit):
                return Resolved(commit, commit, remote)
            complaints.append(f'{remote}: {answer.last if answer.code else "no such commit"}')
        raise self._missing(owner_repo, commit, complaints)

    def _missing(self, owner_repo: str, ref: str, complaints: Sequence[str]) -> UserError:
        tried = '; '.join(complaints) or 'no place is named for it'
        # Where there is one, only who wants the original gets here.
        stands_in = any(f'{name}/'.startswith(f'{owner_repo.lower()}/') for name in self._stand_ins)
        return UserError(
            f'the action {owner_repo}@{ref} could not be had ({tried})',
            'name a mirror or a directory for it under `actions:` in config.yml'
            + (', or run without --real-actions: it has a stand-in' if stands_in else ''),
        )


def _matches(pattern: str, owner_repo: str) -> bool:
    from fnmatch import fnmatchcase

    return pattern == '*' or fnmatchcase(owner_repo.lower(), pattern.lower())


def _place(pattern: str, place: str, owner: str, name: str) -> str:
    """A place without braces that stands for many repositories holds `<owner>/<name>`. On disk,
    where case counts, names in lower case do for those that a workflow writes otherwise."""
    if '*' in pattern and '{' not in place:
        place = f'{place.rstrip("/")}/{{owner}}/{{name}}'
    filled = _fill(place, owner, name)
    if filled.startswith('/') and not Path(filled).exists():
        lower = _fill(place, owner.lower(), name.lower())
        return lower if Path(lower).exists() else filled
    return filled


def _fill(place: str, owner: str, name: str) -> str:
    filled = place.replace('{owner}', owner).replace('{name}', name)
    return str(Path(filled).expanduser()) if filled.startswith('~') else filled


def _is_plain(remote: str) -> bool:
    """A directory that holds an action's files and no repository."""
    path = Path(remote)
    if not remote.startswith('/') or not path.is_dir():
        return False
    return not (path / '.git').exists() and not (path / 'HEAD').exists()


async def _list(remote: str, ref: str) -> git.Answer:
    names = (f'refs/tags/{ref}', f'refs/tags/{ref}^{{}}', f'refs/heads/{ref}')
    return await git.run('ls-remote', '--quiet', remote, *names, cwd=Path('/'), timeout=_ASKING)


def _pick(text: str, ref: str, remote: str) -> Resolved | None:
    """A tag before a branch; of an annotated tag, the commit that it marks."""
    listed = {name: commit for commit, name in (line.split('\t') for line in text.splitlines())}
    for name in (f'refs/tags/{ref}', f'refs/heads/{ref}'):
        if name in listed:
            return Resolved(listed.get(f'{name}^{{}}', listed[name]), name, remote)
    return None


async def _has(remote: str, commit: str) -> bool:
    """Only a fetch tells. Of a place on this disk, git can be asked directly."""
    if not remote.startswith('/'):
        return True
    answer = await git.run('cat-file', '-e', f'{commit}^{{commit}}', cwd=Path(remote))
    return answer.code == 0


def _remember(memory: Path, commit: str) -> None:
    memory.parent.mkdir(parents=True, exist_ok=True)
    draft = memory.with_name(f'{memory.name}.{os.getpid()}')
    draft.write_text(f'{commit}\n')
    draft.replace(memory)


def _recall(memory: Path) -> str:
    try:
        return memory.read_text().strip()
    except OSError:
        return ''


def _source(folder: Path) -> str:
    return _recall(folder.with_name(f'{folder.name}.source')) or str(folder)
