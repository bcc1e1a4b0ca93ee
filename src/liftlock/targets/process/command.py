"""How an instance is started: command line and environment. Pure."""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.rollout.version import Revision
from liftlock.targets.process.ports import LOOPBACK
from liftlock.targets.process.procfs import MARK
from liftlock.targets.process.record import Record

# With one of these in it, a text is more than one plain command: the shell has to stay.
_COMPOUND: Final = re.compile(r'[;&|()<>`\n{}!]')
_OF_THE_SHELL: Final = re.compile(
    r'(if|for|while|until|case|exec|eval|source|\.|command|builtin|time|cd|set|export)(?!\S)'
)
_ASSIGNMENTS: Final = re.compile(
    r"""(?:[A-Za-z_]\w*=(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])*\s+)*"""
)


def script(command: str) -> str:
    """The command, so that the application takes the place of the shell and gets its signals.

    Assignments that lead a command stay in front of `exec`, which passes them on. A text of
    several commands is left as it is: write `exec` before its last one yourself.
    """
    command = command.strip()
    leading = _ASSIGNMENTS.match(command)
    end = leading.end() if leading else 0
    compound = _COMPOUND.search(_without_variables(command))
    if compound or _OF_THE_SHELL.match(command, end):
        return command
    return f'{command[:end]}exec {command[end:]}'


def _without_variables(command: str) -> str:
    """`${NAME}` is no group of commands."""
    return re.sub(r'\$\{\w+\}', '', command)


def line(shell: str, command: str) -> tuple[str, ...]:
    return (shell, '-e', '-c', script(command))


def environment(
    base: Mapping[str, str],
    home: str,
    env: Mapping[str, str],
    told: Mapping[str, str],
) -> dict[str, str]:
    """Nothing of the owner's but PATH; then what the environment says; then what we do."""
    clean = {
        'PATH': base.get('PATH', '/usr/local/bin:/usr/bin:/bin'),
        'LANG': 'C.UTF-8',
        'HOME': home,
    }
    return {**clean, **env, **told}


def names(environment: str, revision: Revision) -> dict[str, str]:
    """What everything that is started for a revision is told."""
    return {
        'LIFTLOCK_ENVIRONMENT': environment,
        'LIFTLOCK_REVISION': revision.name,
        'LIFTLOCK_VERSION': revision.version.name,
    }


def told(record: Record) -> dict[str, str]:
    """What an instance is told of itself."""
    return {'PORT': str(record.port), 'HOST': LOOPBACK, MARK: record.mark}
