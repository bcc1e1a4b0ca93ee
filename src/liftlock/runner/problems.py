"""Where in the repository a problem stands that a matcher found."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH118, PTH120

import os
from collections.abc import Callable

from liftlock.runner.commands import Spot
from liftlock.runner.executors.files import Files, exists, is_file
from liftlock.runner.matchers import Finding


def locate(finding: Finding, workspace: str, outside: Callable[[str], str], files: Files) -> Spot:
    """The file relative to its repository; none if it isn't there or not in a checkout.

    `outside` gives this machine's name of a path that a process printed.
    """
    line, column = finding.number('line'), finding.number('column')
    return Spot(_relative(finding, workspace, outside, files), line, 0, column if line else 0)


def _relative(finding: Finding, workspace: str, outside: Callable[[str], str], files: Files) -> str:
    file = outside(finding.fields.get('file', '').strip())
    if not file:
        return ''
    start = os.path.dirname(outside(finding.fields.get('fromPath', '')))
    path = os.path.normpath(os.path.join(workspace, start, file))
    if not path.startswith(f'{workspace}/') or not is_file(files, path):
        return ''
    folder = os.path.dirname(path)
    while len(folder) >= len(workspace):
        if exists(files, f'{folder}/.git'):
            return path[len(folder) + 1 :]
        folder = os.path.dirname(folder)
    return ''
