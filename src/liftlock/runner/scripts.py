"""Steps with `run:`."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH118

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
        text = fix_up(script, shell.extension).encode('utf-8', 'replace')
        _write(path, text, open_to_all=job.workplace.strangers)
        cwd = os.path.join(job.directories.workspace, folder) if folder else ''
        status = await turn.run(command(shell, path), await reach.for_script(turn), cwd)
    except (BadShell, CannotStart) as error:
        turn.record.fail(str(error))
        return FAILURE
    if status and not turn.leash.level:
        turn.record.fail(f'Process completed with exit code {status}.')
    return turn.conclude(status)


def _write(path: str, text: bytes, *, open_to_all: bool) -> None:
    """A new file: a step may have guessed its name, and laid a link there."""
    opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    with os.fdopen(opened, 'wb', buffering=0) as file:
        if open_to_all:
            os.fchmod(opened, 0o644)
        file.write(text)


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
