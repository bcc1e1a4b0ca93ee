"""The user's files as one commit, without a byte written into the user's repository.

What is tracked or not ignored is what a push would bring, the uncommitted changes included. They
are staged with an index of our own (copied from the user's, so that git need not read unchanged
files again) and written to an object store of our own, which borrows the rest from the user's by
`objects/info/alternates`. The user's git directory is only read: its settings, excludes,
attributes and sparse patterns apply as they always do.

A clean work tree needs no commit: HEAD is the snapshot. The same files on the same HEAD give
the same commit, because its author and its dates are fixed.
"""

import contextlib
import errno
import json
import os
import stat
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.runner import git, pruning
from liftlock.runner.repository import Repository, told_uncommitted

SOURCES = 'sources'
_LARGEST = 4 * 1024 * 1024 + 1  # bytes of a file; the reader refuses it sooner
_MOST = 16 * _LARGEST  # bytes of all that are read at once


class _Entry(NamedTuple):
    """One line of `git ls-tree --long`."""

    mode: str
    kind: str
    sha: str
    size: str
    path: str


_NO_DATE = '2000-01-01T00:00:00+00:00'  # of a commit on no commit
# Hooks and file-system monitors of the user must not run, and no shared index be written.
_QUIET = (
    '-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', '-c', 'core.splitIndex=false',
    '-c', 'i18n.commitEncoding=UTF-8', '-c', 'advice.addEmbeddedRepo=false',
    '-c', 'core.safecrlf=false',
)  # fmt: skip


class Snapshot(NamedTuple):
    """Where one commit can be had for as long as it is needed. Paths are absolute.

    `store` is a bare repository of ours. `source` is the user's git directory, to be read for
    its branches and tags. `tree` is the work tree where its files are those of the commit, as
    they were when it was taken; None where they are not.
    """

    store: Path
    commit: str
    source: Path
    url: str = ''
    dirty: bool = False
    tree: Path | None = None


class _Origin(NamedTuple):
    """Of whom a store borrows: a git directory, and where its objects are."""

    common: Path
    objects: Path
    hash: str
    url: str
    shallow: bool


def take(repository: Repository, state: Path, *, clean: bool = False) -> Snapshot:
    """Keep the work tree (or, if `clean`, HEAD) as a commit. UserError when git cannot."""
    if clean and repository.unborn:
        raise UserError('there is no commit yet', 'commit something, or run without --clean')
    try:
        with pruning.sharing(state / SOURCES):
            store, commit = _take(repository, state, clean)
    except OSError as error:
        raise UserError(
            f'cannot keep sources in {state / SOURCES}: {error.strerror}',
            'choose another directory with --state DIR',
        ) from error
    dirty = commit != repository.head
    tree = None if clean and repository.touched else repository.top
    return Snapshot(store, commit, repository.common, repository.url, dirty, tree)


def _take(repository: Repository, state: Path, clean: bool) -> tuple[Path, str]:
    origin = _Origin(
        repository.common,
        repository.objects,
        repository.hash,
        repository.url,
        shallow=repository.shallow,
    )
    store = _prepare_store(origin, state)
    if clean or not (repository.touched or repository.unborn):
        commit = repository.head
    else:
        commit = _commit(repository, store)
    _keep(store, commit)
    return store, commit


def keep(mirror: Path, commit: str, url: str, state: Path) -> Snapshot:
    """A commit of a bare repository that lies on this disk, and stays: as one that is taken."""
    origin = _Origin(mirror, mirror / 'objects', 'sha1', url, shallow=False)
    try:
        with pruning.sharing(state / SOURCES):
            store = _prepare_store(origin, state)
            _keep(store, commit)
    except OSError as error:
        raise UserError(f'cannot keep sources in {state / SOURCES}: {error.strerror}') from error
    return Snapshot(store, commit, mirror, url)


def open_snapshot(store: Path, commit: str) -> Snapshot:
    """A snapshot that an earlier process took; its work tree may have changed since."""
    try:
        known = json.loads((store / 'liftlock.json').read_text())
        os.utime(store / pruning.REFS / commit)  # it is needed
    except (OSError, ValueError):
        raise UserError(
            f'the snapshot {commit[:12]}, which holds the sources of the run, is gone',
            'they are kept for 30 days after a run has ended; start a new one: liftlock run',
        ) from None
    return Snapshot(store, commit, Path(known['source']), known['url'])


