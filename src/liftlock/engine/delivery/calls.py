"""Short requests to the supervisor: one line of JSON there, one back, and the socket is closed.

    {"do": "ping"}                       -> {"version": …, "pid": …, "since": …, "resident": …}
    {"do": "wake"}                       -> the same; somebody has written facts: look now
    {"do": "stop"}                       -> the same; it ends, and what is deployed goes on;
                                            an error where a server has the role
    {"do": "look", "environment": 3}     -> {"sight": {…}, "address": …, "preview": …}
    {"do": "busy", "environment": 3}     -> {"busy": …}; whether anything of it runs or is due
    what cannot be done                  -> {"error": …, "hint": …}

Only the user to whom the supervisor belongs (and root) is answered.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from liftlock.engine.delivery.lodge import Lodge, say
from liftlock.errors import UserError, is_trouble

Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
PATIENCE: Final = 5.0  # seconds for a request to come, and for its answer to be taken


class Silent(Exception):
    """Nobody answers there, or not any more."""


def ask(lodge: Lodge, request: Mapping[str, Any], patience: float = PATIENCE) -> Mapping[str, Any]:
    """What the supervisor answers. Silent if none does; UserError if it cannot do it."""
    try:
        with lodge.connect(patience) as calling:
            calling.sendall(json.dumps(request).encode() + b'\n')
            with calling.makefile('rb') as answer:
                text = answer.read()
    except OSError as error:
        raise Silent(str(error)) from None
    if not text:
        raise Silent('it went away')
    found: Mapping[str, Any] = json.loads(text)
    if 'error' in found:
        raise UserError(str(found['error']), str(found.get('hint', '')))
    return found


async def serve(listening: socket.socket, answer: Answer) -> asyncio.Server:
    """Answer whoever asks, until the server is closed. `answer` may raise Silent."""

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                line = await reader.readline()
            if not _is_ours(writer):
                return
            writer.write(json.dumps(await _answered(answer, line)).encode() + b'\n')
            async with asyncio.timeout(PATIENCE):
                await writer.drain()
        except (Silent, OSError, TimeoutError, ValueError):  # they hung up, or told a novel
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    return await asyncio.start_unix_server(take, sock=listening)


async def _answered(answer: Answer, line: bytes) -> Mapping[str, Any]:
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError
    except ValueError:
        return {'error': 'that is no request'}
    try:
        return await answer(request)
    except Silent:
        raise
    except UserError as error:
        return {'error': str(error), 'hint': error.hint}
    except Exception as error:  # a task boundary: who asks must not end who supervises
        import traceback

        told = f': {error}' if is_trouble(error) else f'\n{traceback.format_exc()}'
        say(f'error: cannot answer {request}{told}', wrong=True)
        return {'error': f'the supervisor could not answer: {error!r}'}


def _is_ours(writer: asyncio.StreamWriter) -> bool:
    """The directory is closed to others already; this holds also where somebody opened it."""
    if not hasattr(socket, 'SO_PEERCRED'):
        return True
    found = writer.get_extra_info('socket').getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize('3i')
    )
    _, user, _ = struct.unpack('3i', found)
    return user in (0, os.geteuid())
