"""Snapshots that no run needs any more are forgotten, and their objects with them.

A snapshot is a ref below `refs/liftlock` in a store of ours. Whoever takes or opens one touches its
file, so a snapshot that nobody asked for lately and that no run names is needed by nobody: a run
that is being submitted has touched its own. Whoever takes one holds `sources/lock` together with
others; pruning holds it alone, and does not wait for it.

Objects are removed by hand, not by `git prune`: that would walk the user's whole history, which the
store borrows. What a snapshot adds to its parent is told by git at once, and everything else in
the store was added by snapshots that are gone: the user's own commits are in his repository.
"""

import contextlib
import fcntl
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

from liftlock.runner import git

REFS: Final = 'refs/liftlock'
_LOCK: Final = 'lock'
_GONE: Final = '.gone'


@contextlib.contextmanager
def sharing(sources: Path) -> Iterator[None]:
    """Nothing is pruned meanwhile. Raises OSError."""
    sources.mkdir(parents=True, exist_ok=True)
    with _open(sources) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def prune(sources: Path, needed: Callable[[], Collection[tuple[str, str]]], before: float) -> None:
    """Forget snapshots that were last touched before that moment and that are not `needed`.

    `needed` gives pairs of store and commit; it is asked only if there is something to prune.
    """
    stores = [store for store in sources.glob('*.git') if any(_older(store, before))]
    if not stores:
        return
    with _open(sources) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody takes a snapshot; another day will do
        wanted = needed()
        for store in stores:
            for ref in _older(store, before):
                if (str(store), ref.name) not in wanted:
                    ref.unlink()
            _sweep(store)


@contextlib.contextmanager
def _open(sources: Path) -> Iterator[int]:
    lock = os.open(sources / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _older(store: Path, before: float) -> Iterator[Path]:
    return (ref for ref in (store / REFS).iterdir() if ref.stat().st_mtime < before)


def _sweep(store: Path) -> None:
    """Remove the store's objects that no snapshot has added, or all of it where none is left."""
    kept = [ref.name for ref in (store / REFS).iterdir()]
    if not kept:
        import shutil

        gone = store.with_name(f'{store.name}{_GONE}')
        store.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        return
    own = [commit for commit in kept if _object(store, commit).exists()]
    reachable: set[str] = set()
    if own:
        # `^!` is the commit without what its parents have.
        answer = git.ask('rev-list', '--objects', *(f'{commit}^!' for commit in own), cwd=store)
        if answer.code:
            return  # the user's repository has lost what they stand on: nothing is sure any more
        reachable = {line.split(' ', 1)[0] for line in answer.text.splitlines()}
    for file in (store / 'objects').glob('[0-9a-f][0-9a-f]/*'):
        if file.parent.name + file.name not in reachable:
            file.unlink(missing_ok=True)


def _object(store: Path, name: str) -> Path:
    return store / 'objects' / name[:2] / name[2:]
