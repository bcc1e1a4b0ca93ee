"""Bounds for what Envoy writes: its access logs, one an environment, and its own log."""

import shutil
from pathlib import Path
from typing import Final

from liftlock.targets.envoy import bootstrap

MOST: Final = 32 * 1024 * 1024  # of a file; one older than that is kept


def rotate(directory: Path, most: int = MOST) -> bool:
    """Whether an access log was put aside: Envoy has to open a new one then."""
    full = [path for path in (directory / 'access').glob('*.jsonl') if path.stat().st_size > most]
    for path in full:
        path.replace(older(path))
    own = directory / bootstrap.LOG
    if own.exists() and own.stat().st_size > most:  # opened for appending, by a shell: cut it
        shutil.copyfile(own, older(own))
        with own.open('r+b') as file:
            file.truncate()
    return bool(full)


def older(path: Path) -> Path:
    return path.with_name(f'{path.name}.1')


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    older(path).unlink(missing_ok=True)