def object_places(snapshot: Snapshot) -> tuple[str, ...]:
    """The directories of objects that a checkout of it borrows from, one through the other.

    Nothing else of the user's repository is needed to read it: its settings may hold a password.
    """
    found: dict[str, None] = {}
    todo = [str(snapshot.store / 'objects')]
    while todo:
        place = os.path.normpath(todo.pop())
        if place in found:
            continue
        found[place] = None
        try:
            lines = Path(place, 'info', 'alternates').read_text().splitlines()
        except OSError:
            continue
        todo += [os.path.join(place, line) for line in lines if line and line[0] != '#']  # noqa: PTH118
    return tuple(found)


def read_files(snapshot: Snapshot, *prefixes: str) -> dict[str, str]:
    """The text of every file below a folder (`.github/workflows/`), or of one file, by path.

    Bytes that aren't UTF-8 come as surrogates, for the reader of the file to complain about, and so
    does he about a large file, of which only the first bytes come. UserError if there is too much.
    """
    if snapshot.tree is not None:
        trees = [read_tree(snapshot.tree, prefix) for prefix in prefixes]
        return {path: text for tree in trees for path, text in tree.items()}
    listing = git.ask(
        'ls-tree', '-r', '-z', '--long', snapshot.commit, '--', *prefixes, cwd=snapshot.store
    )
    entries = [_Entry(*one.replace('\t', ' ', 1).split(maxsplit=4))
               for one in listing.text.split('\0') if one]  # fmt: skip
    blobs = [entry for entry in entries if entry.kind == 'blob']
    if sum(min(int(blob.size), _LARGEST) for blob in blobs) > _MOST:
        raise UserError(f'the files in {" and ".join(prefixes)} are more than can be read')
    return _read_blobs(snapshot.store, blobs)


def read_tree(top: Path, prefix: str) -> dict[str, str]:
    """The same of the files as they stand. UserError if something cannot be read."""
    found: dict[str, str] = {}
    only = top / prefix
    try:
        places = os.walk(only, onerror=_raise)
        for folder, _, names in places if only.is_dir() else [(only.parent, (), (only.name,))]:
            for name in names:
                data = _read_regular(f'{folder}/{name}')
                if data is not None:
                    path = Path(folder, name).relative_to(top).as_posix()
                    found[path] = data.decode('utf-8', 'surrogateescape')
    except OSError as error:
        raise UserError(f'{error.filename} cannot be read: {error.strerror}') from error
    return dict(sorted(found.items()))


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise error


def _read_regular(path: str) -> bytes | None:
    """Its first bytes, which are all of a file that anybody would accept. None for pipes, devices
    and dangling links; to open a pipe must not mean to wait for its writer."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ELOOP):
            return None
        raise
    with os.fdopen(opened, 'rb') as file:
        return file.read(_LARGEST) if stat.S_ISREG(os.fstat(opened).st_mode) else None


def _read_blobs(store: Path, blobs: Sequence[_Entry]) -> dict[str, str]:
    """By one process, which is ended in the middle of one that is too large, and begun anew."""
    found: dict[str, str] = {}
    left = list(blobs)
    while left:
        with subprocess.Popen(
            ('git', 'cat-file', '--batch'), cwd=store, env=git.environment(git.NEUTRAL),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as asked:  # fmt: skip
            whole = True
            while left and whole:
                blob = left.pop(0)
                whole = int(blob.size) < _LARGEST
                found[blob.path] = _answer(asked, blob).decode('utf-8', 'surrogateescape')
            asked.kill()
    return found


def _answer(asked: 'subprocess.Popen[bytes]', blob: _Entry) -> bytes:
    assert asked.stdin is not None
    assert asked.stdout is not None
    asked.stdin.write(f'{blob.sha}\n'.encode())
    asked.stdin.flush()
    if b' blob ' not in asked.stdout.readline():
        return b''  # it is not here
    return asked.stdout.read(min(int(blob.size) + 1, _LARGEST))[: int(blob.size)]


def _prepare_store(origin: _Origin, state: Path) -> Path:
    """Our bare repository for this one of the user's, or for a mirror: files as `git init --bare`
    would lay them, written by hand because a spawn costs more than all of them."""
    store = state / SOURCES / f'{digest.of(str(origin.common))[:16]}.git'
    for folder in ('objects/info', pruning.REFS):
        (store / folder).mkdir(parents=True, exist_ok=True)
    _write(store / 'HEAD', 'ref: refs/heads/none\n')
    _write(store / 'config', _configuration(origin.hash))
    _write(store / 'objects/info/alternates', f'{origin.objects}\n')
    known = {'source': str(origin.common), 'url': origin.url}
    _write(store / 'liftlock.json', json.dumps(known) + '\n')
    _copy_shallow(origin, store)
    return store


def _configuration(algorithm: str) -> str:
    version = '0' if algorithm == 'sha1' else '1'
    extension = '' if algorithm == 'sha1' else f'[extensions]\n\tobjectFormat = {algorithm}\n'
    return (
        f'[core]\n\trepositoryFormatVersion = {version}\n\tbare = true\n{extension}'
        '[gc]\n\tauto = 0\n[uploadpack]\n\tallowAnySHA1InWant = true\n'
    )


def _copy_shallow(origin: _Origin, store: Path) -> None:
    """Where the user's history ends, ours must end: else git misses the parents."""
    if origin.shallow:
        _write(store / 'shallow', (origin.common / 'shallow').read_text())
    else:
        (store / 'shallow').unlink(missing_ok=True)


