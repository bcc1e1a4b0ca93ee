"""Starting an instance, so that whoever comes after us can tell whether it was started."""

import errno
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.process import procfs
from liftlock.targets.process.record import Record

_PASSING: Final = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)  # too much of something


class _Process(subprocess.Popen[bytes]):
    def __del__(self) -> None:
        """Nothing: it is meant to go on without us, and is waited for by its pidfd."""


def shell() -> str:
    found = shutil.which('bash') or shutil.which('sh')
    if not found:
        raise Trouble('there is no shell to start applications with', 'Install bash')
    return found


def start(record: Record, line: Sequence[str], env: Mapping[str, str], cwd: Path) -> Record:
    """Start it, in a session of its own. Blocks until it runs the shell."""
    path = Path(record.log)
    try:
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise Trouble(f'cannot write the log {path}: {error.strerror}', again=True) from error
    try:
        process = _Process(
            line,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    except OSError as error:
        why = error.strerror or str(error)
        passes = error.errno in _PASSING
        raise Trouble(f'cannot start an instance in {cwd}: {why}', again=passes) from error
    finally:
        os.close(log)
    return known(record, process.pid)


def known(record: Record, pid: int) -> Record:
    """The record of an instance, once it is known which process it is."""
    found = procfs.stat(pid)  # a zombie at the least: only we can wait for our child
    born = found.born if found else 0
    return record._replace(pid=pid, born=born, boot=procfs.boot(), ended=0.0)
