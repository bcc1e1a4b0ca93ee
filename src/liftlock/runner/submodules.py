"""Submodules of a workspace, from the clones of them that the user's repository holds.

Where the user never initialized one, git asks its own URL, as on GitHub.
"""

from pathlib import Path

from liftlock.errors import UserError
from liftlock.runner import git

_FILES = ('-c', 'protocol.file.allow=always')  # git refuses local clones of submodules by default


async def fill(directory: Path, modules: Path, *, recursive: bool, depth: int) -> None:
    """Check out every submodule of this work tree; `modules` is where clones may lie."""
    listed = await _tell(
        directory, 'config', '-z', '--file', '.gitmodules', '--get-regexp', r'\.path$', missing=True
    )
    for item in listed.split('\0')[:-1]:
        key, _, path = item.partition('\n')
        name = key.removeprefix('submodule.').removesuffix('.path')
        clone = modules / name
        if (clone / 'HEAD').exists():
            await _tell(directory, 'config', f'submodule.{name}.url', f'file://{clone}')
        shallow = (f'--depth={depth}',) if depth > 0 else ()
        await _tell(directory, *_FILES, 'submodule', 'update', '--init', *shallow, '--', path)
        await _tell(directory, 'submodule', 'sync', '--quiet', '--', path)
        if recursive:
            await fill(directory / path, clone / 'modules', recursive=True, depth=depth)


async def _tell(directory: Path, *arguments: str, missing: bool = False) -> str:
    answer = await git.run(*arguments, cwd=directory, env={'GIT_LFS_SKIP_SMUDGE': '1'})
    if answer.code and not missing:
        raise UserError(f'a submodule could not be fetched: {answer.last}')
    return answer.text
