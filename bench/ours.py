"""Our own side of `bench.server`: the real `liftlock serve` on a store of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.act import make_repository
from bench.http import Client, memory, wait_for

SLOTS: Final = 4
NAME: Final = 'bench/works'
API: Final = f'/api/v1/repositories/{NAME}'
LIFTLOCK: Final = str(Path(sys.executable).with_name('liftlock'))


def workflow(*commands: str) -> str:
    lines = ''.join(f'      - run: {json.dumps(command)}\n' for command in commands)
    return f'on: workflow_dispatch\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n{lines}'


class Liftlock:
    """A store with one registered repository, whose workflows are the works."""

    name = 'liftlock'

    def __init__(self, directory: Path, loud: str) -> None:
        self.directory = directory
        self.state = directory / 'state'
        repository = make_repository(directory / 'works', workflow('true'))
        for name, commands in {'noop': ['true'], 'fifty': ['true'] * 50, 'loud': [loud]}.items():
            (repository / f'.github/workflows/{name}.yml').write_text(workflow(*commands))
        who = ('-c', 'user.name=Bench', '-c', 'user.email=bench@localhost')
        for words in (('add', '-A'), (*who, 'commit', '-qm', 'Two')):
            subprocess.run(('git', *words), cwd=repository, check=True)
        self._tell('repository', 'add', NAME, '--url', str(repository), '--trusted')
        said = self._tell('token', 'create', 'bench', '--role', 'admin')
        found = re.search(r'llt_\S+', said)
        assert found is not None, said
        self._headers = {'Authorization': f'Bearer {found[0]}'}
        self.client = Client('127.0.0.1:1')

    @property
    def _env(self) -> dict[str, str]:
        cache = str(self.directory / 'cache')
        return {**os.environ, 'XDG_CACHE_HOME': cache, 'PYTHONDONTWRITEBYTECODE': ''}

    def _tell(self, *words: str) -> str:
        return subprocess.run(
            (LIFTLOCK, '--state', str(self.state), *words),
            check=True, capture_output=True, text=True, env=self._env,
        ).stdout  # fmt: skip

    @contextmanager
    def started(self) -> Iterator[float]:
        """Seconds until it answered with a page."""
        from bench.buildbot import free_port

        port = free_port()
        self.client = Client(f'127.0.0.1:{port}', self._headers)
        quiet = subprocess.DEVNULL
        words = ('serve', '--port', str(port), '--jobs', str(SLOTS), '--grace', '0')
        process = subprocess.Popen(
            (LIFTLOCK, '--state', str(self.state), *words),
            stdin=quiet, stdout=quiet, stderr=quiet, env=self._env,
        )  # fmt: skip
        self._pid = process.pid
        try:
            yield wait_for(self.client, '/', process)
        finally:
            self.client.close()
            process.terminate()
            process.wait(60)

    serving = started

    def memory(self) -> int:
        return memory(self._pid)

    def begin(self, work: str) -> int:
        """Have it started; the number of the run."""
        asked = {'workflow': f'{work}.yml', 'ref': 'main', 'inputs': {}}
        answer = json.loads(self.client.post(f'{API}/dispatch', asked))
        if not answer['runs']:
            raise SystemExit(f'nothing was started: {answer}')
        return int(answer['runs'][0])

    def _get(self, path: str) -> Any:
        return json.loads(self.client.get(path))

    def is_done(self, run: int) -> bool:
        found = self._get(f'/api/v1/runs/{run}')
        return bool(found['status'] == 'completed')

    def all_done(self, runs: list[int]) -> bool:
        """One question for all of them."""
        return all(not self._get(f'/api/v1/runs?status={status}&limit=1')['runs']
                   for status in ('queued', 'in_progress'))  # fmt: skip

    def log_paths(self, run: int) -> tuple[str, str]:
        """Of a window of 500 lines in the middle, and of the whole."""
        window = f'/api/v1/runs/{run}/lines?job=one&from=50000&limit=500'
        return window, f'/api/v1/runs/{run}/logs/one'

    def fill(self, count: int) -> None:
        """So many runs of the past, like the first one but for their numbers. Whoever follows what
        happens has seen them."""
        import sqlite3

        with sqlite3.connect(self.state / 'liftlock.db') as database:
            copy(database, 'runs', 'id', count)
            copy(database, 'jobs', 'run', count)
            copy(database, 'facts', 'run', count)
            database.execute('UPDATE followers SET seq = (SELECT MAX(seq) FROM facts)')
        database.close()


def copy(database: Any, table: str, key: str, count: int) -> None:
    """The rows of run 1, for the runs behind the newest."""
    columns = [row[1] for row in database.execute(f'PRAGMA table_info({table})')]
    newest = database.execute('SELECT MAX(id) FROM runs').fetchone()[0]
    if table != 'runs':
        newest -= count
    others = [name for name in columns if name not in (key, 'seq', 'number', 'cause', 'id')]
    named = [key, *others, *(['number'] if table == 'runs' else [])]
    values = ['n.value', *others, *(['n.value'] if table == 'runs' else [])]
    database.execute(
        f'WITH RECURSIVE n(value) AS (SELECT {newest + 1} UNION ALL SELECT value + 1 FROM n '
        f'WHERE value < {newest + count}) INSERT INTO {table} ({", ".join(named)}) '
        f'SELECT {", ".join(values)} FROM n, {table} WHERE {table}.{key} = 1'
    )
