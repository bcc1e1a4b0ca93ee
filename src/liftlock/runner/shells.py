"""How a script is run: command line, file ending and the lines put around it.

Rules: GitHub's runner (ScriptHandlerHelpers). `{0}` stands for the script's path.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from liftlock.language.records import NamedTuple


class Shell(NamedTuple):
    """A program and its arguments, in which `{0}` is the script. `shown` is the log's line."""

    program: str
    arguments: tuple[str, ...]
    extension: str
    shown: str


class BadShell(Exception):
    """The workflow names a shell that cannot be used; the message says why."""


_ARGUMENTS: Final[Mapping[str, str]] = {
    'bash': '--noprofile --norc -e -o pipefail {0}',
    'sh': '-e {0}',
    'python': '{0}',
    'pwsh': '-command ". \'{0}\'"',
    'powershell': '-command ". \'{0}\'"',
    'cmd': '/D /E:ON /V:OFF /S /C "CALL "{0}""',
}
_EXTENSIONS: Final[Mapping[str, str]] = {
    'bash': '.sh',
    'sh': '.sh',
    'python': '.py',
    'pwsh': '.ps1',
    'powershell': '.ps1',
    'cmd': '.cmd',
}
_INVALID: Final = (
    'Invalid shell option. Shell must be a valid built-in '
    "(bash, sh, cmd, powershell, pwsh) or a format string containing '{0}'"
)


def choose(option: str, which: Callable[[str], str | None]) -> Shell:
    """The shell for a step's `shell:` ('' = none given). `which` finds a program, or None.

    Raises BadShell.
    """
    if not option:
        bash = which('bash')
        if bash:
            return Shell(bash, ('-e', '{0}'), '.sh', f'{bash} -e {{0}}')
        return _found('sh', '-e {0}', '.sh', which)
    program, _, arguments = option.partition(' ')
    name = program.lower()
    if not arguments.strip() and name in _ARGUMENTS:
        return _found(name, _ARGUMENTS[name], _EXTENSIONS[name], which)
    if '{0}' not in arguments:
        raise BadShell(_INVALID)
    return _found(program, arguments.strip(), _EXTENSIONS.get(name, ''), which)


def _found(
    program: str, arguments: str, extension: str, which: Callable[[str], str | None]
) -> Shell:
    path = which(program)
    if not path:
        raise BadShell(f'{program}: command not found. Install it, or choose another `shell:`')
    return Shell(path, tuple(split(arguments)), extension, f'{path} {arguments}')


def fix_up(script: str, extension: str) -> str:
    """The script as it is written to its file."""
    script = script.replace('\r\n', '\n')
    if extension == '.ps1':
        return (
            f"$ErrorActionPreference = 'stop'\n{script}\n"
            'if ((Test-Path -LiteralPath variable:\\LASTEXITCODE)) { exit $LASTEXITCODE }'
        )
    if extension == '.cmd':
        return f'@echo off\n{script}'
    return script


def command(shell: Shell, script: str) -> tuple[str, ...]:
    """The words of the process to start."""
    return (shell.program, *(word.replace('{0}', script) for word in shell.arguments))


def split(text: str) -> list[str]:
    """Split at blanks, but not inside double quotes, as .NET does. `\\"` is a quote as such."""
    words: list[str] = []
    current = ''
    quoted = started = False
    for part in re.split(r'(\\"|"|\s)', text):
        if part == '"':
            quoted, started = not quoted, True
        elif part.isspace() and not quoted:
            words += [current] if current or started else []
            current, started = '', False
        else:
            current += part.replace('\\"', '"')
    return words + ([current] if current or started else [])
