"""Asking a program: its exit code is part of the answer, and nothing reaches the log.

What `Workbench.capture` does not: something on standard input, and failures that are no failures.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.workbench import Workbench

_GIVEN: Final = 'LIFTLOCK_GIVEN'
# Standard output goes on as it comes, behind it a mark, the exit code and what was on standard
# error. What is given comes in a variable, which the program itself does not get.
_SCRIPT: Final = (
    'exec 3>&1; mark=$1; shift; {before}error=$({feed}"$@" 2>&1 >&3 3>&-); code=$?; '
    'printf "%s%s\\n%s" "$mark" "$code" "$error"'
)
_PLAIN: Final = _SCRIPT.format(before='', feed='')
_FEEDING: Final = _SCRIPT.format(
    before=f'given=${_GIVEN}; unset {_GIVEN}; ', feed='printf %s "$given" | '
)


class Answer(NamedTuple):
    """`text` is standard output, `error` standard error, stripped."""

    code: int
    text: str
    error: str

    @property
    def reason(self) -> str:
        """Its complaint, on one line."""
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        return ' '.join(lines) or f'exit code {self.code}'


async def ask(
    bench: Workbench,
    *command: str,
    given: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Answer:
    """Run to the end, whatever that is; a program that is missing has the exit code 127.

    `given` is its standard input (no NUL, at most 100 KB), else there is none.
    """
    mark = f'liftlock-{os.urandom(12).hex()} '
    script, more = (_PLAIN, {}) if given is None else (_FEEDING, {_GIVEN: given})
    variables = {**(env or {}), **more}
    out = await bench.capture('sh', '-c', script, 'sh', mark, *command, env=variables, cwd=cwd)
    text, _, rest = out.partition(mark)
    code, _, error = rest.partition('\n')
    return Answer(int(code), text, error.strip())
