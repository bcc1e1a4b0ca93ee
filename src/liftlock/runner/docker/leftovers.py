"""Removing what carries a job's label: its containers, those of its steps, and their networks."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.docker import engine as engines
from liftlock.runner.docker import owners, paths, relay
from liftlock.runner.docker.create import LABEL
from liftlock.runner.docker.engine import Engine
from liftlock.runner.executors.base import CannotPrepare

# Where a container of ours may have the directories of a job.
_TARGETS: Final = (paths.WORK, paths.HOME, paths.TOOLS, paths.ACTION_WORKSPACE, paths.ACTION_TEMP)
_PATIENCE: Final = 60.0  # seconds


class Kind(NamedTuple):
    """What can be left, and the words that list and remove it."""

    name: str
    listing: tuple[str, ...]
    removing: tuple[str, ...]


def _kinds(podman: bool) -> tuple[Kind, Kind]:
    """In this order: a network goes when nothing is on it any more."""
    return (
        Kind('container', ('ps', '--all', '--quiet'), removal(podman)),
        Kind('network', ('network', 'ls', '--quiet'), ('network', 'rm')),
    )


def removal(podman: bool) -> tuple[str, ...]:
    """The words that remove containers at once, with their nameless volumes."""
    at_once = ('--time', '0') if podman else ()  # else it asks politely for ten seconds
    return ('rm', '--force', '--volumes', *at_once)


class Left(NamedTuple):
    """A container that still is there."""

    id: str
    name: str
    image: str


async def find(engine: Engine, tracking_id: str) -> list[Left]:
    listing = ('ps', '--all', '--no-trunc', '--format', '{{.ID}}\t{{.Names}}\t{{.Image}}')
    told = await engine.ask(*listing, *_filter(tracking_id))
    return [Left(*line.split('\t')) for line in told.lines]


async def remove(engine: Engine, tracking_id: str) -> list[str]:
    """Remove all of it, with the nameless volumes; what could not be removed, for the log."""
    wrong = []
    for kind in _kinds(engine.podman):
        ids = (await engine.ask(*kind.listing, *_filter(tracking_id))).text.split()
        if not ids:
            continue
        removed = await engine.ask(*kind.removing, *ids)
        if removed.code:
            wrong.append(f'Cannot remove a {kind.name} of this job: {removed.reason}')
    return wrong


def end(tracking_id: str) -> None:
    """The same for an attempt whose engine was killed. Nobody knows which engine it used, so
    all that are installed are asked; one that does not answer has nothing running."""
    with contextlib.suppress(OSError, CannotPrepare):
        relay.remove(relay.aside(tracking_id))
    for name in engines.KNOWN:
        program = shutil.which(name)
        if program is None:
            continue
        for kind in _kinds(name == 'podman'):
            ids = _run(program, *kind.listing, *_filter(tracking_id)).split()
            if ids and kind.name == 'container':
                _take_files(name, program, ids)
            if ids:
                _run(program, *kind.removing, *ids)


def _take_files(name: str, program: str, ids: Sequence[str]) -> None:
    """Else nobody could remove the attempt's directory."""
    engine = engines.find(name)
    if engine is None or (os.getuid() == owners.ROOT and not engine.rootless):
        return
    _run(program, 'start', *ids)
    for container in ids:
        _run(program, *owners.taking(engine.rootless, container, _TARGETS))


def _filter(tracking_id: str) -> tuple[str, str]:
    return '--filter', f'label={LABEL}={tracking_id}'


def _run(*words: str) -> str:
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ''
    return done.stdout
