"""Opens a router, says so, and holds it until it is killed: `python owner.py DIRECTORY PART`."""

import asyncio
import json
import sys
from pathlib import Path

from liftlock.targets.envoy.part import part_of
from liftlock.targets.envoy.router import Router


async def main() -> None:
    router = Router(Path(sys.argv[1]))
    await router.open()
    await router.put(part_of(json.loads(sys.argv[2])))
    print('open', flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
