"""The container engine of this machine, over its command line.

Docker's and podman's are the same in what is used here; where they differ, `podman` tells. The
engine is asked once a process whether it answers: that costs 30 ms, and 240 ms with podman.
"""

import asyncio
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare

KNOWN: Final = ('docker', 'podman')  # best first
_PATIENCE: Final = 15.0  # seconds for the first answer; a daemon that hangs must not hang us
_PREFIX: Final = re.compile(r'(?:docker: )?(?:Error response from daemon: |Error: )?')
_INSTALL: Final = 'Install Docker or podman'


class EngineFailed(CannotPrepare):
    """The engine refused; the message is its own, in one line."""


class Answer(NamedTuple):
    code: int
    text: str
    error: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def reason(self) -> str:
        """What went wrong, in the engine's words and in one line."""
        lines = [line for line in self.error.splitlines() if line.strip()]
        known = [line for line in lines if line.startswith(('Error', 'docker:', 'OCI'))]
        said = (known or lines or [f'exit code {self.code}'])[-1]
        return _PREFIX.sub('', said, count=1)


class Engine(NamedTuple):
    """An engine that answers."""

    program: str  # its path
    podman: bool = False
    rootless: bool = False  # root in a container is the user outside
    version: str = ''
    machine: str = ''  # where it runs; another name than ours where it stands in a VM, say
    selinux: bool = False

    @property
    def name(self) -> str:
        return 'podman' if self.podman else 'docker'

    async def ask(
        self, *words: str, env: Mapping[str, str] | None = None, given: bytes = b''
    ) -> Answer:
        """Run one command to its end, whatever that is; `given` is its standard input.

        When we are cancelled the command is killed.
        """
        process = await asyncio.create_subprocess_exec(
            self.program,
            *words,
            env=env,
            stdin=asyncio.subprocess.PIPE if given else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate(given or None)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode is not None
        return Answer(
            process.returncode, out.decode('utf-8', 'replace'), err.decode('utf-8', 'replace')
        )

    async def tell(self, *words: str, env: Mapping[str, str] | None = None) -> Answer:
        """The same, but it has to succeed. Raises EngineFailed."""
        answer = await self.ask(*words, env=env)
        if answer.code:
            raise EngineFailed(f'`{self.name} {words[0]}` failed: {answer.reason}')
        return answer

    async def show(self, say: Callable[[str], None], *words: str, cwd: str | None = None) -> int:
        """Run one command with its output, both streams, going to `say` line by line."""
        process = await asyncio.create_subprocess_exec(
            self.program,
            *words,
            cwd=cwd,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
        )
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                say(line.decode('utf-8', 'replace').rstrip())
            return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


_known: Final[dict[str, Engine]] = {}


def find(choice: str) -> Engine | None:
    """The engine that answers: the user's choice (docker, podman or a path), '' = any."""
    found = look(choice)
    return found if isinstance(found, Engine) else None


def look(choice: str) -> Engine | str:
    """The same, or why there is none, in a sentence for the user. Blocks until it answers."""
    if choice not in _known:
        reasons = []
        for name in (choice,) if choice else KNOWN:
            found = _look(name)
            if isinstance(found, Engine):
                _known[choice] = found
                break
            reasons.append(found)
        else:
            return '; '.join(filter(None, reasons)) or f'{_INSTALL}: neither is on PATH'
    return _known[choice]


def _look(name: str) -> Engine | str:
    program = shutil.which(name)
    if program is None:
        return '' if name in KNOWN else f'there is no program {name}'
    try:
        asked = subprocess.run(
            (program, 'info', '--format', '{{json .}}'),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f'{name} gave no answer in {_PATIENCE:g} seconds'
    except OSError as error:
        return f'{name} cannot be started: {error.strerror}'
    if asked.returncode:
        return f'{name} is here but of no use: {Answer(1, "", asked.stderr).reason}'
    return describe(program, json.loads(asked.stdout))


def describe(program: str, told: Mapping[str, Any]) -> Engine:
    """From what `info` says; podman's has `host`, docker's has not."""
    host = told.get('host')
    if host is None:
        options: Sequence[str] = told.get('SecurityOptions') or ()
        return Engine(
            program,
            rootless=any('name=rootless' in option for option in options),
            version=told.get('ServerVersion', ''),
            machine=told.get('Name', ''),
        )
    security = host.get('security', {})
    return Engine(
        program,
        podman=True,
        rootless=bool(security.get('rootless')),
        version=told.get('version', {}).get('Version', ''),
        machine=host.get('hostname', ''),
        selinux=bool(security.get('selinuxEnabled')),
    )
