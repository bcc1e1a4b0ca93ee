"""The container engine that a step's own processes reach, and how it builds.

Asked through the step's PATH, as its `run:` steps would: so it is also right in a container that
brings a docker program and is given the socket. What is logged into stays in the job's HOME.
"""

import json
import re
from pathlib import Path
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.answers import ask
from liftlock.runner.workbench import StepFailed, Workbench

BUILDX: Final = 'buildx'  # the plugin
BUILDKIT: Final = 'buildkit'  # what Docker's command line had in it up to 22
CLASSIC: Final = 'classic'  # the old builder, which later ones fall back to
PODMAN: Final = 'podman'
_KNOWN: Final = ('docker', 'podman')  # best first
_LAST_WITH_BUILDKIT: Final = 22
_PROBE: Final = (
    'for each; do command -v "$each" >/dev/null 2>&1 || continue; printf "== %s\\n" "$each"; '
    '"$each" version --format "{{json .}}" 2>&1 && break; printf "\\n"; done; :'
)
_TOUCH: Final = 'umask 077; [ -e "$1" ] || { mkdir -p "${1%/*}" && echo "{}" > "$1"; }'
_LOOPBACK: Final = re.compile(
    r'(?:https?://)?(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?(?:/|$)'
)


class Engine(NamedTuple):
    """`builder` is one of the names above; `platform` is its own, as in `linux/amd64`."""

    program: str
    builder: str
    version: str
    platform: str

    @property
    def podman(self) -> bool:
        return self.builder == PODMAN


async def find(bench: Workbench, action: str) -> Engine:
    """The first that answers. StepFailed with what to do; `action` is who needs it."""
    choice = bench.world.container_engine
    said = await bench.capture('sh', '-c', _PROBE, 'sh', *((choice,) if choice else _KNOWN))
    complaints = []
    for part in said.split('== ')[1:]:
        program, _, answer = part.partition('\n')
        told, complaint = _read(answer)
        if not complaint:
            return await _describe(bench, program, told)
        complaints.append(f'{program}: {complaint}')
    if complaints:
        raise StepFailed(
            f'{action} needs a container engine, and the one here does not answer this job '
            f'({"; ".join(complaints)}). Start it, or let the job run on the host: a sandbox '
            'reaches no engine'
        )
    raise StepFailed(f'{action} needs a container engine, but {_lack(bench, choice)}')


def _lack(bench: Workbench, choice: str) -> str:
    names = f'no {choice}' if choice else f'neither {" nor ".join(_KNOWN)}'
    if bench.in_container:
        return (
            f"the job's container has {names} in it. Take an image with a docker program, or let "
            'the job run without `container:`'
        )
    return f'this job has {names} on its PATH. Install Docker or podman'


def _read(answer: str) -> tuple[dict[str, Any], str]:
    """What it tells, or its complaint. Warnings may stand around the answer."""
    lines = [line.strip() for line in answer.splitlines() if line.strip()]
    told: dict[str, Any] = {}
    for line in lines:
        if line.startswith('{"'):
            told = json.loads(line)
    client = told.get('Client') or {}
    if told and ('OsArch' in client or told.get('Server')):
        return told, ''
    others = [line for line in lines if not line.startswith('{"')]
    return {}, (others or ['no answer'])[-1]


async def _describe(bench: Workbench, program: str, told: dict[str, Any]) -> Engine:
    client = told['Client']
    version = str(client.get('Version', ''))
    if 'OsArch' in client:
        server = (told.get('Server') or {}).get('OsArch')
        return Engine(program, PODMAN, version, str(server or client['OsArch']))
    server = told['Server']
    platform = f'{server.get("Os", "linux")}/{server.get("Arch", "")}'
    if (await ask(bench, program, 'buildx', 'version')).code == 0:
        return Engine(program, BUILDX, version, platform)
    major = version.partition('.')[0]
    old = major.isdecimal() and int(major) <= _LAST_WITH_BUILDKIT
    return Engine(program, BUILDKIT if old else CLASSIC, version, platform)


def config_directory(bench: Workbench) -> Path:
    """Where the job's docker keeps what it is logged into."""
    given = bench.env.get('DOCKER_CONFIG', '')
    return bench.workspace / given if given else bench.home / '.docker'


def is_loopback(registry: str) -> bool:
    """Docker speaks plain HTTP with these where it must; podman has to be told."""
    return _LOOPBACK.match(registry) is not None


# --- registries


async def credentials(bench: Workbench, engine: Engine) -> dict[str, str]:
    """Variables that have the engine use what the job is logged into, and nothing else.

    Docker looks in HOME. Podman looks where its user is logged in, and wants the file to be there.
    """
    if not engine.podman:
        return {}
    file = str(config_directory(bench) / 'config.json')
    await bench.capture('sh', '-c', _TOUCH, 'sh', file)
    return {'REGISTRY_AUTH_FILE': file}


async def log_in(
    bench: Workbench,
    engine: Engine,
    registry: str,
    username: str,
    password: str,
    config: Path | None = None,
) -> None:
    """StepFailed with the engine's words if it is refused.

    `config` is another directory for it than the job's own.
    """
    directory = config or config_directory(bench)
    words, env = [engine.program, 'login'], {'DOCKER_CONFIG': str(directory)}
    if engine.podman:
        file = directory / 'config.json'
        words += ['--authfile', str(file), *_plain(registry)]
        bench.export('REGISTRY_AUTH_FILE', str(file))  # for the steps that use podman themselves
    words += ['--username', username, '--password-stdin', registry]
    answer = await ask(bench, *words, given=password, env=env)
    if answer.code:
        raise StepFailed(answer.reason)
    bench.log('Login Succeeded!')


async def log_out(
    bench: Workbench, engine: Engine, registry: str, config: Path | None = None
) -> str:
    """What the engine complains of, '' if it doesn't."""
    directory = config or config_directory(bench)
    words, env = [engine.program, 'logout'], {'DOCKER_CONFIG': str(directory)}
    if engine.podman:
        words += ['--authfile', str(directory / 'config.json')]
    answer = await ask(bench, *words, registry, env=env)
    return answer.reason if answer.code else ''


def _plain(registry: str) -> list[str]:
    return ['--tls-verify=false'] if is_loopback(registry) else []
