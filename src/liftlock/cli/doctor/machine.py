"""What this machine has: tools that every run wants, and what jobs may ask for besides."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from liftlock.cli import wiring
from liftlock.language.records import NamedTuple
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner.actions import interpreters, nodes
from liftlock.runner.actions.versions import Version, parse_version
from liftlock.runner.docker import engine as engines
from liftlock.runner.docker.engine import Engine
from liftlock.runner.forge import Home

_PATIENCE: Final = 15  # seconds for a program to say its version
_SMALL: Final = Sandbox(memory=2**30, processes=64)


class Tool(NamedTuple):
    """`needed` tools are needed by every run, the others for what `why` says."""

    name: str
    question: tuple[str, ...]
    why: str
    install: str
    needed: bool = False


TOOLS: Final = (
    Tool('git', ('git', '--version'), 'every run', 'apt install git', needed=True),
    Tool('bash', ('bash', '--version'), 'every `run:` step', 'apt install bash', needed=True),
    Tool('node', ('node', '--version'), 'JavaScript actions', 'apt install nodejs npm'),
    Tool('npm', ('npm', '--version'), 'the node that actions are made for', 'apt install npm'),
    Tool('uv', ('uv', '--version'), 'Pythons that are not installed', 'pip install uv'),
    Tool('zstd', ('zstd', '--version'), 'caches of real actions/cache', 'apt install zstd'),
    Tool('pwsh', ('pwsh', '--version'), 'steps with `shell: pwsh`', 'see aka.ms/powershell'),
)  # fmt: skip


class Thing(NamedTuple):
    """A tool, or the like, as it was found."""

    name: str
    found: str  # a version; '' if it is missing
    why: str
    install: str
    needed: bool = False


class Machine:
    """`home` is where the repository that is looked at lives. What is asked for is looked up."""

    def __init__(self, where: wiring.Place, home: Home) -> None:
        self.where = where
        self.home = home
        self.env: Mapping[str, str] = wiring.host_env()
        self.tool_cache = wiring.tool_cache(where)

    def has(self, program: str) -> bool:
        return shutil.which(program, path=self.env['PATH']) is not None

    def answers(self, *question: str) -> str:
        """What a program prints; '' if it is missing or fails."""
        try:
            told = subprocess.run(
                question, env=self.env, capture_output=True, text=True, timeout=_PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired):
            return ''
        return told.stdout if told.returncode == 0 else ''

    @cached_property
    def engine(self) -> Engine | str:
        """Or why there is none."""
        return engines.look(self.where.config.container_engine)

    @cached_property
    def pythons(self) -> list[Version]:
        """Every Python that `actions/setup-python` would find here."""
        found: set[Version | None] = set(interpreters.installed(self.tool_cache))
        for folder in self.env['PATH'].split(os.pathsep):
            for file in Path(folder).glob('python3*'):
                if re.fullmatch(r'python3(\.\d+)?', file.name):
                    found.add(self._version(str(file)))
        return sorted((version for version in found if version), key=lambda version: version.order)

    @cached_property
    def nodes(self) -> list[Version]:
        found = {*nodes.installed(self.tool_cache), self._version('node')}
        return sorted((version for version in found if version), key=lambda version: version.order)

    def _version(self, program: str) -> Version | None:
        number = re.search(r'\d+(?:\.\d+)+\S*', self.answers(program, '--version'))
        return parse_version(number[0]) if number else None

    @cached_property
    def sandbox(self) -> str:
        """Why no job can be confined here; '' where it can."""
        from liftlock.runner.sandbox import refusal

        if not self.has('bwrap'):
            return refusal.INSTALL
        question = ('bwrap', '--unshare-all', '--ro-bind', '/', '/', 'true')
        told = subprocess.run(question, env=self.env, capture_output=True, text=True)
        return refusal.explain(told.stderr) if told.returncode else ''


def things(machine: Machine) -> Iterator[Thing]:
    for tool in TOOLS:
        number = re.search(r'\d+(?:\.\d+)+', machine.answers(*tool.question))
        yield Thing(tool.name, number[0] if number else '', tool.why, tool.install, tool.needed)
    yield from (look(machine) for look in _OTHERS)


def _engine(machine: Machine) -> Thing:
    engine, why = machine.engine, 'container:, services:, actions in containers'
    if isinstance(engine, str):
        return Thing('engine', '', why, engine)
    return Thing('engine', f'{engine.name} {engine.version}'.strip(), why, '')


def _services(machine: Machine) -> Thing:
    """Servers that play services where no engine starts them."""
    from liftlock.runner.services import kinds

    found = [f'{server.product} {server.version}' for server in kinds.find_servers()]
    install = 'apt install postgresql redis-server'
    return Thing('servers', ', '.join(found), 'services: without an engine', install)


def _sandbox(machine: Machine) -> Thing:
    from liftlock.runner.sandbox import limits

    why = '`runs-on: sandbox`'
    if machine.sandbox:
        return Thing('sandbox', '', why, machine.sandbox)
    missing = limits.choose(_SMALL, 'doctor').missing
    told = f'bubblewrap, but no limits of {" and ".join(missing)}' if missing else 'bubblewrap'
    return Thing('sandbox', told, why, '')


def _pythons(machine: Machine) -> Thing:
    found = dict.fromkeys(f'{version.major}.{version.minor}' for version in machine.pythons)
    return Thing('python', ', '.join(found), 'actions/setup-python', 'uv python install 3.13')


_OTHERS: Final[tuple[Callable[[Machine], Thing], ...]] = (_engine, _services, _sandbox, _pythons)
