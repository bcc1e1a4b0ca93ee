"""Having an image: one that is here is used, another one is pulled.

`docker run` does the same. GitHub's runner pulls in any case, on machines that never have one; here
that would cost every job a question to a registry, and fail without network or for images that
were built on this machine.
"""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

from liftlock.language import image as names
from liftlock.runner.docker.engine import Engine, EngineFailed
from liftlock.runner.docker.sockets import endpoint

TRIES: Final = 3
PAUSE: Final = (1.0, 10.0)  # seconds between tries, at random
REMEMBERED: Final = 60.0  # seconds for which other jobs ask a registry once that did not answer
# What another try would not change.
_FINAL: Final = (
    'manifest unknown', 'not found', 'unauthorized', 'access denied', 'denied:',
    'invalid reference', 'no basic auth', 'no matching manifest', 'authentication required',
    'incorrect username or password', 'must use a token',
)  # fmt: skip

Say = Callable[[str], None]
Note = Callable[[str, str], None]  # is told the image, as it is written, and its digest

_FORMAT: Final = '{{.Id}}{{range .RepoDigests}} {{.}}{{end}}'


# Program of the engine and registry -> when it did not answer the last time.
_silent: Final[dict[tuple[str, str], float]] = {}


class CannotFetch(EngineFailed):
    """The registry was not reached: another way to what the image holds may be taken."""


async def have(
    engine: Engine, image: str, say: Say, note: Note, username: str = '', password: str = ''
) -> str:
    """Have the image here and return how the engine calls it. Raises EngineFailed, OSError."""
    named = names.parse(image)
    if named is None:
        raise EngineFailed(
            f"'{image}' names no image: [registry/]name[:tag][@sha256:…] is expected"
        )
    here = await engine.ask('image', 'inspect', '--format', _FORMAT, image)
    name = image
    if here.code == 0:
        _tell_age(engine, image, named, here.text, say)
    else:
        # Podman does not take Docker Hub for granted.
        name = in_full(named) if engine.podman else image
        async with _logged_in(engine, named.registry, username, password, say) as login:
            await _pull(engine, name, named.registry, login, say)
        here = await engine.tell('image', 'inspect', '--format', _FORMAT, name)
    note(image, pick_digest(named, here.text.split()[1:]))
    return name


def in_full(named: names.Image) -> str:
    tag = f':{named.tag}' if named.tag and not named.digest else ''
    return f'{named.name}{tag}' + (f'@{named.digest}' if named.digest else '')


def _tell_age(engine: Engine, image: str, named: names.Image, told: str, say: Say) -> None:
    short = told.split()[0].removeprefix('sha256:')[:12]
    newer = '' if named.digest else f'; `{engine.name} pull {image}` asks for a newer one'
    say(f'Using {image} as it is on this machine ({short}){newer}')


def pick_digest(named: names.Image, known: Sequence[str]) -> str:
    """That under which its registry knows it; '' for what was built here."""
    pairs = [entry.partition('@') for entry in known]
    digests = {names.parse(name): digest for name, _, digest in pairs}
    wanted = names.Image(named.registry, named.repository)
    return named.digest or digests.get(wanted) or next(iter(digests.values()), '')


async def _pull(engine: Engine, image: str, registry: str, login: '_Login', say: Say) -> None:
    words = (*login.before, 'pull', *login.after, image)
    said: list[str] = []

    def hear(line: str) -> None:
        said.append(line)
        say(line)

    say(f'##[command]{engine.name} pull {image}')
    for left in reversed(range(TRIES)):
        said.clear()
        code = await engine.show(hear, *words)
        if code == 0:
            _silent.pop((engine.program, registry), None)
            return
        last = next((line for line in reversed(said) if line.strip()), '')
        final = _is_final(said)
        wrong = f"Docker pull failed with exit code {code}: '{image}': {last}"
        if final:
            raise EngineFailed(wrong)
        if not left or _was_silent(engine, registry):
            _silent[engine.program, registry] = time.monotonic()
            raise CannotFetch(wrong)
        pause = random.uniform(*PAUSE)  # noqa: S311 - no secret
        say(
            f'##[warning]Docker pull failed with exit code {code}, '
            f'back off {pause:.1f} seconds before retry.'
        )
        await asyncio.sleep(pause)


def _was_silent(engine: Engine, registry: str) -> bool:
    """Some job has tried often enough just now."""
    then = _silent.get((engine.program, registry))
    return then is not None and time.monotonic() - then < REMEMBERED


def _is_final(said: list[str]) -> bool:
    text = '\n'.join(said).lower()
    return any(sign in text for sign in _FINAL)


class _Login:
    """Words before and after the command that let it use these credentials."""

    __slots__ = ('after', 'before')

    def __init__(self, before: tuple[str, ...] = (), after: tuple[str, ...] = ()) -> None:
        self.before = before
        self.after = after


@asynccontextmanager
async def _logged_in(
    engine: Engine, server: str, username: str, password: str, say: Say
) -> AsyncIterator[_Login]:
    """Credentials live in a directory of their own for as long as the pull takes."""
    if not (username and password):
        yield _Login()
        return
    folder = tempfile.mkdtemp(prefix='liftlock-login-')
    try:
        if engine.podman:
            login = _Login(after=('--authfile', f'{folder}/auth.json'))
        else:
            # The user's own settings tell which engine is meant, and are not in that directory.
            login = _Login(before=('--host', endpoint(), '--config', folder))
        await _log_in(engine, server, username, password, login)
        yield login
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _log_in(engine: Engine, server: str, username: str, password: str, login: _Login) -> None:
    answer = await engine.ask(
        *login.before, 'login', *login.after, '--username', username, '--password-stdin',
        server, given=password.encode(),
    )  # fmt: skip
    if answer.code:
        raise EngineFailed(
            f"Docker login for '{server}' failed with exit code {answer.code}: {answer.reason}. "
            'Look at the `credentials:` of the container'
        )
