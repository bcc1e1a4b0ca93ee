"""What a command says: by its exit code; with a condition, by the number on its last line."""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Final

from liftlock.language.settings.model import Analysis
from liftlock.observe import commands
from liftlock.observe.commands import Ended
from liftlock.rollout.reading import Reading

OVERTIME: Final = 124  # as of timeout(1)
_NUMBER: Final = re.compile(r'([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*(%?)')


async def read(analysis: Analysis, env: Mapping[str, str], directory: str) -> Reading:
    try:
        ended = await commands.run(analysis.command, env, analysis.timeout, directory)
    except OSError as error:
        return Reading(error=f'the command cannot be started: {error.strerror or error}')
    return interpret(analysis, ended)


def interpret(analysis: Analysis, ended: Ended) -> Reading:
    told = ended.told(analysis.timeout)
    if analysis.failure is None and analysis.success is None:
        code = OVERTIME if ended.code is None else ended.code
        return Reading(float(code), message=told or 'exit code 0')
    if told:
        return Reading(error=told)
    if not ended.last:
        return Reading(message='no data: it printed nothing')
    found = _NUMBER.fullmatch(ended.last)
    value = float(found[1]) / (100.0 if found[2] else 1.0) if found else float('nan')
    if not isfinite(value):
        return Reading(error=f'its last line is no number: {ended.last[: commands.LONGEST]}')
    return Reading(value)
