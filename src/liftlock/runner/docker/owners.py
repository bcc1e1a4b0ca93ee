"""Whose the files of a job are when its container runs as somebody else than we do.

Root in a container makes files that a user outside can neither change nor remove, and what we
write is not writable for a `USER` of an image. On GitHub's machines all of it is thrown away with
the machine. Here root in the container puts it right: before our own code works with the files,
after it has, and at the end.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.docker.create import Mount
from liftlock.runner.docker.engine import Engine

ROOT: Final = 0
_TAKE: Final = (
    'owner=$1; shift; find "$@" -xdev ! -user "${owner%:*}" -exec chown -h "$owner" {} + '
    '2>/dev/null || chown -R -h "$owner" "$@"'
)
_OPEN: Final = 'chmod -R a+rwX "$@"'


class Owners(NamedTuple):
    """`theirs` is the user of the container's processes, `ours` is us, both as seen in there."""

    engine: Engine
    container: str
    theirs: int
    ours: int
    group: int
    targets: tuple[str, ...]  # directories, as the container calls them

    @property
    def are_strangers(self) -> bool:
        """Their processes may write only what everybody may."""
        return self.theirs not in (ROOT, self.ours)

    async def take(self, say: Callable[[str], None], *more: str) -> None:
        """What they have made becomes ours."""
        if self.theirs == self.ours or (os.getuid() == ROOT and not self.engine.rootless):
            return
        await self._do(say, _TAKE, f'{self.ours}:{self.group}', *self.targets, *more)

    async def open(self, say: Callable[[str], None]) -> None:
        """What we have made becomes theirs too."""
        if self.are_strangers:
            await self._do(say, _OPEN, *self.targets)

    async def _do(self, say: Callable[[str], None], script: str, *words: str) -> None:
        done = await self.engine.ask(
            'exec', '--user', '0:0', self.container, 'sh', '-c', script, 'sh', *words
        )
        if done.code:
            say(f'##[warning]Files of the container could not be taken over: {done.reason}')


async def take_with(engine: Engine, image: str, mounts: Sequence[Mount]) -> str:
    """The same after a container of this image has ended; what went wrong, for the log."""
    if os.getuid() == ROOT and not engine.rootless:
        return ''
    if not await asyncio.to_thread(_has_others, [mount.source for mount in mounts]):
        return ''
    ours, group = (ROOT, ROOT) if engine.rootless else (os.getuid(), os.getgid())
    done = await engine.ask(
        'run', '--rm', '--user', '0:0', '--entrypoint', 'sh',
        *(word for mount in mounts for word in mount.words),
        image, '-c', _TAKE, 'sh', f'{ours}:{group}', *(mount.target for mount in mounts),
    )  # fmt: skip
    if done.code == 0:
        return ''
    return f'Files that belong to other users are left: the image has no `chown` ({done.reason})'


def taking(rootless: bool, container: str, targets: Sequence[str]) -> tuple[str, ...]:
    """The command by which a container that nobody uses any more gives its files up."""
    ours, group = (ROOT, ROOT) if rootless else (os.getuid(), os.getgid())
    here = 'owner=$1; shift; for one; do [ -e "$one" ] && set -- "$@" "$one"; shift; done; '
    none = '[ $# -gt 0 ] || exit 0; '  # else `find` would take the whole container
    script = f'{here}{none}set -- "$owner" "$@"; {_TAKE}'
    words = ('sh', '-c', script, 'sh', f'{ours}:{group}')
    return ('exec', '--user', '0:0', container, *words, *targets)


def _has_others(folders: Sequence[str]) -> bool:
    return any(
        _is_others(os.path.join(folder, name))  # noqa: PTH118
        for top in folders
        for folder, names, files in os.walk(top)
        for name in (*names, *files)
    )


def _is_others(path: str) -> bool:
    try:
        return os.lstat(path).st_uid != os.getuid()
    except OSError:  # gone meanwhile
        return False


async def find(engine: Engine, container: str, user: str, targets: tuple[str, ...]) -> Owners:
    """`user` is what `inspect` says: '', a number or a name, and a group perhaps."""
    name = user.partition(':')[0]
    if name in ('', 'root'):
        theirs = ROOT
    elif name.isdecimal():
        theirs = int(name)
    else:
        told = (await engine.ask('exec', container, 'id', '-u')).text.strip()
        theirs = int(told) if told.isdecimal() else ROOT
    ours, group = (ROOT, ROOT) if engine.rootless else (os.getuid(), os.getgid())
    return Owners(engine, container, theirs, ours, group, targets)
