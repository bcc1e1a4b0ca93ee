"""As whom jobs run, and what they are told of users and groups.

Whoever starts Liftlock as a plain user is that user inside, too. Root is not: files of root's would
be a job's to change wherever one can be reached, and services of this machine would take its word
for root's. Jobs then run as an account that owns nothing else.
"""

import os
import pwd
from typing import Final

from liftlock.language.records import NamedTuple

OF_ROOT: Final = ('liftlock-job', 'nobody')  # the first that there is
_NOBODY: Final = 65534
_NAME: Final = 'runner'


class Account(NamedTuple):
    """`name` is what it is called inside."""

    user: int
    group: int
    name: str


def choose() -> Account:
    """Whom the job's processes are on this machine."""
    if os.geteuid():
        return Account(os.geteuid(), os.getegid(), _name(os.geteuid()))
    for name in OF_ROOT:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        if found.pw_uid:
            return Account(found.pw_uid, found.pw_gid, _NAME)
    return Account(_NOBODY, _NOBODY, _NAME)


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return _NAME


def give(account: Account, directory: str) -> None:
    """Let the account own all of a directory, which no process of a job has changed yet."""
    for folder, folders, files, descriptor in os.fwalk(directory):
        os.chown(folder, account.user, account.group, follow_symlinks=False)
        for name in (*folders, *files):
            os.chown(name, account.user, account.group, dir_fd=descriptor, follow_symlinks=False)


def passwd(account: Account, home: str) -> str:
    """/etc/passwd: the job's own account comes first, whoever else has its number."""
    return (
        f'{account.name}:x:{account.user}:{account.group}::{home}:/bin/bash\n'
        'root:x:0:0:root:/root:/usr/sbin/nologin\n'
        f'nobody:x:{_NOBODY}:{_NOBODY}:nobody:/:/usr/sbin/nologin\n'
    )


def group(account: Account) -> str:
    return f'{account.name}:x:{account.group}:\nroot:x:0:\ntty:x:5:\nnogroup:x:{_NOBODY}:\n'
