"""Runs `prepare` of a version: output to a log without secrets, and nothing left when it ends."""

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.process import ending, procfs
from liftlock.targets.process.procfs import MARK
from liftlock.targets.process.vigil import Vigil, keep

_LAST: Final = 5  # lines that are told when it fails
_LONGEST: Final = 1 << 20  # characters of a line
_REST: Final = 5.0  # seconds for what is still in the pipe when everybody is dead


async def run(
    line: Sequence[str],
    env: Mapping[str, str],
    place: Path,
    log: Path,
    hide: Callable[[str], str],
) -> None:
    """Raises Trouble with its last lines. `env` must hold a mark."""
    process, vigil = _start(line, env, place)
    last: list[str] = []
    copying = asyncio.create_task(_copy(process, log, hide, last))
    try:
        await vigil.over()
    finally:
        # Nothing that it started goes on, whether it is done, or whoever waited was cancelled. Not
        # before that does the pipe end.
        await asyncio.shield(_end(process, vigil, env[MARK], copying))
    if process.returncode:
        message = f'`prepare` failed with exit code {process.returncode}: ' + ' / '.join(last)
        raise Trouble(message.removesuffix(': '), f'Its output is in {log}')


def _start(
    line: Sequence[str], env: Mapping[str, str], place: Path
) -> tuple['subprocess.Popen[bytes]', Vigil]:
    process = subprocess.Popen(
        line,
        cwd=place,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    told = procfs.stat(process.pid)
    vigil = told and keep(process.pid, told.born)
    assert vigil is not None, 'a child stays until it is waited for'
    return process, vigil


async def _end(
    process: 'subprocess.Popen[bytes]', vigil: Vigil, mark: str, copying: 'asyncio.Task[None]'
) -> None:
    with closing(vigil):
        await asyncio.to_thread(ending.kill, mark, process.pid)
        await vigil.over()
        process.wait()
    with suppress(TimeoutError):
        async with asyncio.timeout(_REST):
            await copying


async def _copy(
    process: 'subprocess.Popen[bytes]', log: Path, hide: Callable[[str], str], last: list[str]
) -> None:
    output = asyncio.StreamReader(limit=_LONGEST)
    reading, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(output), process.stdout
    )
    with closing(reading), log.open('w') as file:
        while chunk := await _line(output):
            text = hide(chunk.decode('utf-8', 'replace').rstrip('\n'))
            file.write(f'{text}\n')
            file.flush()
            if text.strip():
                last[:] = [*last, text.strip()][-_LAST:]


async def _line(output: asyncio.StreamReader) -> bytes:
    try:
        return await output.readuntil(b'\n')
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await output.read(error.consumed)
