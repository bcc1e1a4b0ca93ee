"""What somebody needs who wants to find a bug of ours: a page to paste into an issue."""

import os
import platform
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence

from liftlock import VERSION

SECRETIVE = ('-s', '--secret')
_BUNDLED = re.compile('-[a-zA-Z]*s')  # `-sNAME=value`, `-vs NAME=value`


def write(error: BaseException, arguments: Sequence[str]) -> str:
    """Write the report to a new file of our own and return its path."""
    handle, path = tempfile.mkstemp(prefix='liftlock-bug-', suffix='.md')
    with os.fdopen(handle, 'w', encoding='utf-8', errors='replace') as file:
        file.write(render(error, arguments))
    return path


def render(error: BaseException, arguments: Sequence[str]) -> str:
    trace = ''.join(traceback.format_exception(error))
    return (
        '# liftlock failed\n\n'
        f'- liftlock {VERSION}\n'
        f'- Python {platform.python_version()} ({sys.executable})\n'
        f'- {platform.platform()}\n'
        f'- command: `liftlock {" ".join(without_secrets(arguments))}`\n\n'
        f'```\n{trace}```\n'
    )


def without_secrets(arguments: Sequence[str]) -> Iterator[str]:
    """The command line with the values of secrets left out: this page is made to be shown."""
    secret = False
    for argument in arguments:
        flag, equals, rest = argument.partition('=')
        if secret:
            yield f'{flag}=…' if equals else flag
        elif flag in SECRETIVE and equals:
            yield f'{flag}={rest.partition("=")[0]}=…'
        elif _BUNDLED.match(argument):
            yield f'{flag}=…' if equals else flag
        else:
            yield argument
        secret = argument in SECRETIVE or (not equals and bool(_BUNDLED.match(argument)))
