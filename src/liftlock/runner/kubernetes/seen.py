"""The files of a job in a pod, as they are looked at from here: in the copy, which is brought up to
date when somebody asks. A link means what it means in the pod."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH115, PTH116, PTH120, PTH208

import errno
import os
import stat
from collections.abc import Sequence
from typing import Final

from liftlock.runner.docker.paths import Paths
from liftlock.runner.executors.base import CannotStart
from liftlock.runner.kubernetes.mirror import Mirror

_MOST_LINKS: Final = 40


class Seen:
    """Satisfies `Files`. `fresh` is a directory that is up to date in any case, `others` are
    directories of this machine that are no copies."""

    __slots__ = ('_fresh', '_mirror', '_others', '_own', '_paths')

    def __init__(
        self, mirror: Mirror, paths: Paths, own: str, fresh: str, others: Sequence[str]
    ) -> None:
        self._mirror = mirror
        self._paths = paths
        self._own = own
        self._fresh = fresh
        self._others = tuple(others)

    def open(self, path: str) -> int:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
        return os.open(self._find(path), flags)

    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        return os.stat(self._find(path, follow=follow), follow_symlinks=False)

    def list(self, path: str) -> list[str]:
        return os.listdir(self._find(path))

    def _find(self, path: str, *, follow: bool = True) -> str:
        if self._mirror.stale and not _below(path, self._fresh):
            try:
                self._mirror.pull()
            except CannotStart as error:
                raise OSError(errno.EIO, str(error), path) from None
        return self._resolve(path, follow=follow)

    def _resolve(self, path: str, *, follow: bool) -> str:
        """Step by step, as the pod's kernel would: a link may lead to what only the pod has."""
        found, rest, links = '/', [part for part in path.split('/') if part], 0
        while rest:
            part = rest.pop(0)
            if part in ('.', '..'):
                found = os.path.dirname(found) if part == '..' else found
                continue
            step = f'{found.rstrip("/")}/{part}'
            if not (follow or rest) or not self._is_link(step):
                found = step
                continue
            links += 1
            if links > _MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            target = os.readlink(step)
            if target.startswith('/'):
                found, target = '/', self._paths.outside(os.path.normpath(target))
            rest = [*(word for word in target.split('/') if word), *rest]
        if not any(_below(found, one) for one in (self._own, *self._others)):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return found

    def _is_link(self, path: str) -> bool:
        """Links of this machine above the job's directories are followed by its own kernel."""
        if not _below(path, self._own):
            return False
        try:
            return stat.S_ISLNK(os.lstat(path).st_mode)
        except OSError:
            return False


def _below(path: str, top: str) -> bool:
    return bool(top) and (path == top or path.startswith(f'{top}/'))
