"""What jobs see of the repositories that their checkouts borrow from: objects and refs.

Not the settings: people keep passwords and tokens there. What git must know of them to read the
rest at all is made anew.
"""

# Paths are texts here.
# ruff: noqa: PTH112, PTH113, PTH118, PTH123

import os
from collections.abc import Iterator

from liftlock.runner.sandbox.mounts import COPY, READ, TEXT, Mount, same

_PARTS = ('objects', 'refs', 'reftable')
_FILES = ('HEAD', 'packed-refs', 'shallow')
_FORMAT = ('repositoryformatversion', 'bare')


def is_repository(path: str) -> bool:
    return os.path.isdir(f'{path}/objects') and os.path.isfile(f'{path}/HEAD')


def parts(path: str) -> Iterator[Mount]:
    """Of the repository itself, of submodules below it, and of what it borrows from others."""
    for name in _PARTS:
        if os.path.isdir(f'{path}/{name}'):
            yield same(READ, f'{path}/{name}')
    for name in _FILES:
        if os.path.isfile(f'{path}/{name}'):
            yield same(COPY, f'{path}/{name}')
    yield Mount(TEXT, f'{path}/config', format_of(_read(f'{path}/config')))
    for borrowed in _alternates(f'{path}/objects', set()):
        yield same(READ, borrowed)
    for folder, folders, _ in os.walk(f'{path}/modules'):
        if is_repository(folder):
            folders[:] = ['modules'] if 'modules' in folders else []
            yield from parts(folder)


def format_of(config: str) -> str:
    """The settings that say how a repository is to be read."""
    kept, section = [], ''
    for line in config.splitlines():
        text = line.strip()
        if text.startswith('['):
            section = text.strip('[]').lower()
            kept += [text] if section in ('core', 'extensions') else []
            continue
        key = text.partition('=')[0].strip().lower()
        if (
            key in _FORMAT
            if section == 'core'
            else section == 'extensions' and key != 'worktreeconfig'
        ):
            kept.append(f'\t{text}')
    return '\n'.join((*kept, ''))


def _alternates(objects: str, seen: set[str]) -> Iterator[str]:
    for line in _read(f'{objects}/info/alternates').splitlines():
        other = os.path.normpath(os.path.join(objects, line))
        if line and not line.startswith('#') and other not in seen and os.path.isdir(other):
            seen.add(other)
            yield other
            yield from _alternates(other, seen)


def _read(path: str) -> str:
    try:
        with open(path, encoding='utf-8', errors='surrogateescape') as file:
            return file.read()
    except OSError:
        return ''
