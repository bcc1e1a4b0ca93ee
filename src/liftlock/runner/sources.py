"""Filling a workspace from a snapshot, as actions/checkout would from GitHub.

The workspace's `.git` is laid by hand and borrows its objects from the snapshot's store, so one
spawn of git, the one that writes the files, is enough. What is deleted in a workspace is the
workspace's own. History is cut off where GitHub's clone would cut it: `.git/shallow` names the
commit whose parents aren't there.
"""

import re
from collections.abc import Callable
from pathlib import Path

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.runner import git
from liftlock.runner.ports import Served
from liftlock.runner.snapshot import Snapshot
from liftlock.runner.submodules import fill

_COMMIT = re.compile(r'[0-9a-f]{40}(?:[0-9a-f]{24})?', re.IGNORECASE)


class Wanted(NamedTuple):
    """What to check out: a commit, and the ref that HEAD, or a detached HEAD's tag, comes from."""

    commit: str
    ref: str  # refs/heads/main, refs/tags/v1, refs/pull/7/merge, or '' for a bare commit


class SnapshotSources:
    """`Sources` of one run. `ref` is the event's: it names the snapshot, wherever the user's own
    branch of that name points."""

    __slots__ = ('_default_branch', '_head_ref', '_known', '_ref', '_snapshot')

    def __init__(
        self, snapshot: Snapshot, ref: str, head_ref: str = '', default_branch: str = 'main'
    ) -> None:
        self._snapshot = snapshot
        self._ref = ref
        self._head_ref = head_ref
        self._default_branch = default_branch
        self._known: dict[str, str] = {}

    async def checkout(
        self,
        directory: Path,
        ref: str,
        fetch_depth: int,
        log: Callable[[str], None],
        *,
        tags: bool = False,
        submodules: str = '',
    ) -> str:
        everything = fetch_depth <= 0
        known = await self._read_refs() if everything or tags or ref else {}
        wanted = self._resolve(ref, known)
        self._lay(directory)
        refs = _branches(known, wanted, everything) | _tags(known, wanted, everything or tags)
        _write_refs(directory / '.git', refs, wanted)
        if fetch_depth > 1:
            await self._fetch(directory, wanted, fetch_depth)
        else:
            self._cut(directory, wanted, everything)
        log(f'HEAD is {wanted.commit}' + (f' ({wanted.ref})' if wanted.ref else ''))
        await _fill(directory, wanted)
        if submodules:
            modules = self._snapshot.source / 'modules'
            recursive = submodules == 'recursive'
            await fill(directory, modules, recursive=recursive, depth=fetch_depth)
        return wanted.commit

    async def serve(self, directory: Path) -> Served:
        known = await self._read_refs()
        commit = self._snapshot.commit
        for ref in _pulled(self._ref):
            known[ref] = commit
        if self._head_ref:
            known.setdefault(f'refs/heads/{self._head_ref}', commit)
        self._lay_bare(directory)
        _pack(directory, known)
        (directory / 'HEAD').write_text(f'ref: refs/heads/{self._default_branch}\n')
        url = self._snapshot.url or str(self._snapshot.store)  # what checkouts have as `origin`
        return Served(url, await self._read_submodules())

    async def _read_submodules(self) -> dict[str, str]:
        modules = self._snapshot.source / 'modules'
        if not modules.is_dir():
            return {}
        listed = await git.run(
            'config', '-z', '--blob', f'{self._snapshot.commit}:.gitmodules', '--get-regexp',
            r'^submodule\..*\.url$', cwd=self._snapshot.store,
        )  # fmt: skip
        pairs = (item.partition('\n') for item in listed.text.split('\0') if item)
        clones = {
            url: modules / key.removeprefix('submodule.').removesuffix('.url')
            for key, _, url in pairs
        }
        return {url: str(clone) for url, clone in clones.items() if (clone / 'HEAD').exists()}

    async def _read_refs(self) -> dict[str, str]:
        """Branches as `origin` has them, the user's own where it has none, and tags; the same for
        all jobs, whatever the user does meanwhile."""
        if self._known:
            return dict(self._known)
        answer = await git.run(
            'for-each-ref', '--format=%(refname) %(objectname)',
            'refs/heads', 'refs/remotes/origin', 'refs/tags', cwd=self._snapshot.source,
        )  # fmt: skip
        if answer.code:
            raise UserError(f'cannot read {self._snapshot.source}: {answer.last}')
        lines = dict(line.split(' ') for line in answer.text.splitlines())
        remote = 'refs/remotes/origin/'
        theirs = {
            f'refs/heads/{name.removeprefix(remote)}': commit
            for name, commit in lines.items()
            if name.startswith(remote) and name != f'{remote}HEAD'
        }
        ours = {name: commit for name, commit in lines.items() if not name.startswith(remote)}
        known = ours | theirs
        if self._ref.startswith(('refs/heads/', 'refs/tags/')):
            known[self._ref] = self._snapshot.commit
        self._known = known
        return dict(known)

    def _resolve(self, ref: str, known: dict[str, str]) -> Wanted:
        """A branch goes before a tag of the same name, as in actions/checkout."""
        if ref in ('', self._ref):
            return Wanted(self._snapshot.commit, self._ref)
        if _COMMIT.fullmatch(ref):
            return Wanted(ref.lower(), '')
        for name in (ref, f'refs/heads/{ref}', f'refs/tags/{ref}'):
            if name in known and name.startswith('refs/'):
                return Wanted(known[name], name)
        if self._head_ref and ref in (self._head_ref, f'refs/heads/{self._head_ref}'):
            return Wanted(self._snapshot.commit, f'refs/heads/{self._head_ref}')
        raise UserError(f"A branch or tag with the name '{ref}' could not be found")

    def _lay(self, directory: Path) -> None:
        inside = directory / '.git'
        self._borrow(inside)
        url = self._snapshot.url or str(self._snapshot.store)
        text = (self._snapshot.store / 'config').read_text()
        (inside / 'config').write_text(_configuration(text, url))

    def _lay_bare(self, directory: Path) -> None:
        self._borrow(directory)
        config = (self._snapshot.store / 'config').read_text()
        (directory / 'config').write_text(f'{config}\tallowFilter = true\n')  # of [uploadpack]
        shallow = self._snapshot.store / 'shallow'
        if shallow.exists():
            (directory / 'shallow').write_text(shallow.read_text())

    def _borrow(self, inside: Path) -> None:
        """A git directory that takes its objects from the store."""
        for folder in ('objects/info', 'objects/pack', 'refs/heads', 'refs/tags', 'info', 'hooks'):
            (inside / folder).mkdir(parents=True, exist_ok=True)
        (inside / 'objects/info/alternates').write_text(f'{self._snapshot.store}/objects\n')

    async def _fetch(self, directory: Path, wanted: Wanted, depth: int) -> None:
        """Let git find out where a history of more than one commit is to be cut."""
        answer = await git.run(
            'fetch', '--quiet', '--no-tags', f'--depth={depth}',
            f'file://{self._snapshot.store}', wanted.commit,
            cwd=directory, env=git.NEUTRAL,
        )  # fmt: skip
        if answer.code:
            raise UserError(f'cannot fetch {wanted.commit}: {answer.last}')

    def _cut(self, directory: Path, wanted: Wanted, everything: bool) -> None:
        shallow = self._snapshot.store / 'shallow'
        if not everything:
            (directory / '.git/shallow').write_text(f'{wanted.commit}\n')
        elif shallow.exists():  # the user's own clone has no more than this
            (directory / '.git/shallow').write_text(shallow.read_text())


