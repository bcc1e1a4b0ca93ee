"""Artifacts and caches: by GitHub's own npm clients against our services, and by our stand-ins.

    python -m bench.artifacts [--times N] [--megabytes N] [--files N] [--json]

The floors are `cp` of the same bytes (for one large file; with their SHA-256 where something is
kept), `tar` of the same files (for many), and `tar` with zstd of the same archive (for a cache), in
the same directory and in the same run. `curl` shows what the services alone can do; what the npm
clients take beyond that, they take for themselves (zip, SHA-256, the start of node). A gigabyte in
each of ten ways needs 12 GB of disk.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from bench import report
from bench.report import Row

sys.path.insert(0, str(Path(__file__).parents[1] / 'tests'))

from liftlock.store import blobs
from liftlock.store.artifacts import RunArtifacts
from toolkit.stage import Clients, Stage, install, missing, node

MB: Final = 1_000_000
SMALL: Final = 1000  # bytes of each of many files
CACHED: Final = 500  # megabytes
Work = Callable[[], object]


class Bench:
    """A stage, a large file, many small ones, and what is cached."""

    def __init__(self, root: Path, clients: Clients, megabytes: int, files: int) -> None:
        self.root = root
        self.stage = Stage(root)
        self.clients = clients
        self.job = self.stage.job()
        self.large = self.clients.workspace / 'large' / 'file'
        self.many = self.clients.workspace / 'many'
        self.cached = self.clients.workspace / 'cached'
        self.counted = 0
        _fill(self.large, megabytes * MB)
        _fill(self.cached / 'file', CACHED * MB)
        for number in range(files):
            _fill(self.many / f'{number % 100:02}' / f'{number}', SMALL)

    def name(self) -> str:
        self.counted += 1
        return f'artifact-{self.counted}'

    def fresh(self) -> Path:
        """A directory that is not there yet."""
        return self.root / 'out' / self.name()

    def clear(self) -> None:
        """Before each round: a disk that fills up becomes slower for whoever comes last."""
        shutil.rmtree(self.root / 'out', ignore_errors=True)
        (self.root / 'out').mkdir()
        for one in self.stage_artifacts().current():
            self.stage_artifacts().file(one.digest).unlink(missing_ok=True)
            self.stage_artifacts().remove(one.name)

    def stage_artifacts(self) -> RunArtifacts:
        return RunArtifacts(self.stage.store, self.stage.run)

    # --- by the npm clients

    def upload(self, folder: Path, level: int, name: str = '') -> None:
        files = [str(path) for path in folder.rglob('*') if path.is_file()]
        options = {'compressionLevel': level}
        given = [name or self.name(), files, str(folder), options]
        (done,) = self.clients.run(self.job, ('upload@latest', given))
        assert not isinstance(done, Exception), done

    def download(self, name: str) -> None:
        (done,) = self.clients.run(self.job, ('download@latest', [name, str(self.fresh())]))
        assert not isinstance(done, Exception), done

    def save(self) -> None:
        (number,) = self.clients.run(self.job, ('save@latest', [['cached'], 'bench']))
        assert number > 0, self.clients.log

    def restore(self) -> None:
        assert self.clients.run(self.job, ('restore@latest', [['cached'], 'bench'])) == ['bench']

    # --- by curl: nothing but our side

    def send(self) -> None:
        job, name = self.job, self.name()
        created = job.call('ArtifactService', 'CreateArtifact', name=name, mime_type='text/plain')
        _run('curl', '-sf', '-T', self.large, created.json['signed_upload_url'])
        assert job.call('ArtifactService', 'FinalizeArtifact', name=name).status == 200

    def receive(self, name: str) -> None:
        found = self.job.call('ArtifactService', 'GetSignedArtifactURL', name=name).json
        _run('curl', '-sf', '-o', f'{self.fresh()}', found['signed_url'])

    # --- by the stand-ins

    def keep(self, folder: Path, level: int, name: str = '') -> None:
        files = [(str(path.relative_to(folder)), path) for path in folder.rglob('*')]
        plain = [(path, file) for path, file in files if file.is_file()]
        asyncio.run(
            self.stage_artifacts().store(
                name or self.name(), plain, merge=False, overwrite=False, retention_days=1,
                compression=level,
            )
        )  # fmt: skip

    def fetch(self, name: str) -> None:
        asyncio.run(self.stage_artifacts().fetch(name, self.fresh()))


def _fill(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('wb') as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, 16 * MB)))


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True)


def took(work: Work) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure(bench: Bench, rounds: int) -> list[Row]:
    """Each round does all works one after the other."""
    found: dict[str, list[float]] = {}
    bench.save()
    archive = _only_cache(bench)
    for _ in range(rounds):
        bench.clear()
        for name, work in _works(bench, archive):
            found.setdefault(name, []).append(took(work))
            os.sync()
    return _rows(bench, found)


def _works(bench: Bench, archive: Path) -> list[tuple[str, Work]]:
    out, folder = bench.root / 'out', bench.large.parent
    tarred = out / 'many.tar'
    return [
        ('cp', lambda: _run('cp', bench.large, out / 'copy')),
        ('cp and sha256', lambda: _copy_and_hash(bench.large, out / 'other')),
        ('upload: curl', bench.send),
        ('upload: @actions/artifact, level 0', lambda: bench.upload(folder, 0, 'large')),
        ('upload: @actions/artifact, level 6', lambda: bench.upload(folder, 6)),
        ('upload: stand-in, level 0', lambda: bench.keep(folder, 0)),
        ('upload: stand-in, level 6', lambda: bench.keep(folder, 6)),
        ('download: curl', lambda: bench.receive('large')),
        ('download: @actions/artifact', lambda: bench.download('large')),
        ('download: stand-in', lambda: bench.fetch('large')),
        ('tar c', lambda: _run('tar', 'cf', tarred, '-C', bench.many, '.')),
        ('many up: @actions/artifact', lambda: bench.upload(bench.many, 6, 'many')),
        ('many up: stand-in', lambda: bench.keep(bench.many, 6)),
        ('tar x', lambda: _unpack(tarred, bench.fresh())),
        ('many down: @actions/artifact', lambda: bench.download('many')),
        ('many down: stand-in', lambda: bench.fetch('many')),
        ('tar x zstd', lambda: _unpack(archive, bench.fresh(), '--zstd')),
        ('cache hit: @actions/cache', bench.restore),
    ]


def _copy_and_hash(file: Path, copy: Path) -> None:
    _run('cp', file, copy)
    blobs.digest(copy)


def _unpack(archive: Path, into: Path, *options: str) -> None:
    into.mkdir(parents=True)
    _run('tar', 'xf', archive, *options, '-C', into)


def _only_cache(bench: Bench) -> Path:
    with bench.stage.store.reading() as sql:
        ((digest,),) = sql.execute('SELECT digest FROM caches').fetchall()
    return bench.stage_artifacts().file(digest)


def _rows(bench: Bench, found: dict[str, list[float]]) -> list[Row]:
    megabytes = bench.large.stat().st_size // MB
    files = sum(len(names) for _, _, names in os.walk(bench.many))
    floors = {
        'upload': ('cp and sha256', f'{megabytes} MB', megabytes),
        'download': ('cp', f'{megabytes} MB', megabytes),
        'many up': ('tar c', f'{files} files', files * SMALL // MB),
        'many down': ('tar x', f'{files} files', files * SMALL // MB),
        'cache hit': ('tar x zstd', f'{CACHED} MB', CACHED),
    }
    rows = []
    for name, times in found.items():
        kind, colon, how = name.partition(': ')
        if not colon:
            continue
        floor, what, size = floors[kind]
        word = kind.removeprefix('many ')
        label = f'{word} {what}, {how} ({size / median(times):.0f} MB/s)'
        goal = 3.0 if name == 'upload: curl' else 0.0
        rows.append(
            Row(label, 'ms', 1e3 * median(times), 1e3 * median(found[floor]), goal,
                1e3 * min(times), 1e3 * min(found[floor]))
        )  # fmt: skip
    return rows


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--times', type=int, default=3)
    parser.add_argument('--megabytes', type=int, default=1000)
    parser.add_argument('--files', type=int, default=10_000)
    parser.add_argument('--json', action='store_true')
    given = parser.parse_args(argv)
    packages, program = (None, None) if missing() else (install(), node())
    if packages is None or program is None:
        print(missing() or 'npm could not install the clients')
        return
    with tempfile.TemporaryDirectory(prefix='liftlock-bench-') as name:
        clients = Clients(packages, program, Path(name, 'workspace'))
        bench = Bench(Path(name), clients, given.megabytes, given.files)
        try:
            rows = measure(bench, given.times)
        finally:
            bench.stage.close()
    report.show(rows, 'floor', as_json=given.json)


if __name__ == '__main__':
    main(sys.argv[1:])
