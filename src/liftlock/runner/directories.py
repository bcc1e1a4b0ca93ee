"""Where the files of one attempt at a job are, laid out as GitHub's runner does."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH102, PTH103, PTH112

import os

from liftlock.language.records import NamedTuple


class Directories(NamedTuple):
    """Paths as texts: they are joined thousands of times."""

    root: str
    runner_workspace: str
    workspace: str
    temp: str
    home: str
    commands: str  # the files that GITHUB_OUTPUT and its sisters name
    event: str  # event.json


def name(root: str, repository: str) -> Directories:
    """`repository` is owner/name; the workspace lies in a directory of that name, twice."""
    short = repository.rpartition('/')[2] or 'repository'
    temp = f'{root}/_temp'
    return Directories(
        root=root,
        runner_workspace=f'{root}/{short}',
        workspace=f'{root}/{short}/{short}',
        temp=temp,
        home=f'{root}/_home',
        commands=f'{temp}/_runner_file_commands',
        event=f'{temp}/_github_workflow/event.json',
    )


def make(directories: Directories) -> None:
    """Create what is not there yet. Raises OSError."""
    for path in (
        directories.root,
        directories.runner_workspace,
        directories.workspace,
        directories.temp,
        directories.commands,
        f'{directories.temp}/_github_workflow',
    ):
        try:
            os.mkdir(path)
        except FileExistsError:
            continue
        except FileNotFoundError:
            os.makedirs(path)
    if not os.path.isdir(directories.home):
        os.mkdir(directories.home, 0o700)
