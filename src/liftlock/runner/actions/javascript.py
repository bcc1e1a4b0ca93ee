"""Actions that run on Node.js.

GitHub brings a Node.js for every version that an action may ask for; here the machine's own runs
them all, which newer ones do; not the one that a job has set up for its tests, which may be as old
as those want it. Rules: GitHub's runner (NodeScriptActionHandler).
"""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.runner import environment
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

# What actions say whose default is `${{ github.token }}`.
_NO_TOKEN: Final = re.compile(r'not supplied: \S*token|GITHUB_TOKEN', re.IGNORECASE)


async def run(turn: Turn, directory: str, script: str, inputs: Mapping[str, str]) -> str:
    """One stage of an action; its outcome."""
    turn.lend()
    job = turn.job
    find = job.workplace.find
    node = find('node', job.base['PATH']) or find('node', job.search_path(turn.env))
    if node is None:
        raise StepFailed(
            'This action is written in JavaScript, but there is no `node` on PATH. Install '
            'Node.js, or put a step with actions/setup-node before this one'
        )
    states = job.states.setdefault(turn.instance, {})
    more = {
        **{f'STATE_{name}': text for name, text in states.items()},
        **environment.inputs(inputs),
    }
    status = await turn.run((node, f'{directory}/{script}'), more)
    states.update(turn.effects.state)
    if status and not turn.leash.level and not turn.record.message:
        turn.record.fail(f'The action ended with exit code {status}.')
    if status and _NO_TOKEN.search(turn.record.message) and not job.github['token']:
        turn.record.say(
            'This run has no token. `-s GITHUB_TOKEN` takes one from the environment, or asks for '
            'it; `gh auth token` prints yours.'
        )
    return turn.conclude(status)
