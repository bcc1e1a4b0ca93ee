"""Actions that run on Node.js. Rules: GitHub's runner (NodeScriptActionHandler)."""

import re
from collections.abc import Mapping
from typing import Final

from liftlock.language.action import JavaScript
from liftlock.language.expressions.values import to_text
from liftlock.runner import environment, origin, reach
from liftlock.runner.actions import runtime
from liftlock.runner.executors.files import is_file
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

# What actions say that want a token, or have one that GitHub doesn't know.
_NO_TOKEN: Final = re.compile(
    r'(?<!unexpected )\btokens?\b|GITHUB_TOKEN|bad credentials', re.IGNORECASE
)
# Actions that refuse to start without a token, though they can do (part of) their work without.
_INSISTING: Final = {origin.CHECKOUT: 'token', 'actions/github-script': 'github-token'}
_PRETENDED: Final = 'no-token-was-given'


async def run(
    turn: Turn, directory: str, runs: JavaScript, script: str, inputs: Mapping[str, str]
) -> str:
    """One stage of an action, which `script` is; its outcome."""
    path = f'{directory}/{script}'
    if not is_file(turn.job.workplace.files, path):
        raise StepFailed(f"File not found: '{path}'")
    turn.lend()
    node = await runtime.find(turn, runs.using)
    states = turn.job.states.setdefault(turn.instance, {})
    more = {
        **{f'STATE_{name}': text for name, text in states.items()},
        **_variables(turn, inputs),
        **await reach.for_javascript(turn),
    }
    if 'NODE_ICU_DATA' in turn.env:  # it is meant for another node
        more['NODE_ICU_DATA'] = ''
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


def _variables(turn: Turn, inputs: Mapping[str, str]) -> dict[str, str]:
    """INPUT_…, and where git finds things."""
    settings = origin.variables(turn, inputs)
    wanted = _INSISTING.get(to_text(turn.github['action_repository']).lower())
    if wanted is not None and not inputs.get(wanted):
        inputs = {**inputs, wanted: _PRETENDED}
    return {**environment.inputs(inputs), **settings}
