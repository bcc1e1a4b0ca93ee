"""Envoy itself: found, started, found again by whoever comes after us, ended."""

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.targets.envoy import admin, bootstrap, files

_PATIENCE: Final = 30.0
_ENDING: Final = 10.0
_BOOT: Final = Path('/proc/sys/kernel/random/boot_id')


class Running(NamedTuple):
    pid: int
    start: int  # in ticks since boot: tells it from another that got its number later


def program() -> Path:
    """Envoy's program of the wheel. Its Python package is not imported: another distribution owns
    the same name, and may have emptied it."""
    found = importlib.util.find_spec('envoy')
    for place in (found and found.submodule_search_locations) or ():
        path = Path(place, '_bin', 'envoy')
        if path.is_file():
            return path
    raise Trouble('Envoy, the traffic router, is not installed', "pip install 'liftlock[delivery]'")


def find(directory: Path) -> Running | None:
    """The one that runs in this directory."""
    record = files.document(directory / bootstrap.RECORD)
    if not record or record.get('boot') != _BOOT.read_text().strip():
        return None
    running = Running(record['pid'], record['start'])
    return running if alive(running) else None


def alive(running: Running) -> bool:
    try:
        text = Path('/proc', str(running.pid), 'stat').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    state, *rest = text.rpartition(')')[2].split()
    return state not in 'ZX' and int(rest[18]) == running.start


async def start(directory: Path) -> Running:
    """Returns once it answers."""
    envoy = program()
    await asyncio.to_thread(_start, directory, envoy)
    async with _patience(directory):
        while True:
            began = (directory / bootstrap.RECORD).exists()
            running = await asyncio.to_thread(find, directory)
            if running and await _answers(directory):
                return running
            if began and not running:
                raise Trouble(f'Envoy did not start: {last_words(directory)}', again=True)
            await asyncio.sleep(0.02)


class _patience:
    """A bound for the start."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._timeout = asyncio.timeout(_PATIENCE)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, *raised: Any) -> None:
        try:
            await self._timeout.__aexit__(*raised)
        except TimeoutError:
            words = last_words(self._directory)
            raise Trouble(f'Envoy did not answer in {_PATIENCE:.0f} s: {words}') from None


def _start(directory: Path, envoy: Path) -> None:
    (directory / bootstrap.RECORD).unlink(missing_ok=True)
    files.write(directory / bootstrap.FILE, json.dumps(bootstrap.document()))
    threads = min(4, os.cpu_count() or 1)
    subprocess.run(
        bootstrap.command(envoy, threads),
        cwd=directory,
        env={'PATH': os.environ.get('PATH', os.defpath)},  # no secrets of ours
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )


async def _answers(directory: Path) -> bool:
    """LIVE: it has read all files, and listens."""
    try:
        return (await admin.ask(directory, '/ready')).strip() == 'LIVE'
    except admin.Silent:
        return False


async def stop(directory: Path) -> None:
    running = await asyncio.to_thread(find, directory)
    if running:
        os.kill(running.pid, signal.SIGTERM)
        if not await _gone(running, _ENDING):
            os.kill(running.pid, signal.SIGKILL)
            await _gone(running, _ENDING)
    (directory / bootstrap.RECORD).unlink(missing_ok=True)
    (directory / bootstrap.ADMIN).unlink(missing_ok=True)


async def _gone(running: Running, seconds: float) -> bool:
    for _ in range(int(seconds / 0.02)):
        if not alive(running):
            return True
        await asyncio.sleep(0.02)
    return False


def last_words(directory: Path) -> str:
    lines = files.read(directory / bootstrap.LOG).splitlines()[-3:]
    return ' / '.join(line.strip() for line in lines) or 'it said nothing'
