"""Real repositories, and a run with a real store, for stand-ins to work on."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from e2e.actions.bench import Bench
from liftlock.plan.trust import Scopes
from liftlock.runner.actions.resolve import GitActions
from liftlock.runner.ports import World
from liftlock.runner.sources import SnapshotSources
from liftlock.store import runs
from liftlock.store.artifacts import RunArtifacts
from liftlock.store.caches import RunCaches
from liftlock.store.database import open_store

MAIN = Scopes(('refs/heads/main',), 'refs/heads/main')
GIT = {
    'GIT_AUTHOR_NAME': 'Ada',
    'GIT_AUTHOR_EMAIL': 'ada@example.org',
    'GIT_COMMITTER_NAME': 'Ada',
    'GIT_COMMITTER_EMAIL': 'ada@example.org',
    'GIT_CONFIG_GLOBAL': os.devnull,
    'GIT_CONFIG_NOSYSTEM': '1',
}


class Repository:
    """A real repository. `git` runs git in it, `write` files, `commit` all of them."""

    def __init__(self, top: Path, *options: str) -> None:
        self.top = top
        top.mkdir(parents=True)
        self.git('init', '--quiet', '--initial-branch=main', *options)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        done = subprocess.run(
            ('git', *arguments), cwd=cwd or self.top, env={**os.environ, **GIT},
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode('utf-8', 'surrogateescape').strip()

    def write(self, **files: str) -> None:
        """Underscores of names stand for dots."""
        for name, text in files.items():
            (self.top / name.replace('_', '.')).write_text(text)

    def commit(self, message: str = 'work', **files: str) -> str:
        self.write(**files)
        self.git('add', '--all')
        self.git('commit', '--quiet', '--allow-empty', '-m', message)
        return self.git('rev-parse', 'HEAD')

    def inside(self) -> dict[str, tuple[int, bytes]]:
        """Everything in .git, to see later that nothing changed."""
        folder = self.top / '.git'
        return {
            file.relative_to(folder).as_posix(): (file.stat().st_mtime_ns, file.read_bytes())
            for file in folder.rglob('*')
            if file.is_file()
        }


class Ground:
    """One run: a real store below its directory, and jobs that share it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.store = open_store(directory / 'state')
        draft = runs.Draft(
            'acme/shop', 'ci.yml', 'CI', 'try', 'push', 'refs/heads/main', '1', 'ada'
        )
        self.run, _ = runs.submit(self.store, draft, 'nobody', lambda run, number: f'{run}')
        self.jobs = 0
        self.mirrors: list[tuple[str, str]] = []
        self.sources: SnapshotSources | None = None

    def world(self) -> World:
        return World(
            sources=self.sources,
            artifacts=RunArtifacts(self.store, self.run),
            caches=RunCaches(self.store, 'acme/shop', MAIN),
            actions=GitActions(self.directory / 'cache', self.mirrors, mirrors_only=True),
            tool_cache=self.directory / 'tools',
            cache_home=self.directory / 'packages',
        )

    def job(self) -> Path:
        self.jobs += 1
        return self.directory / f'job{self.jobs}'

    def step(
        self, uses: str, inputs: Mapping[str, str], job: Path | None = None, **env: str
    ) -> Bench:
        return Bench(uses, job or self.job(), self.world(), inputs, env=env)
