"""Operations: started by a keeper, waited for, and listened to."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import IO, Any, Final

from liftlock.rollout.trouble import Trouble
from liftlock.targets.command.operation import Operation, State

# Without -P, a module of the directory that we were started in could take another's place.
_KEEPER: Final = ('-P', '-m', 'liftlock.targets.command.keeper')
_PAUSE: Final = 0.1


async def run(operation: Operation, job: Mapping[str, Any]) -> None:
    """To its end. Whoever stops waiting for it ends it."""
    lock = operation.seize()
    if lock is None:
        raise Trouble(f'{operation.place.name} is being run by somebody else', again=True)
    keeper = await _start(lock)
    assert keeper.stdin is not None
    try:
        keeper.stdin.write(json.dumps(job).encode())
        keeper.stdin.write_eof()
        await keeper.wait()
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):
            keeper.terminate()
        await keeper.wait()
        raise
    if operation.state() is State.NEW:
        raise Trouble(f'the keeper of {operation.place.name} could not begin', again=True)


async def _start(lock: IO[bytes]) -> asyncio.subprocess.Process:
    """It has the lock from here on, whatever becomes of us."""
    with lock:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *_KEEPER,
            stdin=asyncio.subprocess.PIPE,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )


async def follow(operation: Operation) -> None:
    """To its end, if somebody else has started it. Whoever stops waiting for it ends it."""
    try:
        await _end(operation)
    except asyncio.CancelledError:
        operation.stop()
        await _end(operation)
        raise


async def _end(operation: Operation) -> None:
    """Its keeper is no child of ours, so nothing tells but the lock."""
    while operation.state() is State.RUNNING:  # noqa: ASYNC110
        await asyncio.sleep(_PAUSE)


async def lines(operation: Operation, *, follow: bool) -> AsyncIterator[str]:
    position, half = 0, ''
    while True:
        going_on = follow and operation.state() is State.RUNNING
        if operation.log.exists():
            with operation.log.open(errors='replace') as file:
                file.seek(position)
                half += file.read()
                position = file.tell()
        *whole, half = half.split('\n')
        for line in whole:
            yield line
        if not going_on:
            return
        await asyncio.sleep(_PAUSE)
