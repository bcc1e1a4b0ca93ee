"""A place that the user's own commands deploy to.

    prepare   the commit's files are laid down
    apply     `deploy` is run in them, or `rollback` (without one, `deploy` of the older version)
    look      how that ended, and what `status` and `verify` say since

A command is never run twice for one revision. It is run by a keeper (keeper.py), which survives
us: who comes after us waits for it, or reads how it ended. Only where the keeper was killed too,
nobody knows; then `status` may still tell that the version is there, and else it has failed.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from liftlock.language.settings import model
from liftlock.plan.masking import Masker
from liftlock.rollout.sight import Capabilities, Sight
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision, Version
from liftlock.targets.command import leftovers, record, running, words
from liftlock.targets.command.checking import Checking
from liftlock.targets.command.operation import Operation, Outcome, State
from liftlock.targets.command.question import Answer, ask
from liftlock.targets.command.record import Asked
from liftlock.targets.whole import BEFORE, Whole, refuse

Lay: TypeAlias = Callable[[Version, Path], Awaitable[None]]

_STATUS: Final = 60.0  # seconds that `status` may take
_LOST: Final = 'it was interrupted, and nobody knows what it has done'


class Command(Whole):
    """`lay` puts the files of a version into an empty directory. `env` are variables and secrets,
    `secrets` the names of those that nobody may see, for looks at a place where nothing has been
    deployed by this process. `deadline` is for `deploy`, `rollback` and `verify`, in seconds."""

    capabilities = Capabilities(in_place=True, adopts=True)

    def __init__(
        self,
        settings: model.Command,
        directory: Path,
        *,
        environment: str,
        lay: Lay,
        env: Mapping[str, str] = {},
        secrets: Collection[str] = (),
        strategy: model.Strategy = model.Direct(),  # noqa: B008 - immutable
        deadline: float = 600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        refuse('command', strategy)
        self._settings = settings
        self._directory = directory
        self._file = directory / 'command.json'
        self._record = record.read(self._file)
        self._environment = environment
        self._lay = lay
        self._env = env
        self._hidden = [env[name] for name in secrets if name in env]
        self._deadline = deadline
        self._clock = clock
        self._checking: Checking | None = None

    # --- looking

    async def look(self) -> Sight:
        asked = self._record.asked
        if asked is None:
            return Sight(message='Liftlock has deployed nothing here')
        operation = self._operation(asked)
        state, told = operation.state(), f'{asked.command} of {asked.version.name}'
        if state is State.RUNNING:
            return Sight(revision=asked.revision, message=f'{told} is running')
        if state is State.NEW:
            return Sight(revision=asked.revision, message=f'{told} has not begun')
        outcome = operation.outcome()
        if outcome is None:  # `apply` finds out
            return Sight(revision=asked.revision, message=f'{told}: {_LOST}')
        if not outcome.ok:
            return Sight(revision=asked.revision, failed=f'{told}: {_words(outcome)}')
        return await self._look_at_version(asked)

    async def _look_at_version(self, asked: Asked) -> Sight:
        if self._checking is None:
            self._checking = Checking(
                asked.version,
                lambda name: self._ask(name, asked),
                status=bool(self._settings.status),
                verify=bool(self._settings.verify),
                settled=asked.settled,
                clock=self._clock,
            )
        found = await self._checking.look()
        message = self._hide(found.message)
        if asked.settled and found.there is False:
            return Sight(message=f'somebody else has deployed: {message}')
        settled = asked.settled or bool(found.there)
        if settled and not asked.settled and asked == self._record.asked:
            self._write(asked=asked._replace(settled=True))
        return Sight(revision=asked.revision, settled=settled, message=message)

    async def _ask(self, name: str, asked: Asked) -> Answer:
        revision = Revision(asked.revision, asked.version, self._env)
        command = getattr(self._settings, name)
        deadline = self._deadline if name == 'verify' else min(_STATUS, self._deadline)
        env = self._surroundings(revision, asked.previous)
        files = self._files(asked.version)
        return await ask(words.line(_shell(), command), env, files, deadline)

    # --- changing

    async def adopt(self) -> Version | None:
        """What `status` says is there though Liftlock has never deployed it, from now on known as
        revision r0: it can be gone back to. None where Liftlock has deployed already, where
        nothing is there, or where there is no `status`."""
        if not self._record.before:
            if self._record.asked is not None or not self._settings.status:
                return None
            told = await self._ask('status', Asked('', BEFORE, Version('')))
            name = words.last(told.text)
            if told.why or not name:
                return None
            self._write(before=name)
        return Version(self._record.before)

    async def prepare(self, revision: Revision) -> str:
        _shell()
        files = await self._lay_down(revision.version)
        await self.adopt()
        return f'the files of {revision.version.name} are in {files}'

    async def _lay_down(self, version: Version) -> Path:
        """Once. Hooks find them in the same place."""
        files = self._directory / 'files' / version.id
        if not files.is_dir():
            files.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = files.with_name(f'.{files.name}-{os.urandom(4).hex()}')
            draft.mkdir(mode=0o700)
            try:
                await self._lay(version, draft)
                with suppress(OSError):  # somebody else was quicker
                    draft.rename(files)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
        return files

    async def apply(self, revision: Revision, *, back: bool) -> str:
        self._learn(revision)
        asked = self._record.asked
        if asked is None or await self._is_anew(asked, revision, back):
            asked = await self._intend(revision, back, asked)
        operation = self._operation(asked)
        state = operation.state()
        if state is State.NEW:
            if revision.version.commit:
                await self._lay_down(revision.version)
            await running.run(operation, self._job(asked, operation, revision))
        elif state is State.RUNNING:
            await running.follow(operation)
        outcome = operation.outcome() or await self._find_out(asked, operation)
        self._write(asked=asked._replace(told=True))
        if not outcome.ok:
            told = f'{asked.command} of {asked.version.name}: {_words(outcome)}'
            raise Trouble(told, f'All that it said is in {operation.log}')
        return asked.operation

    async def _is_anew(self, asked: Asked, revision: Revision, back: bool) -> bool:
        """A person may want to go back once more: where that has failed, or did not last."""
        if asked.revision != revision.name:
            return True
        if not (back and asked.told):
            return False
        outcome = self._operation(asked).outcome()
        if outcome is None or not outcome.ok or not self._settings.status:
            return outcome is None or not outcome.ok
        answer = await self._ask('status', asked)
        return bool(answer.why) or not words.names(answer.text, asked.version)

    def _learn(self, revision: Revision) -> None:
        self._env = revision.env
        self._hidden = [revision.env[name] for name in revision.secrets if name in revision.env]

    async def _intend(self, revision: Revision, back: bool, earlier: Asked | None) -> Asked:
        """Written before anything happens. What an earlier operation may have left is ended: two
        of them at once would be worse than either."""
        if earlier is not None:
            operation = self._operation(earlier)
            if operation.state() is State.RUNNING:
                operation.stop()
                await running.follow(operation)
            await asyncio.to_thread(self._end_lost, earlier, operation)
        command = 'rollback' if back and self._settings.rollback else 'deploy'
        number = self._record.number + 1
        previous = self._record.before if earlier is None else earlier.version.name
        name = f'{revision.name}-{command}-{number}'
        made = Asked(name, revision.name, revision.version, previous)
        if self._checking is not None:
            await self._checking.close()
            self._checking = None
        self._write(asked=made, number=number)
        return made

    def _end_lost(self, earlier: Asked, operation: Operation) -> None:
        outcome = operation.outcome()
        if outcome is None or outcome.code is None:
            leftovers.end(self._mark(earlier))

    def _job(self, asked: Asked, operation: Operation, revision: Revision) -> dict[str, Any]:
        mark = self._mark(asked)
        env = self._surroundings(revision, asked.previous) | {leftovers.MARK: mark}
        return {
            'place': str(operation.place),
            'line': words.line(_shell(), getattr(self._settings, asked.command)),
            'cwd': str(self._files(asked.version)),
            'env': env,
            'secrets': [revision.env[name] for name in revision.secrets if name in revision.env],
            'deadline': self._deadline,
            'mark': mark,
        }

    async def _find_out(self, asked: Asked, operation: Operation) -> Outcome:
        """Its keeper was killed. Only `status` can tell that the version is there all the same."""
        await asyncio.to_thread(leftovers.end, self._mark(asked))
        made = Outcome(None, _LOST)
        if self._settings.status:
            answer = await self._ask('status', asked)
            said = words.last(answer.text) or 'nothing'
            made = made._replace(why=f'{_LOST}; status: {answer.why or f"says {said}"}')
            if not answer.why and words.names(said, asked.version):
                made = Outcome(0, f'it was interrupted, but status says {said}')
        operation.conclude(made._replace(why=self._hide(made.why)))
        return made

    # --- the rest

    def _operation(self, asked: Asked) -> Operation:
        return Operation(self._directory / 'operations' / asked.operation)

    def _mark(self, asked: Asked) -> str:
        return f'{self._directory}:{asked.operation}'

    def _files(self, version: Version) -> Path:
        """Where commands run. What was there before us has no files: then in the newest ones."""
        rooms = self._directory / 'files'
        if (rooms / version.id).is_dir():
            return rooms / version.id
        laid = [one for one in rooms.glob('[!.]*') if one.is_dir()] if rooms.is_dir() else []
        return max(laid, key=lambda one: one.stat().st_mtime, default=self._directory)

    def _surroundings(self, revision: Revision, previous: str) -> dict[str, str]:
        return words.environment(
            os.environ, revision.env, self._environment, revision.name, revision.version, previous
        )

    def _hide(self, text: str) -> str:
        masker = Masker()
        for value in self._hidden:
            masker.add(value)
        return masker.mask(text)

    def _write(self, **changes: Any) -> None:
        self._record = self._record._replace(**changes)
        record.write(self._file, self._record)

    async def logs(self, revision: str, *, follow: bool, previous: bool) -> AsyncIterator[str]:
        """Of the newest operation of the revision; `previous`: of those before."""
        found = sorted(
            (self._directory / 'operations').glob(f'{revision}-*'),
            key=lambda place: int(place.name.rpartition('-')[2]),
        )
        for place in found[:-1] if previous else found[-1:]:
            async for line in running.lines(Operation(place), follow=follow):
                yield f'{place.name} {line}'

    async def close(self) -> None:
        if self._checking is not None:
            await self._checking.close()
            self._checking = None


def _shell() -> str:
    found = shutil.which('bash') or shutil.which('sh')
    if not found:
        raise Trouble('there is no shell to run commands with', 'Install bash')
    return found


def _words(outcome: Outcome) -> str:
    return ': '.join(filter(None, (outcome.told, words.last('\n'.join(outcome.tail)))))
