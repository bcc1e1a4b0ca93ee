"""Asking git, without the user's environment getting between.

A hook, or a shell in which somebody exported GIT_DIR, would send every question to the wrong
repository. So of the variables that begin with GIT_ only those pass that say how to reach a
server. GIT_OPTIONAL_LOCKS keeps a mere question from refreshing the user's index.
"""

import asyncio
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple

_PASSED = (
    'GIT_ASKPASS',
    'GIT_CONFIG_GLOBAL',
    'GIT_CONFIG_NOSYSTEM',
    'GIT_CONFIG_SYSTEM',
    'GIT_EXEC_PATH',
    'GIT_PROXY_COMMAND',
    'GIT_SSH',
    'GIT_SSH_COMMAND',
    'GIT_SSH_VARIANT',
    'GIT_SSL_CAINFO',
    'GIT_SSL_CAPATH',
    'GIT_SSL_NO_VERIFY',
)
# Nobody's settings: a checkout must not depend on whose machine it is made on.
NEUTRAL: Mapping[str, str] = {
    'GIT_CONFIG_GLOBAL': os.devnull,
    'GIT_CONFIG_NOSYSTEM': '1',
    'GIT_LFS_SKIP_SMUDGE': '1',
}
# Answers git from its own environment. An empty one before it: what the user's would keep is not
# theirs.
_HELPER: Final = (
    '!login() { [ "$1" != get ] || printf '
    "'username=%s\\npassword=%s\\n'"
    ' "$LIFTLOCK_GIT_USER" "$LIFTLOCK_GIT_TOKEN"; }; login'
)


class Answer(NamedTuple):
    """What git said. `error` is its standard error without progress, stripped."""

    code: int
    text: str
    error: str

    @property
    def last(self) -> str:
        """The line of the error that says most: git's own `fatal:` if there is one."""
        lines = self.error.splitlines() or [f'git exited with {self.code}']
        return next((line for line in lines if line.startswith('fatal: ')), lines[-1])


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith('GIT_') or name in _PASSED
    }
    return {**kept, 'GIT_OPTIONAL_LOCKS': '0', 'GIT_TERMINAL_PROMPT': '0', 'LC_ALL': 'C'} | dict(
        more or {}
    )


def login(url: str, user: str, token: str, *settings: tuple[str, str]) -> dict[str, str]:
    """Variables for git to log in where `url` leads, if it is asked to; and these settings.

    Never anywhere else: a header that is set for one address goes, after a redirection, to the
    other host with the next request. What git asks a helper for is for the host that it talks to.
    """
    parts = urlsplit(url)
    helper = f'credential.{parts.scheme}://{parts.netloc.rpartition("@")[2]}/.helper'
    told = (*settings, (helper, ''), (helper, _HELPER))
    found = {
        'LIFTLOCK_GIT_USER': user,
        'LIFTLOCK_GIT_TOKEN': token,
        'GIT_CONFIG_COUNT': str(len(told)),
    }
    for number, (key, value) in enumerate(told):
        found |= {f'GIT_CONFIG_KEY_{number}': key, f'GIT_CONFIG_VALUE_{number}': value}
    return found


def start(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None
) -> 'subprocess.Popen[bytes]':
    """Start git and return at once, so that several questions are answered side by side."""
    try:
        return subprocess.Popen(
            ('git', *arguments),
            cwd=cwd,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        if not cwd.is_dir():
            raise UserError(f'{cwd} is not a directory') from None
        raise _missing() from None


def finish(process: 'subprocess.Popen[bytes]') -> Answer:
    out, err = process.communicate()
    return _answer(process.returncode, out, err)


def ask(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Answer:
    return finish(start(*arguments, cwd=cwd, env=env))


async def run(
    *arguments: str,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,  # noqa: ASYNC109 - the time is git's, told in its answer
) -> Answer:
    """Run git beside other work. When the caller is cancelled, git is killed with it."""
    try:
        process = await asyncio.create_subprocess_exec(
            'git',
            *arguments,
            cwd=cwd,
            env=environment(env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError:
        raise _missing() from None
    try:
        async with asyncio.timeout(timeout):
            out, err = await process.communicate()
    except TimeoutError:
        return Answer(-1, '', f'fatal: no answer within {timeout:g} seconds')
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return _answer(process.returncode, out, err)


def _answer(code: int, out: bytes, err: bytes) -> Answer:
    return Answer(
        code,
        out.decode('utf-8', 'surrogateescape'),
        err.decode('utf-8', 'replace').strip(),
    )


def _missing() -> UserError:
    return UserError('git was not found', 'Liftlock needs git 2.31 or newer on PATH: install it')
