"""Actions that run on Node.js. Rules: GitHub's runner (NodeScriptActionHandler)."""

import os
import re
from collections.abc import Mapping
from typing import Final

from liftlock.language.action import JavaScript
from liftlock.runner import environment
from liftlock.runner.actions import runtime
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

# What actions say whose default is `${{ github.token }}`.
_NO_TOKEN: Final = re.compile(r'not supplied: \S*token|GITHUB_TOKEN', re.IGNORECASE)


async def run(
    turn: Turn, directory: str, runs: JavaScript, script: str, inputs: Mapping[str, str]
) -> str:
    """One stage of an action, which `script` is; its outcome."""
    path = f'{directory}/{script}'
    if not _is_file(path):
        raise StepFailed(f"File not found: '{path}'")
    turn.lend()
    node = await runtime.find(turn, runs.using)
    states = turn.job.states.setdefault(turn.instance, {})
    more = {
        **{f'STATE_{name}': text for name, text in states.items()},
        **environment.inputs(inputs),
    }
    status = await turn.run((node, path), more)
    states.update(turn.effects.state)
    if status and not turn.leash.level and not turn.record.message:
        turn.record.fail(f'The action ended with exit code {status}.')
    if status and _NO_TOKEN.search(turn.record.message) and not turn.job.github['token']:
        turn.record.say(
            'This run has no token. `-s GITHUB_TOKEN` takes one from the environment, or asks for '
            'it; `gh auth token` prints yours.'
        )
    return turn.conclude(status)


def _is_file(path: str) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - pathlib costs more than the call
