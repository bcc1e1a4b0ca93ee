"""The server beside Buildbot 4, on the same machine, in the same minutes.

    python -m bench.server [--times N] [--json] [--only WORD]

Both are driven by their REST interfaces: a run is asked for, and looked at until it is done; looks
are a twentieth of its time apart, so that they are no work by themselves. Buildbot's worker is a
process of its own and is not counted; ours works in the server. Both keep what they have in SQLite,
in a directory on the same disk.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from bench import buildbot, report
from bench.buildbot import Buildbot
from bench.http import scripts
from bench.ours import Liftlock
from bench.report import Row

LINES: Final = 100_000
LOUD: Final = f"seq -f 'line %06.0f of a log that is rather long' {LINES}"
LEAST, MOST = 0.005, 0.5  # seconds between looks
MANY: Final = 60
HISTORY: Final = 10_000
SCRIPTS: Final = 80  # KB
TAKES: Final = 60
START: Final = 'start to the first answer'
WINDOW: Final = f'500 lines of {LINES:,}'
WHOLE: Final = f'all {LINES:,} lines'
PAGE: Final = f'page {{}} with {HISTORY:,} more runs (beside without)'
PAGES: Final = ('/', '/runs', '/runs/1')

Server = Liftlock | Buildbot


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=9)
    parser.add_argument('--only', default='', help='works whose name has this in it')
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    for name in [name for name in os.environ if name.startswith('GIT_')]:
        del os.environ[name]
    programs = buildbot.fetch()
    told = f'Buildbot {buildbot.version(programs)}; load {os.getloadavg()[0]:.1f} at the beginning'
    print(told, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as scratch:
        for name in ('ours', 'theirs'):
            Path(scratch, name).mkdir()
        ours = Liftlock(Path(scratch, 'ours'), LOUD)
        theirs = Buildbot(Path(scratch, 'theirs'), programs, LOUD)
        rows = []
        for row in measure(ours, theirs, given.times, given.only):
            print(f'{row.work}: {row.ours:.1f} and {row.peer:.1f} {row.unit}', file=sys.stderr)
            rows.append(row)
    print(f'load {os.getloadavg()[0]:.1f} at the end', file=sys.stderr)
    report.show(rows, 'buildbot', as_json=given.json)


def measure(ours: Liftlock, theirs: Buildbot, times: int, only: str) -> Iterator[Row]:
    works: list[tuple[str, Callable[[Server], object], int, float]] = [
        ('a run of one step', lambda one: carry(one, 'noop'), times, 0.4),
        ('a run of 50 steps', lambda one: carry(one, 'fifty'), max(2, times // 3), 0.2),
        (f'{MANY} runs, 4 at a time', carry_many, max(2, times // 3), 0.5),
    ]
    if only in START:
        yield starting(ours, theirs, max(3, times // 2))
    with ExitStack() as stack:
        for server in (ours, theirs):
            stack.enter_context(server.serving())
        yield memory('idle memory of the server', ours, theirs)
        for name, work, takes, goal in works:
            if only in name:
                yield timed(name, ours, theirs, work, takes, goal)
        if only in WINDOW or only in WHOLE:
            yield from logs(ours, theirs, times)
        yield memory('memory of the server after that', ours, theirs)
        yield weight(ours, theirs)
    if only in PAGE:
        yield from history(ours)


def starting(ours: Liftlock, theirs: Buildbot, times: int) -> Row:
    """In turns; the first start of each makes its database, and is not counted."""
    seconds: dict[str, list[float]] = {ours.name: [], theirs.name: []}
    for turn in range(times + 1):
        for server in (ours, theirs):
            with server.started() as took:
                seconds[server.name] += [took] if turn else []
    return row(START, seconds[ours.name], seconds[theirs.name], 0.8)


def memory(name: str, ours: Server, theirs: Server) -> Row:
    goal = 0.8 if name.startswith('idle') else 0.0
    return Row(name, 'MB', ours.memory() / 2**20, theirs.memory() / 2**20, goal)


def timed(
    name: str,
    ours: Server,
    theirs: Server,
    work: Callable[[Server], None],
    times: int,
    goal: float,
) -> Row:
    """Once to warm up, then in turns."""
    seconds: dict[str, list[float]] = {ours.name: [], theirs.name: []}
    for turn in range(times + 1):
        for server in (ours, theirs):
            begun = time.perf_counter()
            work(server)
            seconds[server.name] += [time.perf_counter() - begun] if turn else []
    return row(name, seconds[ours.name], seconds[theirs.name], goal)


def row(name: str, ours: Sequence[float], theirs: Sequence[float], goal: float) -> Row:
    mine, other = 1000 * statistics.median(ours), 1000 * statistics.median(theirs)
    return Row(name, 'ms', mine, other, goal, 1000 * min(ours), 1000 * min(theirs))


def carry(server: Server, work: str) -> int:
    begun = time.perf_counter()
    number = server.begin(work)
    while not server.is_done(number):
        pause(begun)
    return number


def pause(begun: float) -> None:
    time.sleep(min(max(LEAST, (time.perf_counter() - begun) / 20), MOST))


def carry_many(server: Server) -> None:
    begun = time.perf_counter()
    numbers = [server.begin('noop') for _ in range(MANY)]
    while not server.all_done(numbers):
        pause(begun)


def logs(ours: Server, theirs: Server, times: int) -> Iterator[Row]:
    paths = {server.name: server.log_paths(carry(server, 'loud')) for server in (ours, theirs)}
    for server in (ours, theirs):
        counted = server.client.get(paths[server.name][1]).count(b'of a log that')
        if counted < LINES:
            raise SystemExit(f'the log of {server.name} has {counted} lines')
    for index, name in enumerate((WINDOW, WHOLE)):

        def fetch(server: Server, index: int = index) -> None:
            server.client.get(paths[server.name][index])

        yield timed(name, ours, theirs, fetch, 3 * times, 0.2)


def weight(ours: Liftlock, theirs: Buildbot) -> Row:
    """The heaviest of our pages; the goal is absolute."""
    carry(ours, 'noop')  # so that there are pages
    mine = max(scripts(ours.client, path) for path in (*PAGES, '/runs/1/jobs/one'))
    other = scripts(theirs.client, '/')
    return Row(
        'JavaScript of a page, gzip', 'KB', mine / 1000, other / 1000, SCRIPTS * 1000 / other
    )


def history(ours: Liftlock) -> Iterator[Row]:
    """Our pages with few runs and with many, beside ourselves: the best of many takes each, for
    what a machine does besides is no matter of runs."""
    with ours.serving():
        carry_many(ours)  # so that lists are as long as they get
        before = {path: fetched(ours, path, TAKES) for path in PAGES}
    ours.fill(HISTORY)
    with ours.serving():
        for path in PAGES:
            mine, other = min(fetched(ours, path, TAKES)), min(before[path])
            yield Row(PAGE.format(path), 'ms', 1000 * mine, 1000 * other, 1.25)


def fetched(server: Liftlock, path: str, times: int) -> list[float]:
    seconds = []
    for _ in range(times + 2):
        begun = time.perf_counter()
        server.client.get(path)
        seconds.append(time.perf_counter() - begun)
    return seconds[2:]


if __name__ == '__main__':
    main()
