"""Whether a directory can hold a store: SQLite's locks must hold there."""

import os
from pathlib import Path
from typing import Final

from liftlock.errors import UserError

# What the kernel calls file systems whose locks other machines don't see, or see too late.
NETWORK: Final = frozenset(
    {'9p', 'afs', 'ceph', 'cifs', 'fuse.sshfs', 'glusterfs', 'lustre', 'ncpfs', 'nfs', 'nfs4'}
    | {'fuse.glusterfs', 'fuse.ceph', 'fuse.s3fs', 'fuse.rclone', 'gpfs', 'smb3', 'smbfs'}
)


def prepare(directory: Path) -> None:
    """Make the directory, for its owner alone. UserError where there can be none."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.stat()
    except OSError as error:
        raise unusable(directory, error) from None


def refuse_network(directory: Path) -> None:
    """UserError where a database's locks do not hold."""
    kind = file_system(directory.stat().st_dev, Path('/proc/self/mountinfo').read_text())
    if kind in NETWORK:
        raise UserError(
            f'cannot keep runs in {directory}: it is on a network file system ({kind}), '
            "where a database's locks do not hold",
            'choose a local directory with --state DIR, or keep the database on PostgreSQL with'
            ' --database',
        )


def unusable(directory: Path, error: OSError) -> UserError:
    return UserError(
        f'cannot keep runs in {directory}: {error.strerror}',
        'choose another directory with --state DIR',
    )


def file_system(device: int, mountinfo: str) -> str:
    """The type of the file system with this device number; '' if it isn't listed.

    A line of mountinfo: `36 35 98:0 /root /mnt rw,noatime master:1 - ext3 /dev/root rw`.
    """
    number = f' {os.major(device)}:{os.minor(device)} '
    for line in mountinfo.splitlines():
        if number in line:
            return line.partition(' - ')[2].partition(' ')[0]
    return ''
