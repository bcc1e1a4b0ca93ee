"""Bringing one commit of a repository to this disk: its files, as GitHub hands them to a runner.

That is an archive, so what the attributes `export-ignore` and `export-subst` say is done. Actions
find out their own version by the latter.
"""

import asyncio
import os
import re
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.runner import git

_PATIENCE: Final = 300.0  # seconds for an answer that may be large
_SUBSTITUTED: Final = re.compile(r'^[^#\n]*\sexport-subst\b', re.MULTILINE)


async def bring(remote: str, commit: str, target: Path) -> None:
    """Make `target` of the files, as a whole, and note beside it where they are from. UserError."""
    import shutil

    draft = target.with_name(f'.{commit}.{os.getpid()}')
    await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    try:
        draft.mkdir(parents=True)
        await _fetch(remote, commit, draft / 'git')
        await _name(remote, commit, draft / 'git')
        await _tell(draft / 'git', 'archive', f'--output={draft}/files.tar', commit)
        await asyncio.to_thread(_unpack, draft / 'files.tar', draft / 'files')
        target.with_name(f'{target.name}.source').write_text(f'{remote}\n')
        (draft / 'files').rename(target)
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)


async def _fetch(remote: str, commit: str, store: Path) -> None:
    """Without history if the server gives that commit alone; else with all of it."""
    algorithm = 'sha1' if len(commit) == 40 else 'sha256'
    await _tell(
        store.parent,
        *('init', '--quiet', '--bare', '--template=', f'--object-format={algorithm}', str(store)),
    )
    alone = await git.run(
        'fetch', '--quiet', '--no-tags', '--depth=1', remote, commit, cwd=store, timeout=_PATIENCE
    )
    if alone.code:
        everything = ('+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*')
        await _tell(store, 'fetch', '--quiet', remote, *everything)


async def _name(remote: str, commit: str, store: Path) -> None:
    """Have the tags that mark this commit, where its files are to tell them."""
    attributes = await git.run('cat-file', 'blob', f'{commit}:.gitattributes', cwd=store)
    if not _SUBSTITUTED.search(attributes.text):
        return
    listed = await git.run('ls-remote', '--tags', remote, cwd=store, timeout=_PATIENCE)
    lines = (line.split('\t') for line in listed.text.splitlines())
    marks = {name.removesuffix('^{}') for found, name in lines if found == commit}
    text = ''.join(f'{commit} {name}\n' for name in sorted(marks))
    (store / 'packed-refs').write_text(f'# pack-refs with: sorted \n{text}')


def _unpack(archive: Path, directory: Path) -> None:
    import tarfile

    with tarfile.open(archive) as opened:
        # What git packed leads nowhere else; old Pythons know no filters.
        opened.extraction_filter = getattr(tarfile, 'tar_filter', None)
        opened.extractall(directory)  # noqa: S202


async def _tell(cwd: Path, *arguments: str) -> None:
    answer = await git.run(*arguments, cwd=cwd, env=git.NEUTRAL, timeout=_PATIENCE)
    if answer.code:
        raise UserError(answer.last)
