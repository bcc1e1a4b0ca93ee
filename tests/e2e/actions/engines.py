"""Steps that work with the container engines of this machine, each by a program of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from containers import lack
from e2e.actions.bench import Bench
from liftlock.language.records import NamedTuple
from liftlock.runner.docker import engine as engines
from liftlock.runner.ports import World

ENGINES: Final = ('docker', 'podman')
_CONFIG: Final = ('DOCKER_CONFIG', 'DOCKER_HOST', 'REGISTRY_AUTH_FILE')


def have(engine: str) -> None:
    found = engines.look(engine)
    if isinstance(found, str):
        lack(f'{found or f"there is no {engine}"}. To run this: install {engine}, and start it')


def step(
    root: Path,
    uses: str,
    inputs: Mapping[str, str],
    *,
    engine: str = 'docker',
    env: Mapping[str, str] | None = None,
    **more: Any,
) -> Bench:
    """Underscores of inputs stand for dashes. `more` is of the world."""
    have(engine)
    world = World(
        None, None, None, None, root / 'tools', root / 'packages',  # type: ignore[arg-type]
        container_engine=engine, **more,
    )  # fmt: skip
    given = {name.replace('_', '-'): text for name, text in inputs.items()}
    return Bench(uses, root / 'job', world, given, env=dict(env or {}))


def call(bench: Bench, *command: str) -> 'subprocess.CompletedProcess[str]':
    """What a later step would see."""
    return subprocess.run(
        command, env=bench.env, cwd=bench.workspace, capture_output=True, text=True, check=False
    )


class Kind(NamedTuple):
    """A way to build that this machine has: a PATH and a configuration that lead to it."""

    name: str  # of liftlock.runner.actions.engines
    engine: str
    program: str
    plugins: str = ''

    def lay(self, root: Path) -> dict[str, str]:
        """The environment of a job that builds so."""
        programs, config = root / 'bin', root / 'config'
        for folder in (programs, config):
            folder.mkdir(parents=True)
        (programs / self.engine).symlink_to(self.program)
        if self.plugins:
            (config / 'cli-plugins').symlink_to(self.plugins)
        return {'PATH': f'{programs}:{os.environ["PATH"]}', 'DOCKER_CONFIG': str(config)}


def kinds() -> list[Kind]:
    """One of each that is here; Docker and podman are named in any case, for want of them to be
    told."""
    found: dict[str, Kind] = {}
    folders = dict.fromkeys([*os.environ['PATH'].split(':'), '/usr/bin'])
    programs = [f'{folder}/docker' for folder in folders if os.access(f'{folder}/docker', os.X_OK)]
    for program in programs:
        for plugins in ('', str(Path.home() / '.docker/cli-plugins')):
            name = _kind(program, plugins)
            found.setdefault(name, Kind(name, 'docker', program, plugins))
    podman = shutil.which('podman') or 'podman'
    docker = found.values() or [Kind('docker', 'docker', 'docker')]
    return [*docker, Kind('podman', 'podman', podman)]


def _kind(program: str, plugins: str) -> str:
    with tempfile.TemporaryDirectory() as config:
        if Path(plugins or '-').is_dir():
            Path(config, 'cli-plugins').symlink_to(plugins)
        env = {**os.environ, 'DOCKER_CONFIG': config}
        words = (program, 'buildx', 'version')
        if subprocess.run(words, env=env, capture_output=True, check=False).returncode == 0:
            return 'buildx'
    told = subprocess.run((program, '--version'), capture_output=True, text=True, check=False)
    major = told.stdout.partition('version ')[2].partition('.')[0]
    return 'buildkit' if major.isdecimal() and int(major) < 23 else 'classic'
