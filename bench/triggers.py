"""From a webhook to the first step: a real server, a real repository, signed deliveries.

    python -m bench.triggers [--times N] [--json]

Each push is a new commit of a bare repository on this disk. Told are the answer, the moment when
the run was written down, and its first step, from the store's facts; one delivery at a time.
"""

import argparse
import hashlib
import hmac
import http.client
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bench import report
from bench.report import Row

LIFTLOCK: Final = (sys.executable, '-m', 'liftlock')
PATIENCE: Final = 60.0
WORKFLOW: Final = 'on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: "true"}]}}\n'
FIRST: Final = """
SELECT MIN(facts.at), runs.created FROM facts JOIN runs ON runs.id = facts.run
WHERE runs.sha = ? AND kind = 'StepStarted' GROUP BY runs.id"""


class Took(NamedTuple):
    """Seconds since the request was begun."""

    answer: float
    run: float
    step: float


class Shop:
    """A bare repository, and a work tree that pushes to it."""

    def __init__(self, directory: Path) -> None:
        self.work, self.bare = directory / 'work', directory / 'shop.git'
        file = self.work / '.github/workflows/ci.yml'
        file.parent.mkdir(parents=True)
        file.write_text(WORKFLOW)
        self.git('init', '--quiet', '--initial-branch=main')
        self.git('add', '--all')
        self.head = self.commit('begin')
        subprocess.run(('git', 'clone', '-q', '--bare', str(self.work), str(self.bare)), check=True)

    def git(self, *words: str) -> str:
        who = ('-c', 'user.name=Bench', '-c', 'user.email=bench@localhost')
        done = subprocess.run(
            ('git', *who, *words), cwd=self.work, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git('commit', '--quiet', '--allow-empty', '--message', message)
        return self.git('rev-parse', 'HEAD')

    def push(self, message: str) -> bytes:
        """The body of what the forge would send."""
        before, self.head = self.head, self.commit(message)
        self.git('push', '--quiet', str(self.bare), 'main')
        head = {'id': self.head, 'message': message}
        place = {'full_name': 'octo/shop', 'default_branch': 'main'}
        told = {'ref': 'refs/heads/main', 'before': before, 'after': self.head}
        told |= {'commits': [head], 'head_commit': head, 'repository': place}
        return json.dumps(told | {'sender': {'login': 'mona'}}).encode()


@contextmanager
def serving(state: Path) -> Iterator[str]:
    """The address of a server of this store."""
    words = (*LIFTLOCK, '--state', str(state), 'serve', '--port', '0')
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout is not None
        for line in server.stdout:
            if found := re.search(r'Serving on http://(\S+)', line):
                yield found[1]
                return
        raise SystemExit('the server did not begin')
    finally:
        server.terminate()
        server.communicate(timeout=30)


def measure(times: int, directory: Path) -> list[Took]:
    state, shop = directory / 'state', Shop(directory)
    words = ('repository', 'add', 'octo/shop', '--url', str(shop.bare), '--forge', 'github')
    told = subprocess.run(
        (*LIFTLOCK, '--state', str(state), *words, '--trusted'),
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    secret = told.partition('secret')[2].split()[0]
    with serving(state) as address:
        _one(shop, secret, address, state, 'warm')
        return [_one(shop, secret, address, state, f'push {number}') for number in range(times)]


def _one(shop: Shop, secret: str, address: str, state: Path, message: str) -> Took:
    body = shop.push(message)
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        'content-type': 'application/json',
        'x-github-event': 'push',
        'x-github-delivery': shop.head,
        'x-hub-signature-256': f'sha256={digest}',
    }
    connection = http.client.HTTPConnection(urlsplit(f'//{address}').netloc, timeout=30)
    begun = time.time()
    connection.request('POST', '/hooks/1', body, headers)
    answer = connection.getresponse()
    answered = time.time()
    assert answer.status == 202, answer.read()
    connection.close()
    step, run = _wait(state, shop.head)
    return Took(answered - begun, run - begun, step - begun)


def _wait(state: Path, commit: str) -> tuple[float, float]:
    """When its first step began, and when its run was written down."""
    end = time.monotonic() + PATIENCE
    with closing(sqlite3.connect(f'file:{state}/liftlock.db?mode=ro', uri=True)) as database:
        while time.monotonic() < end:
            row = database.execute(FIRST, (commit,)).fetchone()
            if row is not None:
                return float(row[0]), float(row[1])
            time.sleep(0.05)
    raise SystemExit('no step began')


def rows(found: Sequence[Took]) -> list[Row]:
    """p50 and p95; there is nobody to compare with."""
    made = []
    for name, what in (
        ('answer', 'webhook to its answer'),
        ('run', 'webhook to the run'),
        ('step', 'webhook to the first step'),
    ):
        values = sorted(getattr(one, name) * 1000 for one in found)
        ninety_five = values[min(len(values) - 1, round(0.95 * (len(values) - 1)))]
        made.append(Row(f'{what}, p50', 'ms', statistics.median(values), 0.0))
        made.append(Row(f'{what}, p95', 'ms', ninety_five, 0.0))
    return made


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--times', type=int, default=40)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(words)
    for name in [name for name in os.environ if name.startswith('GIT_')]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as directory:
        found = measure(given.times, Path(directory))
    report.show(rows(found), 'nobody', as_json=given.json)


if __name__ == '__main__':
    main()
