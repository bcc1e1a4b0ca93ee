"""A tiny application: `python backend.py NAME [--broken]`. It prints its port, and then serves.

/health        200 as long as it runs
/slow/SECONDS  answers so much later
/requests      how many others there were
else           its name; 500 if it is broken
"""

import asyncio
import sys

NAME = sys.argv[1]
BROKEN = '--broken' in sys.argv
counted = 0


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b'\r\n\r\n'):
            status, text = await answer(head.split(b' ', 2)[1].decode())
            body = text.encode()
            writer.write(
                f'HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n\r\n'.encode() + body
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def answer(path: str) -> tuple[int, str]:
    global counted
    if path == '/health':
        return 200, 'well'
    if path == '/requests':
        return 200, str(counted)
    counted += 1
    if path.startswith('/slow/'):
        await asyncio.sleep(float(path.removeprefix('/slow/')))
    return (500 if BROKEN else 200), NAME


async def main() -> None:
    server = await asyncio.start_server(serve, '127.0.0.1', 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
