"""Docker's plugins (buildx, compose) that the user has put into his own home."""

import os
from pathlib import Path

_FOLDER = 'cli-plugins'


def lend(home: str, config: str = '') -> None:
    """Let a job's HOME lead to them too: Docker looks below HOME, and jobs have others.

    `config` is Docker's directory of the user. Nothing of what he is logged into goes along.
    """
    usual = os.environ.get('DOCKER_CONFIG') or os.path.expanduser('~/.docker')  # noqa: PTH111
    theirs, ours = Path(config or usual, _FOLDER), Path(home, '.docker', _FOLDER)
    if theirs.is_dir() and not os.path.lexists(ours):
        ours.parent.mkdir(mode=0o700, exist_ok=True)
        ours.symlink_to(theirs)
