"""Runs the user's commands around a deployment, in the version's files."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from liftlock.plan import digest
from liftlock.plan.masking import Masker
from liftlock.rollout.version import Revision, Version

END: Final = 20  # so many lines are kept of what a hook said
SHELL: Final = ('sh', '-e', '-c')
MARK: Final = 'RUNNER_TRACKING_ID'  # by which processes are found after a `kill -9`

Lay = Callable[[Version, Path], Awaitable[None]]


class Hooks:
    """`lay` puts the files of a version into an empty directory."""

    def __init__(self, lay: Lay, base: Mapping[str, str] = os.environ) -> None:
        self._lay = lay
        self._base = base

    async def run(
        self,
        command: str,
        revision: Revision,
        env: Mapping[str, str],
        place: Path,
        deadline: float,
    ) -> tuple[bool, str, str]:
        """Whether it succeeded, and the end of what it said, with secrets hidden."""
        files = await self.files(revision.version, place)
        base = {name: self._base[name] for name in ('PATH', 'LANG', 'HOME') if name in self._base}
        process = await asyncio.create_subprocess_exec(
            *SHELL, command,
            cwd=files,
            env={**base, **env, MARK: _mark(place)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        said = b''
        try:
            async with asyncio.timeout(deadline):
                said, _ = await process.communicate()
            ended = f'exit code {process.returncode}' if process.returncode else ''
        except TimeoutError:
            ended = f'it was ended after {deadline:g} s'
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        tail = _masked(said, revision)
        return not ended, '\n'.join((ended, *tail)) if tail else ended, ''

    def end_leftovers(self, place: Path) -> None:
        """Kill what a controller of this place, which was killed, has left running."""
        from liftlock.runner.executors import orphans

        while orphans.end(_mark(place)):  # they may fork meanwhile
            time.sleep(0.02)

    async def files(self, version: Version, place: Path) -> Path:
        """The version's files, laid down once."""
        files = place / 'files' / version.id
        if files.is_dir():
            return files
        files.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = files.with_name(f'.{files.name}-{os.urandom(4).hex()}')
        draft.mkdir(mode=0o700)
        await self._lay(version, draft)
        with suppress(OSError):  # somebody else was quicker
            draft.rename(files)
        return files


def _mark(place: Path) -> str:
    return f'hook-{digest.of(str(place.absolute()))[:16]}'


def _masked(said: bytes, revision: Revision) -> list[str]:
    masker = Masker()
    for name in revision.secrets:
        masker.add(revision.env.get(name, ''))
    lines = said.decode('utf-8', 'replace').splitlines()[-END:]
    return [masker.mask(line) for line in lines]
