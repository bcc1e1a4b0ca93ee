"""docker and compose of this machine, over their command lines."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Mapping
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.targets.compose.commands import Line

# Which engine is meant, and how to get at it and at registries.
_KEPT: Final = ('PATH', 'HOME', 'XDG_RUNTIME_DIR', 'SSH_AUTH_SOCK')
_PREFIX: Final = 'DOCKER_'
_WIDE: Final = 1 << 22  # of a line in a log


class Answer(NamedTuple):
    code: int
    text: str
    error: str

    @property
    def reason(self) -> str:
        """The last words. compose's very last only say that it failed."""
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        lines = lines or [line.strip() for line in self.text.splitlines() if line.strip()]
        return ' / '.join(lines[-2:]) if lines else f'exit code {self.code}'


class Engine(NamedTuple):
    docker: str
    compose: Line  # `docker compose` or `docker-compose`

    async def ask(self, *line: str) -> str:
        """docker's answer; Trouble if it has none."""
        answer = await _run((self.docker, *line), surroundings())
        if answer.code:
            raise _trouble(f'docker {line[0]}', answer)
        return answer.text

    async def has(self, *line: str) -> str:
        """The same; '' if there is no such thing."""
        answer = await _run((self.docker, *line), surroundings())
        if answer.code and 'daemon running' in answer.error:
            raise _trouble(f'docker {line[0]}', answer)
        return '' if answer.code else answer.text.strip()

    async def compose_(self, line: Line, env: Mapping[str, str]) -> str:
        """`env` is what the file's variables are taken from."""
        answer = await _run((*self.compose, *line), {**env, **surroundings()})
        if answer.code:
            raise _trouble('compose', answer)
        return answer.text

    async def lines(self, *line: str) -> AsyncGenerator[str, None]:
        """Of both outputs, as they come."""
        process = await asyncio.create_subprocess_exec(
            self.docker,
            *line,
            env=surroundings(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_WIDE,
        )
        assert process.stdout is not None
        try:
            async for raw in process.stdout:
                yield raw.decode(errors='replace').rstrip('\r\n')
            await process.wait()
        finally:
            await _end(process)


def surroundings() -> dict[str, str]:
    """Nothing of the owner's but what docker needs."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith(_PREFIX)
    }


async def find() -> Engine:
    docker = shutil.which('docker')
    if docker is None:
        raise Trouble('there is no docker here', 'Install Docker: the compose target runs on it')
    await _check_here(docker)
    if (await _run((docker, 'compose', 'version'), surroundings())).code == 0:
        return Engine(docker, (docker, 'compose'))
    alone = shutil.which('docker-compose')
    if alone is None:
        raise Trouble(
            'there is neither `docker compose` nor `docker-compose`',
            'Install the compose plugin of Docker, or the package docker-compose of Debian',
        )
    return Engine(docker, (alone,))


async def _check_here(docker: str) -> None:
    """Instances are reached by ports of 127.0.0.1: the engine has to be on this machine."""
    line = (docker, 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}')
    host = (await _run(line, surroundings())).text.strip()
    if is_elsewhere(host):
        raise Trouble(
            f'docker is on another machine ({host})',
            'Run Liftlock there, or choose another context: `docker context use default`',
        )


def is_elsewhere(host: str) -> bool:
    return host.startswith(('ssh://', 'tcp://', 'http://', 'https://')) and not host.startswith(
        ('tcp://127.0.0.1', 'tcp://localhost')
    )


async def _run(line: Line, env: Mapping[str, str]) -> Answer:
    process = await asyncio.create_subprocess_exec(
        *line,
        env=env,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, error = await process.communicate()
    finally:
        await _end(process)
    return Answer(process.returncode or 0, out.decode(), error.decode(errors='replace'))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Whoever is cancelled leaves no command behind."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _trouble(what: str, answer: Answer) -> Trouble:
    away = 'daemon running' in answer.error or "Couldn't connect to Docker" in answer.error
    hint = 'Start Docker: `systemctl start docker`' if away else ''
    return Trouble(f'{what}: {answer.reason}', hint, again=away)
