"""A workbench that runs real processes in real directories and remembers what it was told."""

import asyncio
import hashlib
import os
from collections.abc import Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

from liftlock.plan.provenance import Subject
from liftlock.runner.actions.builtin import find_builtin
from liftlock.runner.ports import World
from liftlock.runner.workbench import StepFailed


class Bench:
    """One step. `job` is the directory that its steps share."""

    in_container = False

    def __init__(
        self,
        uses: str,
        job: Path,
        world: World,
        inputs: Mapping[str, str] | None = None,
        *,
        env: dict[str, str] | None = None,
        github: Mapping[str, Any] | None = None,
    ) -> None:
        name, _, self.ref = uses.partition('@')
        self.builtin = find_builtin(name, self.ref)
        assert self.builtin is not None
        unknown = set(inputs or {}) - set(self.builtin.INPUTS)
        assert not unknown, unknown
        self.inputs = {**self.builtin.INPUTS, **(inputs or {})}
        self.workspace = job / 'work'
        self.temp = job / 'temp'
        self.home = job / 'home'
        for folder in (self.workspace, self.temp, self.home):
            folder.mkdir(parents=True, exist_ok=True)
        self.tool_cache = world.tool_cache
        self.world = world
        self.job = 'build'
        self.github = github or {'repository': 'acme/shop', 'ref': 'refs/heads/main'}
        self.env = {
            'PATH': os.environ['PATH'],
            'HOME': str(self.home),
            'GITHUB_WORKSPACE': str(self.workspace),
            'RUNNER_TEMP': str(self.temp),
            'RUNNER_OS': 'Linux',
        } | (env or {})
        self.state: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.paths: list[Path] = []
        self.exported: dict[str, str] = {}
        self.matchers: list[Path] = []
        self.facts: list[object] = []
        self.subjects: list[Subject] = []
        self.identities: dict[str, str] = {}
        self.permissions = {'id-token': 'write', 'attestations': 'write'}
        self.reports: list[tuple[str, str, tuple[str, ...], dict[str, object]]] = []

    def report(self, fact: object) -> None:
        self.facts.append(fact)

    async def capture(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        code, text = await self._start(command, cwd, env)
        if code:
            self.lines += text.splitlines()
            raise StepFailed(f'{command[0]} exited with {code}: {text[-500:]}')
        return text

    async def run(
        self,
        *command: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> int:
        code, text = await self._start(command, cwd, env)
        self.lines += text.splitlines()
        if code and check:
            raise StepFailed(f'{command[0]} exited with {code}: {text[-500:]}')
        return code

    async def _start(
        self, command: Sequence[str], cwd: Path | None, env: Mapping[str, str] | None
    ) -> tuple[int, str]:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=cwd or self.workspace,
                env={**self.env, **(env or {})},
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise StepFailed(str(error)) from error
        out, err = await process.communicate()
        return process.returncode or 0, (out if not process.returncode else out + err).decode()

    def open(self, path: Path) -> BufferedReader:
        return path.open('rb')

    def own(self, path: Path) -> Path:
        return path

    def permission(self, scope: str) -> str:
        return self.permissions.get(scope, 'none')

    async def identity(self) -> Mapping[str, str]:
        return self.identities

    def log(self, line: str) -> None:
        self.lines.append(line)

    def debug(self, line: str) -> None:
        self.lines.append(line)

    def notice(self, message: str, title: str = '') -> None:
        self.lines.append(message)

    def warning(self, message: str, title: str = '') -> None:
        self.warnings.append(message)

    def error(self, message: str, title: str = '') -> None:
        self.lines.append(message)

    def set_output(self, name: str, value: str) -> None:
        self.outputs[name] = value

    def export(self, name: str, value: str) -> None:
        self.exported[name] = value
        self.env[name] = value

    def add_path(self, directory: Path) -> None:
        self.paths.append(directory)
        self.env['PATH'] = f'{directory}{os.pathsep}{self.env["PATH"]}'

    def save_state(self, name: str, value: str) -> None:
        self.state[name] = value

    def mask(self, value: str) -> None:
        self.lines.append('masked')

    def add_matcher(self, file: Path) -> None:
        self.matchers.append(file)

    async def record(
        self, kind: str, file: Path, *, flags: Sequence[str] = (), **more: object
    ) -> str:
        content = await asyncio.to_thread(file.read_bytes)
        self.reports.append((kind, str(file.relative_to(self.workspace)), tuple(flags), more))
        return hashlib.sha256(content).hexdigest()

    def main(self) -> None:
        asyncio.run(self.builtin.main(self))

    def post(self) -> None:
        asyncio.run(self.builtin.post(self))
