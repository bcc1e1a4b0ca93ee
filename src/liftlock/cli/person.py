"""Who sits at the keyboard: the login that git is told, or else this machine's user.

On one machine that is as much as anybody can know: whoever is that user can be anybody here.
"""

import os
from pathlib import Path

from liftlock.runner import git
from liftlock.runner.repository import Repository


def name(repository: Repository | None = None) -> str:
    """`github.user` of git's settings (those of the repository, if it has been looked at already),
    then the name of the user whose process this is."""
    if repository is not None:
        told = repository.settings.get('github.user', '')
    else:
        told = git.ask('config', '--get', 'github.user', cwd=Path.cwd()).text.strip()
    return told or _user()


def _user() -> str:
    import pwd

    number = os.geteuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container may run as a number that nobody has
        return str(number)
