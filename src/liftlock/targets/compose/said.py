"""What instances say. The engine keeps it as long as the container is there; from then on we do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Final

from liftlock.targets.compose import commands
from liftlock.targets.compose.containers import Container
from liftlock.targets.compose.engine import Engine
from liftlock.targets.process.lines import said

KEPT: Final = 40  # logs of containers that are gone
MOST: Final = 20_000  # lines of each
_POLL: Final = 1.0  # seconds; how soon somebody new is heard
_ROOM: Final = 1000


async def keep(engine: Engine, one: Container, directory: Path) -> None:
    """A file called `r12-1-0123456789ab.log`, of lines that begin with their time."""
    lines = [line async for line in engine.lines(*commands.logs(one.id, tail=MOST))]
    await asyncio.to_thread(_write, directory, f'{one.name}-{one.id[:12]}.log', lines)


def _write(directory: Path, name: str, lines: Iterable[str]) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / name).write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')
    files = sorted(directory.glob('*.log'), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in files[KEPT:]:
        path.unlink(missing_ok=True)


async def past(
    engine: Engine, some: Iterable[Container], directory: Path, revision: str
) -> list[str]:
    """Of containers that are gone, and of the runs before the last of those that are there."""
    found = await asyncio.to_thread(_gone, directory, revision)
    for one in some:
        if one.restarts:
            line = commands.logs(one.id, until=one.started, tail=MOST)
            found += [(one.name, text) async for text in engine.lines(*line)]
    return _by_time(found)


def _gone(directory: Path, revision: str) -> list[tuple[str, str]]:
    found = []
    for path in sorted(directory.glob('*.log')):
        name = path.stem.rpartition('-')[0]
        if revision in ('', name.rpartition('-')[0]):
            found += [(name, line) for line in path.read_text(encoding='utf-8').splitlines()]
    return found


async def present(engine: Engine, some: Iterable[Container]) -> list[str]:
    found = []
    for one in some:
        found += [(one.name, line) async for line in engine.lines(*_of(one))]
    return _by_time(found)


def _of(one: Container, *, follow: bool = False) -> commands.Line:
    since = one.started if one.restarts else ''
    return commands.logs(one.id, since=since, follow=follow, tail=MOST)


def _by_time(found: list[tuple[str, str]]) -> list[str]:
    """Every line begins with its time, which the engine has put there."""
    return [said(name, _text(line)) for name, line in sorted(found, key=lambda one: one[1][:30])]


def _text(line: str) -> str:
    return line.partition(' ')[2]


async def follow(
    engine: Engine, look: Callable[[], AsyncIterator[Container]]
) -> AsyncIterator[str]:
    """Of those that are there, and of those that come. For ever."""
    queue: asyncio.Queue[str] = asyncio.Queue(_ROOM)
    async with contextlib.AsyncExitStack() as stack:
        listener = asyncio.create_task(_listen(engine, look, queue))
        stack.push_async_callback(_end, listener)
        while True:
            yield await queue.get()


async def _listen(
    engine: Engine, look: Callable[[], AsyncIterator[Container]], queue: 'asyncio.Queue[str]'
) -> None:
    heard: dict[tuple[str, str], asyncio.Task[None]] = {}
    try:
        while True:
            async for one in look():
                key = (one.id, one.started)
                if key not in heard and one.running:
                    heard[key] = asyncio.create_task(_hear(engine, one, queue))
            await asyncio.sleep(_POLL)
    finally:
        await asyncio.gather(*map(_end, heard.values()))


async def _hear(engine: Engine, one: Container, queue: 'asyncio.Queue[str]') -> None:
    lines = engine.lines(*_of(one, follow=True))
    async with contextlib.aclosing(lines):
        async for line in lines:
            await queue.put(said(one.name, _text(line)))


async def _end(task: 'asyncio.Task[None]') -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
