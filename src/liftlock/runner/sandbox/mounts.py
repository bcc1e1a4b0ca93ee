"""What stands where inside a sandbox, and how bubblewrap is told."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from liftlock.language.records import NamedTuple

READ: Final = 'read'
WRITE: Final = 'write'
LINK: Final = 'link'
COPY: Final = 'copy'  # a small file: bubblewrap takes longer for a mount
TEXT: Final = 'text'  # a file that is made for the sandbox
FOLDER: Final = 'folder'  # empty, and nobody's

_BINDS: Final = {READ: '--ro-bind', WRITE: '--bind'}


class Mount(NamedTuple):
    """`source` is a path of this machine, the target of a link, or a text."""

    kind: str
    place: str  # inside
    source: str = ''


def same(kind: str, path: str) -> Mount:
    """Inside under the path that it has outside."""
    return Mount(kind, path, path)


def words(mounts: Iterable[Mount], files: Sequence[int]) -> Iterator[str]:
    """Arguments for bubblewrap. `files` are descriptors of copies and texts, in their order.

    What lies deeper comes later, so that nothing is covered by what lies above it. The directories
    on the way are made for everybody to pass: bubblewrap would close them where it can.
    """
    descriptors = iter(files)
    made = {'/'}
    for mount in ordered(mounts):
        for folder in _above(mount.place):
            if folder not in made:
                made.add(folder)
                yield from ('--perms', '0755', '--dir', folder)
        made.add(mount.place)
        match mount.kind:
            case 'link':
                yield from ('--symlink', mount.source, mount.place)
            case 'copy' | 'text':
                yield from ('--perms', '0644', '--file', str(next(descriptors)), mount.place)
            case 'folder':
                yield from ('--perms', '0755', '--dir', mount.place)
            case kind:
                yield from (_BINDS[kind], mount.source, mount.place)


def _above(path: str) -> Iterator[str]:
    parts = path.split('/')
    yield from ('/'.join(parts[:count]) for count in range(2, len(parts)))


def ordered(mounts: Iterable[Mount]) -> list[Mount]:
    return sorted(mounts, key=lambda mount: mount.place.count('/') if mount.place != '/' else 0)


def shows(mounts: Iterable[Mount], path: str) -> bool:
    """Whether this path means inside what it means on this machine."""
    found: Mount | None = None
    for mount in mounts:
        deeper = found is None or len(mount.place) > len(found.place)
        if deeper and mount.kind != FOLDER and lies_in(path, mount.place):
            found = mount
    return found is not None and (found.kind == LINK or found.place == found.source)


def lies_in(path: str, folder: str) -> bool:
    """Whether it is that directory or below it, by their names."""
    return path == folder or path.startswith(f'{folder.rstrip("/")}/')
