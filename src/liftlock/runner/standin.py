"""The workbench of a stand-in: a stage of a step, as our own code sees it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from liftlock.errors import UserError
from liftlock.language.expressions.values import Value
from liftlock.plan import permissions
from liftlock.plan.facts import ReportRecorded
from liftlock.runner import confinement
from liftlock.runner.console import Console
from liftlock.runner.executors.base import CannotStart, Sink
from liftlock.runner.ports import Report, World
from liftlock.runner.state import FAILURE, SUCCESS
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed, Workbench

if TYPE_CHECKING:
    from liftlock.plan.provenance import Subject
    from liftlock.runner.actions.loading import Loaded


Stage = Callable[[Workbench], Awaitable[None]]


async def run(turn: Turn, loaded: 'Loaded', inputs: Mapping[str, str], stage: Stage) -> str:
    """One stage of a stand-in; its outcome. Raises StepFailed and what stages raise."""
    states = turn.job.states.setdefault(turn.instance, {})
    outside = turn.job.workplace.outside
    seen = {name: '\n'.join(map(outside, text.split('\n'))) for name, text in inputs.items()}
    confinement.refuse_strangers(turn.job, seen)
    bench = Bench(turn, seen, loaded.ref, states)
    turn.lend()
    await turn.job.workplace.take_files()
    try:
        await turn.job.workplace.perform(stage, bench, turn.leash)
    except StepFailed:
        if not turn.leash.level:  # else it was told to end, and what it says of that is no news
            raise
        return FAILURE
    finally:
        await turn.job.workplace.give_files()
        turn.take()
        states.update(turn.effects.state)
    return FAILURE if turn.effects.failed else SUCCESS


class Bench:
    """One stage of one step."""

    __slots__ = ('_turn', 'inputs', 'ref', 'state')

    def __init__(
        self, turn: Turn, inputs: Mapping[str, str], ref: str, state: Mapping[str, str]
    ) -> None:
        self._turn = turn
        self.inputs = inputs
        self.ref = ref
        self.state = state

    @property
    def env(self) -> Mapping[str, str]:
        effects = self._turn.effects
        made = self._turn.process_env({})
        fixed = self._turn.job.fixed
        made.update({name: text for name, text in effects.env.items() if name not in fixed})
        if effects.path:
            made['PATH'] = ':'.join((*reversed(effects.path), made['PATH']))
        return made

    @property
    def workspace(self) -> Path:
        return Path(self._turn.job.directories.workspace)

    @property
    def temp(self) -> Path:
        return Path(self._turn.job.directories.temp)

    @property
    def home(self) -> Path:
        return Path(self._turn.job.directories.home)

    @property
    def tool_cache(self) -> Path:
        return self.world.tool_cache

    @property
    def in_container(self) -> bool:
        return 'container' in self._turn.job.workplace.context

    @property
    def github(self) -> Mapping[str, Value]:
        return self._turn.github

    @property
    def world(self) -> World:
        return self._turn.job.world

    @property
    def job(self) -> str:
        return self._turn.job.key

    @property
    def report(self) -> Report:
        return self._turn.job.report

    @property
    def subjects(self) -> 'Sequence[Subject]':
        from liftlock.plan.provenance import Subject

        made = self._turn.job.subjects.values()
        return [Subject(one.name, one.digest) for one in made]

    def open(self, path: Path) -> BufferedReader:
        return confinement.open_own(self._turn.job, path)

    def own(self, path: Path) -> Path:
        return confinement.own(self._turn.job, path)

    def permission(self, scope: str) -> str:
        granted = self._turn.job.request.plan.permissions
        return permissions.level(granted, scope) if granted is not None else 'none'

    async def identity(self) -> Mapping[str, str]:
        from liftlock.runner import reach

        return await reach.for_script(self._turn)

    async def run(
        self,
        *command: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        check: bool = True,
    ) -> int:
        turn = self._turn
        console = Console(turn.job, turn.record, turn.effects, turn.env)
        try:
            status = await self._start(command, cwd, env, console.feed)
        finally:
            console.close()
        if status and check:
            raise StepFailed(f"The process '{command[0]}' failed with exit code {status}")
        return status

    async def capture(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        aside = self.temp / f'_aside_{id(command):x}'  # a warning among JSON would spoil it
        path = self.env['PATH']
        program = self._turn.job.workplace.find(command[0], path)
        if program is None:
            raise StepFailed(f"The program '{command[0]}' is not on PATH")
        apart = ('sh', '-c', 'exec "$@" 2>"$0"', str(aside), program, *command[1:])
        try:
            status, said = await self.collect(apart, cwd, env)
            if status and not self._turn.leash.level:
                self._tell_failure(said + aside.read_bytes())
        finally:
            aside.unlink(missing_ok=True)
        if status:
            raise StepFailed(f"The process '{command[0]}' failed with exit code {status}")
        return said.decode('utf-8', 'replace')

    async def collect(
        self,
        command: tuple[str, ...],
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Run to the end; the exit status, and all that was printed. Raises StepFailed."""
        chunks: list[bytes] = []
        status = await self._start(command, cwd, env, chunks.append)
        return status, b''.join(chunks)

    def _tell_failure(self, said: bytes) -> None:
        text = said.decode('utf-8', 'replace').rstrip()
        if text:
            self.log(text)

    async def _start(
        self,
        command: tuple[str, ...],
        cwd: Path | None,
        env: Mapping[str, str] | None,
        sink: Sink,
    ) -> int:
        job = self._turn.job
        variables = {**self.env, **(env or {})}
        folder = str(cwd) if cwd is not None else job.directories.workspace
        try:
            return await job.workplace.run(command, variables, folder, sink, self._turn.leash)
        except CannotStart as error:
            raise StepFailed(str(error)) from None

    def log(self, line: str) -> None:
        self._turn.record.say(line)

    def debug(self, line: str) -> None:
        if self._turn.job.debug:
            self._turn.record.say(f'##[debug]{line}')

    def notice(self, message: str, title: str = '') -> None:
        self._turn.record.annotate('notice', message, title)

    def warning(self, message: str, title: str = '') -> None:
        self._turn.record.annotate('warning', message, title)

    def error(self, message: str, title: str = '') -> None:
        self._turn.record.annotate('error', message, title)

    def set_output(self, name: str, value: str) -> None:
        self._turn.effects.outputs[name] = self._turn.job.workplace.inside(value)

    def export(self, name: str, value: str) -> None:
        self._turn.effects.env[name] = self._turn.job.workplace.inside(value)

    def add_path(self, directory: Path) -> None:
        self._turn.effects.path.append(self._turn.job.workplace.inside(str(directory)))

    def save_state(self, name: str, value: str) -> None:
        self._turn.effects.state[name] = value

    def mask(self, value: str) -> None:
        self._turn.job.masker.add(value)

    def add_matcher(self, file: Path) -> None:
        turn = self._turn
        console = Console(turn.job, turn.record, turn.effects, turn.env)
        console.feed(f'::add-matcher::{file}\n'.encode())

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
            with self.open(file) as stream:
                kept = Path(f'/proc/self/fd/{stream.fileno()}')
                return await self.hand_in(
                    type, file, kept, flags=flags, root=root, ref=ref, sha=sha
                )
        except OSError as error:
            raise StepFailed(f'cannot keep the report {file}: {error.strerror}') from None

    async def hand_in(
        self,
        type: str,
        file: Path,
        kept: Path,
        *,
        flags: Sequence[str],
        root: Path | None,
        ref: str,
        sha: str,
    ) -> str:
        """`record`, where what is in the file stands in another one. Raises StepFailed, OSError."""
        assert self.world.reports is not None
        try:
            digest, size = await self.world.reports.keep(kept)
        except UserError as error:
            raise StepFailed(str(error)) from None
        inner = file.is_relative_to(self.workspace)
        job = self._turn.job
        fact = ReportRecorded(
            job=self.job,
            number=self._turn.record.number,
            type=type,
            name=job.hide(str(file.relative_to(self.workspace) if inner else file)),
            digest=digest,
            size=size,
            flags=tuple(map(job.hide, flags)),
            root=job.workplace.inside(str(root or self.workspace)),
            ref=job.hide(ref),
            sha=job.hide(sha),
        )
        self.report(fact)
        return digest
