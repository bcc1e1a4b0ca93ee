"""The workbench of a stand-in whose code runs inside a sandbox, and its world.

Everything that touches files happens here. What is to be stored goes out as an open file, or by a
name that is looked up outside as if it were in here.
"""

import os
import shutil
import stat
from collections.abc import Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from liftlock.language.expressions.values import Value
from liftlock.plan import wire
from liftlock.plan.provenance import Subject
from liftlock.runner.ports import Found, Opening, Report, World, open_plainly
from liftlock.runner.sandbox.told import Given
from liftlock.runner.workbench import StepFailed, Workbench

if TYPE_CHECKING:
    from liftlock.runner.sandbox.within import Line

_CHUNK: Final = 1 << 26


class Bench:
    """Satisfies `Workbench`."""

    def __init__(self, line: 'Line', given: Given) -> None:
        self._line = line
        self._given = given
        self._scratch: list[Path] = []
        self.inputs = given.inputs
        self.ref = given.ref
        self.state = given.state
        self.github: Mapping[str, Value] = given.github
        self.job = given.job
        self.env = given.env
        self.workspace = Path(given.workspace)
        self.temp = Path(given.temp)
        self.home = Path(given.home)
        self.in_container = given.in_container
        self.subjects = [Subject(name, digest) for name, digest in given.subjects]
        self.world: World = given.world._replace(
            artifacts=Artifacts(line),
            caches=Caches(line, self._new),
            actions=Actions(line),
            attestations=(lambda: Attestations(line)) if given.world.attestations else None,
        )
        self.tool_cache = self.world.tool_cache

    def _new(self, name: str) -> Path:
        """A file that goes with the stage."""
        made = self.temp / f'_{os.urandom(8).hex()}_{name}'
        self._scratch.append(made)
        return made

    def close(self) -> None:
        for file in self._scratch:
            file.unlink(missing_ok=True)

    @property
    def report(self) -> Report:
        return lambda fact: self._line.tell('report', wire.dump(fact))

    def open(self, path: Path) -> BufferedReader:
        # A pipe would keep us waiting for somebody to write into it.
        opened = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), 'rb')
        if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
            opened.close()
            raise StepFailed(f'{path} is no file')
        return opened

    def own(self, path: Path) -> Path:
        return path

    def permission(self, scope: str) -> str:
        return str(self._line.ask_now('permission', scope).value)

    async def identity(self) -> Mapping[str, str]:
        found: Mapping[str, str] = (await self._line.ask('identity')).reply.value
        return found

    async def run(
        self,
        *command: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> int:
        answer = await self._line.ask('run', command, cwd, dict(env or {}), check)
        self._renew(answer.reply.env)
        return int(answer.reply.value)

    async def capture(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        program = shutil.which(command[0], path=self.env['PATH'])
        if program is None:
            raise StepFailed(f"The program '{command[0]}' is not on PATH")
        aside = self._new('aside')  # a warning among JSON would spoil it
        apart = ('sh', '-c', 'exec "$@" 2>"$0"', str(aside), program, *command[1:])
        answer = await self._line.ask('collect', apart, cwd, dict(env or {}))
        status, text = answer.reply.value
        try:
            if status and not self._line.pulled:
                said = text + aside.read_text('utf-8', 'replace').rstrip()
                self.log(said) if said else None
        finally:
            aside.unlink(missing_ok=True)
        if status:
            raise StepFailed(f"The process '{command[0]}' failed with exit code {status}")
        return str(text)

    def log(self, line: str) -> None:
        self._line.tell('log', line)

    def debug(self, line: str) -> None:
        self._line.tell('debug', line)

    def notice(self, message: str, title: str = '') -> None:
        self._line.tell('notice', message, title)

    def warning(self, message: str, title: str = '') -> None:
        self._line.tell('warning', message, title)

    def error(self, message: str, title: str = '') -> None:
        self._line.tell('error', message, title)

    def set_output(self, name: str, value: str) -> None:
        self._line.tell('set_output', name, value)

    def export(self, name: str, value: str) -> None:
        self._renew(self._line.ask_now('export', name, value).env)

    def add_path(self, directory: Path) -> None:
        self._renew(self._line.ask_now('add_path', directory).env)

    def _renew(self, env: Mapping[str, str] | None) -> None:
        if env is not None:
            self.env = env

    def save_state(self, name: str, value: str) -> None:
        self._line.tell('save_state', name, value)

    def mask(self, value: str) -> None:
        self._line.tell('mask', value)

    def add_matcher(self, file: Path) -> None:
        self._line.tell('add_matcher', file)

    async def record(
        self,
        type: str,
        file: Path,
        *,
        flags: Sequence[str] = (),
        root: Path | None = None,
        ref: str = '',
        sha: str = '',
    ) -> str:
        try:
            opened = self.open(file)
        except OSError as error:
            raise StepFailed(f'cannot keep the report {file}: {error.strerror}') from None
        with opened:
            answer = await self._line.ask(
                'record', type, file, flags, root, ref, sha, descriptors=[opened.fileno()]
            )
        return str(answer.reply.value)


def _satisfies(bench: Bench) -> Workbench:
    return bench


# --- the world


class Artifacts:
    def __init__(self, line: 'Line') -> None:
        self._line = line

    async def store(
        self,
        name: str,
        files: Sequence[tuple[str, Path]],
        *,
        merge: bool,
        overwrite: bool,
        retention_days: int,
        compression: int,
        opening: Opening = open_plainly,
    ) -> tuple[str, int, str]:
        """Opened outside as they are seen in here, one by one: there may be ten thousand."""
        answer = await self._line.ask(
            'store', name, files, merge=merge, overwrite=overwrite,
            retention_days=retention_days, compression=compression,
        )  # fmt: skip
        identity, size, digest = answer.reply.value
        return identity, size, digest

    async def store_file(
        self,
        file: Path,
        mime: str,
        *,
        overwrite: bool,
        retention_days: int,
        opening: Opening = open_plainly,
    ) -> tuple[str, int, str]:
        with opening(file) as opened:
            answer = await self._line.ask(
                'store_file', file.name, mime, overwrite=overwrite,
                retention_days=retention_days, descriptors=[opened.fileno()],
            )  # fmt: skip
        identity, size, digest = answer.reply.value
        return identity, size, digest

    async def names(self) -> Mapping[str, str]:
        return dict((await self._line.ask('names')).reply.value)

    async def fetch(self, name: str, directory: Path) -> int:
        """It was unpacked outside, where nobody can lay links; what came of it is copied."""
        answer = await self._line.ask('fetch', name)
        (folder,) = answer.descriptors
        try:
            shutil.copytree(f'/proc/self/fd/{folder}', directory, dirs_exist_ok=True)
        except shutil.Error as error:
            raise OSError(str(error)) from None
        finally:
            os.close(folder)
        return int(answer.reply.value)


class Caches:
    def __init__(self, line: 'Line', new: Callable[[str], Path]) -> None:
        self._line = line
        self._new = new

    async def find(
        self, key: str, restore_keys: Sequence[str], version: str
    ) -> tuple[str, Path] | None:
        answer = await self._line.ask('find', key, restore_keys, version)
        if answer.reply.value is None:
            return None
        (archive,) = answer.descriptors
        copy = self._new('cache')
        try:
            with copy.open('xb') as file:
                while os.sendfile(file.fileno(), archive, None, _CHUNK):
                    pass
        finally:
            os.close(archive)
        return answer.reply.value, copy

    async def store(self, key: str, version: str, archive: Path) -> bool:
        with archive.open('rb') as opened:
            asked = self._line.ask('keep', key, version, descriptors=[opened.fileno()])
            return bool((await asked).reply.value)


class Actions:
    def __init__(self, line: 'Line') -> None:
        self._line = line

    async def find(self, owner_repo: str, ref: str, log: Callable[[str], None]) -> Found:
        return Found(*(await self._line.ask('action', owner_repo, ref)).reply.value)

    def remotes(self, owner_repo: str) -> Sequence[str]:
        return tuple(self._line.ask_now('remotes', owner_repo).value)


class Attestations:
    def __init__(self, line: 'Line') -> None:
        self._line = line

    async def provenance(self, job: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = (await self._line.ask('provenance')).reply.value
        return found

    async def sign(
        self, job: str, subjects: Sequence[Subject], kind: str, predicate: Any
    ) -> tuple[str, str, str]:
        identity, bundle, digest = (
            await self._line.ask('sign', subjects, kind, predicate)
        ).reply.value
        return identity, bundle, digest