def _configuration(store: str, url: str) -> str:
    """The store's format, in a repository with a work tree and one remote."""
    core = store.partition('[gc]')[0].replace('bare = true', 'bare = false')
    quoted = url.replace('\\', '\\\\').replace('"', '\\"')
    return (
        f'{core}[gc]\n\tauto = 0\n'
        f'[remote "origin"]\n\turl = "{quoted}"\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'
    )


def _branches(known: dict[str, str], wanted: Wanted, everything: bool) -> dict[str, str]:
    heads = known if everything else {}
    refs = {
        f'refs/remotes/origin/{name.removeprefix("refs/heads/")}': commit
        for name, commit in heads.items()
        if name.startswith('refs/heads/')
    }
    if wanted.ref.startswith('refs/heads/'):
        branch = wanted.ref.removeprefix('refs/heads/')
        refs |= {f'refs/remotes/origin/{branch}': wanted.commit, wanted.ref: wanted.commit}
    elif wanted.ref.startswith('refs/pull/'):
        refs[f'refs/remotes/{wanted.ref.removeprefix("refs/")}'] = wanted.commit
    return refs


def _tags(known: dict[str, str], wanted: Wanted, all_of_them: bool) -> dict[str, str]:
    if all_of_them:
        return {name: commit for name, commit in known.items() if name.startswith('refs/tags/')}
    return {wanted.ref: wanted.commit} if wanted.ref.startswith('refs/tags/') else {}


def _pulled(ref: str) -> tuple[str, ...]:
    """What GitHub has for a pull request: what it would be when merged, and its own head."""
    if not ref.startswith('refs/pull/'):
        return ()
    return ref, f'{ref.rpartition("/")[0]}/head'


def _pack(inside: Path, refs: dict[str, str]) -> None:
    lines = [f'{commit} {name}\n' for name, commit in sorted(refs.items())]
    (inside / 'packed-refs').write_text('# pack-refs with: sorted \n' + ''.join(lines))


def _write_refs(inside: Path, refs: dict[str, str], wanted: Wanted) -> None:
    """HEAD on the branch where there is one, as after `git checkout -B main origin/main`."""
    _pack(inside, refs)
    if not wanted.ref.startswith('refs/heads/'):
        (inside / 'HEAD').write_text(f'{wanted.commit}\n')
        return
    branch = wanted.ref.removeprefix('refs/heads/')
    (inside / 'HEAD').write_text(f'ref: {wanted.ref}\n')
    with (inside / 'config').open('a') as config:
        config.write(f'[branch "{branch}"]\n\tremote = origin\n\tmerge = {wanted.ref}\n')


async def _fill(directory: Path, wanted: Wanted) -> None:
    answer = await git.run('read-tree', '--reset', '-u', 'HEAD', cwd=directory, env=git.NEUTRAL)
    if answer.code:
        raise UserError(f'{wanted.commit} cannot be checked out: {answer.last}')
