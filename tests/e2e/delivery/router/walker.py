"""Puts one part after the other until it is killed: `python walker.py DIRECTORY PART…`."""

import asyncio
import itertools
import json
import sys
from pathlib import Path

from liftlock.targets.envoy.part import part_of
from liftlock.targets.envoy.router import Router


async def main() -> None:
    router = Router(Path(sys.argv[1]))
    await router.open()
    print('open', flush=True)
    parts = [part_of(json.loads(text)) for text in sys.argv[2:]]
    for part in itertools.cycle(parts):
        await router.put(part)


asyncio.run(main())
