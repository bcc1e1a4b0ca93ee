"""What it costs to look after programs, and how soon they are found again when their owner dies.

    python -m bench.delivery [--instances N] [--seconds S] [--json]

The owner is a process of its own with the process target and the router, which looks once a
second, as a controller does; the floor is a Python that does nothing. Then it is killed with
SIGKILL, and another one starts: from its `exec` until a look shows every instance alive, and from
the moment when its modules are loaded.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench import report
from bench.report import Row

APPLICATION: Final = """
import os, socket
with socket.create_server((os.environ['HOST'], int(os.environ['PORT']))) as server:
    while True:
        server.accept()[0].close()
"""
COMMAND: Final = f'{sys.executable} app.py'
SETTLE: Final = 3.0  # seconds
TICKS: Final = os.sysconf('SC_CLK_TCK')
PAGE: Final = os.sysconf('SC_PAGE_SIZE')


async def own(root: Path, count: int) -> None:
    """Look after them until somebody kills us."""
    from liftlock.language.settings.model import Process
    from liftlock.rollout.sight import Routes
    from liftlock.rollout.version import Revision, Version
    from liftlock.targets.envoy.router import Router
    from liftlock.targets.process import ProcessTarget

    async def lay(version: Version, place: Path) -> None:
        await asyncio.to_thread((place / 'app.py').write_text, APPLICATION)

    began = time.monotonic()
    router = Router(root / 'router')
    await router.open()
    target = ProcessTarget(Process(COMMAND), 'bench', root / 'bench', router, None, lay)
    seen = await target.look()
    adopted = time.monotonic() - began if len(seen.instances) == count else 0.0
    made = Revision('r1', Version('v1', commit='a' * 40))
    await target.prepare(made)
    await target.scale(made, count)
    while not all(one.ready for one in seen.instances) or not seen.instances:
        await asyncio.sleep(0.05)
        seen = await target.look()
    await target.route(Routes((('r1', 100),)))
    print(adopted, sorted(one.pid for one in seen.instances), flush=True)
    spent, looks = time.process_time(), 0
    while looks < 100:
        await target.look()
        looks += 1
    print(1e3 * (time.process_time() - spent) / looks, flush=True)
    while True:
        await asyncio.sleep(1)
        await target.look()


async def end(root: Path) -> None:
    from liftlock.language.settings.model import Process
    from liftlock.targets.envoy.router import Router
    from liftlock.targets.process import ProcessTarget

    async def nothing(version: object, place: Path) -> None: ...

    router = Router(root / 'router')
    await router.open()
    settings = Process(COMMAND, grace=2.0)
    await ProcessTarget(settings, 'bench', root / 'bench', router, None, nothing).stop()
    await router.stop()


class Owner:
    def __init__(self, root: Path, count: int) -> None:
        self.began = time.monotonic()
        words = (sys.executable, '-m', 'bench.delivery', '--own', root, '--instances', str(count))
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        self.adopted, self.pids = self._line().split(' ', 1)
        self.took = time.monotonic() - self.began
        self.look = float(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, 'the owner has ended'
        return line.strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def used(pid: int) -> tuple[float, float]:
    """Seconds of a processor since its start, and MB of memory that are its own."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    rollup = Path(f'/proc/{pid}/smaps_rollup').read_text()
    (proportional,) = [line for line in rollup.splitlines() if line.startswith('Pss:')]
    return (int(fields[11]) + int(fields[12])) / TICKS, int(proportional.split()[1]) / 1024


def idle_memory() -> float:
    command = (sys.executable, '-c', 'import asyncio, sys; print(flush=True); sys.stdin.read()')
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        return used(process.pid)[1]


def measure(count: int, seconds: float) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        root = Path(name)
        try:
            first = Owner(root, count)
            time.sleep(SETTLE)
            before, _ = used(first.process.pid)
            time.sleep(seconds)
            after, memory = used(first.process.pid)
            first.kill()
            second = Owner(root, count)
            second.kill()
            assert first.pids == second.pids, 'others than before are there'
        finally:
            asyncio.run(end(root))
    return [
        Row(f'memory of an owner of {count} (peer: Python)', 'MB', memory, idle_memory()),
        Row('its processor time', '% of a core', 100 * (after - before) / seconds, 0.0),
        Row('one look, processor time', 'ms', second.look, 0.0),
        Row('until all are started and serve', 's', first.took, 0.0),
        Row('adopted after kill -9, from exec', 's', second.took, 0.0),
        Row('adopted, modules loaded', 'ms', 1e3 * float(second.adopted), 0.0),
    ]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--instances', type=int, default=20)
    parser.add_argument('--seconds', type=float, default=20.0)
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--own', type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args(argv)
    if given.own:
        asyncio.run(own(given.own, given.instances))
    report.show(measure(given.instances, given.seconds), 'floor', as_json=given.json)


if __name__ == '__main__':
    main()
