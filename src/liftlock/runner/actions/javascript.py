"""Actions that run on Node.js.

GitHub brings a Node.js for every version that an action may ask for; here the one on PATH runs
them all, which newer ones do. Rules: GitHub's runner (NodeScriptActionHandler).
"""

from collections.abc import Mapping

from liftlock.runner import environment
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed


async def run(turn: Turn, directory: str, script: str, inputs: Mapping[str, str]) -> str:
    """One stage of an action; its outcome."""
    turn.lend()
    job = turn.job
    node = job.workplace.find('node', job.search_path(turn.env))
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
    return turn.conclude(status)
