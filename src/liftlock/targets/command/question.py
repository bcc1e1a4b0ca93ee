"""Short commands that only look: `status` and `verify`."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple

_MOST: Final = 64 * 1024


class Answer(NamedTuple):
    """`why` it is none; '' if the command succeeded."""

    text: str
    why: str = ''


async def ask(line: Sequence[str], env: Mapping[str, str], cwd: Path, seconds: float) -> Answer:
    """Ended with all its group when it takes too long, and when nobody waits for it any more."""
    with tempfile.TemporaryFile() as said:  # a pipe would be waited for as long as anybody has it
        process = await asyncio.create_subprocess_exec(
            *line,
            cwd=cwd,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        why = ''
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
                why = f'exit code {code}' if code else ''
        except TimeoutError:
            why = f'it was ended after {seconds:g} s'
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        said.seek(0)
        return Answer(said.read(_MOST).decode('utf-8', 'replace'), why)
