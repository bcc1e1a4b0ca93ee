"""The store on SQLite and on PostgreSQL: facts a second, and the queries of pages.

    python -m bench.databases [--runs 10000] [--database URL]

Without a URL a PostgreSQL is started, on a Unix socket, and careful about the disk, as by default.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from threading import Thread
from typing import Final

from liftlock.plan import facts as f
from liftlock.store import deliveries, listing, runs
from liftlock.store.database import Store, open_store
from liftlock.store.listing import Filter
from liftlock.store.runs import Draft

DRAFT: Final = Draft('o/r', 'ci.yml', 'CI', 'a change', 'push', 'refs/heads/main', 'abc', 'me')
CAREFUL: Final = "listen_addresses = ''\nmax_connections = 60\n"


def fill(store: Store, count: int) -> None:
    """With the history of a busy team, quickly: many runs a transaction."""
    for start in range(0, count, 500):
        with store.transaction():
            for number in range(start, min(start + 500, count)):
                draft = DRAFT._replace(repository=f'o/{number % 20}', title=f'change {number}')
                run, _ = runs.submit(store, draft, '0-0', lambda run, number: f'{run}')
                claimed = f.JobClaimed('a', 1, 1, '0-0')
                store.append(run, [f.JobQueued('a', 'A', ()), claimed, f.RunFinished('success')])


def appended(store: Store, seconds: float) -> float:
    """Transactions of one fact each, by one writer, a second."""
    run, _ = runs.submit(store, DRAFT, '0-0', lambda run, number: f'{run}')
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        store.append(run, [f.StepStarted('a', 1, 's', 'A step')])
        count += 1
    return count / seconds


def together(store: Store, seconds: float, writers: int = 4) -> float:
    """The same by several at once, all together."""
    found: list[float] = []

    def write() -> None:
        with closing(store.again()) as mine:
            found.append(appended(mine, seconds))

    threads = [Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(found)


def milliseconds(ask: Callable[[], object], times: int = 30) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def measure(store: Store, count: int) -> Mapping[str, float]:
    fill(store, count)
    newest = runs.find(store, 'last').id
    return {
        'facts/s, one writer': appended(store, 3.0),
        'facts/s, four writers': together(store, 3.0),
        'runs page, ms': milliseconds(lambda: listing.newest(store, Filter())),
        'runs page of a repository, ms': milliseconds(
            lambda: listing.newest(store, Filter(repository='o/7'))
        ),
        'search for a title, ms': milliseconds(
            lambda: listing.newest(store, Filter(text='change 77'))
        ),
        'choices of filters, ms': milliseconds(lambda: listing.choices(store)),
        'facts of a run, ms': milliseconds(lambda: store.facts(newest)),
        'newest fact, ms': milliseconds(lambda: listing.newest_fact(store)),
        'environments, ms': milliseconds(lambda: deliveries.environments(store)),
    }


@contextmanager
def server() -> Iterator[str]:
    sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))
    import postgres

    with postgres.cluster(CAREFUL) as cluster:
        yield cluster.database()


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser()
    words.add_argument('--runs', type=int, default=10_000)
    words.add_argument('--database', default='')
    given = words.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        with closing(open_store(Path(name, 'sqlite'))) as store:
            sqlite = measure(store, given.runs)
        place = nullcontext(given.database) if given.database else server()
        with place as url, closing(open_store(Path(name, 'postgres'), url)) as store:
            postgres = measure(store, given.runs)
    print(f'{given.runs:,} runs of history{"":8}SQLite  PostgreSQL')
    for what, value in sqlite.items():
        print(f'{what:32}{value:8.1f}  {postgres[what]:10.1f}')


if __name__ == '__main__':
    main(sys.argv[1:])
