"""The files of a commit that is kept in a snapshot's store, without a checkout."""

import io
import subprocess
from pathlib import Path

from liftlock.errors import UserError
from liftlock.runner import git


def lay(store: str, commit: str, directory: Path) -> None:
    """Put all files of the commit into the directory, as git keeps them. UserError."""
    import tarfile  # with a server that may never need it

    answer = subprocess.run(
        ('git', '--git-dir', store, 'archive', '--format=tar', commit),
        capture_output=True,
        env=git.environment(),
    )
    if answer.returncode:
        raise _gone(commit, answer.stderr.decode('utf-8', 'replace'))
    with tarfile.open(fileobj=io.BytesIO(answer.stdout)) as packed:
        packed.extractall(directory, filter='tar')


def read(store: str, commit: str, path: str) -> str:
    """UserError where the commit has no such file."""
    answer = git.ask('cat-file', 'blob', f'{commit}:{path}', cwd=Path(store))
    if answer.code:
        raise UserError(f'{commit[:12]} has no file {path}')
    return answer.text


def _gone(commit: str, said: str) -> UserError:
    return UserError(
        f'the files of {commit[:12]} cannot be had: {said.strip() or "git failed"}',
        'start a new run of that commit: liftlock run',
    )
