"""A small web application that can be told, by its environment, to misbehave.

START      seconds until it listens
CRASH      it says so and exits with this code instead of listening
DEAF       it does not heed SIGTERM, and has a grandchild in another session that does not either
FAIL       so many percent of its answers are 500

/health    200 while it serves
/slow/S    answers S seconds later
/busy      how many of those it owes an answer
/env/NAME  a variable of its environment
else       its version
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import sys
import time

ENV = os.environ
BUSY: set[object] = set()
STUBBORN = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while head := await reader.readuntil(b'\r\n\r\n'):
            status, text = await answer(head.split(b' ', 2)[1].decode())
            body = text.encode()
            writer.write(
                f'HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n'.encode() + body
            )
            await writer.drain()
            if ENDING.is_set():
                break
    writer.close()


async def answer(path: str) -> tuple[int, str]:
    if path == '/health':
        return 200, 'well'
    if path == '/busy':
        return 200, str(len(BUSY))
    if path.startswith('/env/'):
        return 200, ENV.get(path.removeprefix('/env/'), '')
    if path.startswith('/slow/'):
        BUSY.add(asyncio.current_task())
        await asyncio.sleep(float(path.removeprefix('/slow/')))
        BUSY.discard(asyncio.current_task())
    failed = random.random() * 100 < float(ENV.get('FAIL', '0'))
    return (500 if failed else 200), ENV['LIFTLOCK_VERSION']


async def main() -> None:
    server = await asyncio.start_server(serve, ENV['HOST'], int(ENV['PORT']), backlog=1024)
    if 'DEAF' not in ENV:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ENDING.set)
    print(f'{ENV["LIFTLOCK_REVISION"]} listens', flush=True)
    await ENDING.wait()
    server.close()
    print('ends as it was asked to', flush=True)


if 'CRASH' in ENV:
    print('there is no database', flush=True)
    sys.exit(int(ENV['CRASH']))
if 'DEAF' in ENV:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    subprocess.Popen((sys.executable, '-c', STUBBORN), start_new_session=True)
time.sleep(float(ENV.get('START', '0')))
ENDING = asyncio.Event()
asyncio.run(main())
