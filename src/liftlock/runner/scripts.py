"""Steps with `run:`."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH101, PTH118, PTH123

import os

from liftlock.language.workflow import Run
from liftlock.runner import evaluation, reach
from liftlock.runner.executors.base import CannotStart
from liftlock.runner.shells import BadShell, Shell, command, fix_up
from liftlock.runner.state import FAILURE
from liftlock.runner.turn import Turn


async def run(turn: Turn, does: Run) -> str:
    """Run the script; the outcome. Raises TemplateError and OSError."""
    script = evaluation.text(does.script, turn.scope)
    default_shell, default_folder = turn.frame.defaults
    option = evaluation.text(does.shell, turn.scope) or default_shell
    folder = evaluation.text(does.working_directory, turn.scope) or default_folder
    job = turn.job
    try:
        shell = job.find_shell(option.strip(), job.search_path(turn.env))
        _announce(turn, script, shell)
        path = f'{job.directories.temp}/{job.next_token()}{shell.extension}'
        with open(path, 'wb', buffering=0) as file:  # noqa: ASYNC230 - a small file
            file.write(fix_up(script, shell.extension).encode('utf-8', 'replace'))
        if job.workplace.strangers:
            os.chmod(path, 0o644)
        cwd = os.path.join(job.directories.workspace, folder) if folder else ''
        status = await turn.run(command(shell, path), await reach.for_script(turn), cwd)
    except (BadShell, CannotStart) as error:
        turn.record.fail(str(error))
        return FAILURE
    if status and not turn.leash.level:
        turn.record.fail(f'Process completed with exit code {status}.')
    return turn.conclude(status)


def _announce(turn: Turn, script: str, shell: Shell) -> None:
    lines = script.rstrip('\n').split('\n')
    first = script.strip().partition('\n')[0].rstrip()
    text = [f'##[group]Run {first}', *(f'\x1b[36;1m{line}\x1b[0m' for line in lines)]
    text.append(f'shell: {shell.shown}')
    announce(turn, text)


def announce(turn: Turn, lines: list[str]) -> None:
    """Write what is about to run, with its variables, as one group."""
    if turn.env:
        lines.append('env:')
        lines += (f'  {name}: {value}' for name, value in turn.env.items())
    lines.append('##[endgroup]\n')
    job = turn.job
    job.log.write_many(turn.record.number, job.hide('\n'.join(lines).replace('\r', '')))