def _write(file: Path, text: str) -> None:
    """Whole or not at all, and not at all if it stands there already: runs share the store."""
    with contextlib.suppress(FileNotFoundError):
        if file.read_text() == text:
            return
    draft = file.with_name(f'{file.name}.{os.getpid()}-{threading.get_ident()}')
    draft.write_text(text)
    draft.replace(file)


def _commit(repository: Repository, store: Path) -> str:
    index = store / f'index.{os.getpid()}'
    env = {
        'GIT_DIR': str(repository.private),
        'GIT_WORK_TREE': str(repository.top),
        'GIT_INDEX_FILE': str(index),
        'GIT_OBJECT_DIRECTORY': str(store / 'objects'),
    }
    try:
        _copy_index(repository, index)
        _tell(repository, env, 'add', '--all')
        tree = _tell(repository, env, 'write-tree')
        if not repository.unborn and tree == repository.log[0].commit.tree:
            return repository.head  # e.g. files that differ in nothing that git keeps
        return _tell(
            repository, _signed(repository, env), 'commit-tree', tree, *_lineage(repository)
        )
    finally:
        for leftover in (index, index.with_name(f'{index.name}.lock')):
            leftover.unlink(missing_ok=True)


def _copy_index(repository: Repository, index: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        index.write_bytes((repository.private / 'index').read_bytes())
        # git trusts an entry that is older than the index file; a younger copy would make it
        # trust files that were changed within the same tick as the user's index.
        kept = (repository.private / 'index').stat()
        os.utime(index, ns=(kept.st_atime_ns, kept.st_mtime_ns))


def _lineage(repository: Repository) -> Sequence[str]:
    parent = () if repository.unborn else ('-p', repository.head)
    return (*parent, '-m', told_uncommitted(repository))


def _signed(repository: Repository, env: dict[str, str]) -> dict[str, str]:
    date = _NO_DATE if repository.unborn else repository.log[0].committed
    return env | {
        f'GIT_{role}_{field}': value
        for role in ('AUTHOR', 'COMMITTER')
        for field, value in (('NAME', 'Liftlock'), ('EMAIL', 'liftlock@localhost'), ('DATE', date))
    }


def _tell(repository: Repository, env: dict[str, str], *arguments: str) -> str:
    env = {'GIT_ALTERNATE_OBJECT_DIRECTORIES': str(repository.objects)} | env
    answer = git.ask(*_QUIET, *arguments, cwd=repository.top, env=env)
    if answer.code:
        errors = (line for line in answer.error.splitlines() if line.startswith('error: '))
        raise UserError(
            f'git cannot take the work tree as it stands: {next(errors, answer.last)}',
            'name such files in .gitignore, or run --clean to take HEAD instead',
        )
    return answer.text.strip()


def _keep(store: Path, commit: str) -> None:
    """A ref, so that no clean-up of ours takes the commit's objects away: one that is fresh."""
    file = store / pruning.REFS / commit
    if file.exists():
        file.touch()
    else:
        _write(file, f'{commit}\n')
