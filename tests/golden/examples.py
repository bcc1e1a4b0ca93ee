"""Golden cases of diagnostics: a file, or a directory that stands for a repository, beside `.out`.

    checks/<code>/<name>.yml    a workflow          checks/<code>/<name>/…    several files
    settings/<code>/<name>.yml  a liftlock.yml      …/<name>.out              what is said about it

Each case must be told its own code. `silent` holds files that nothing is said about.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from liftlock.cli.check import Desk, discover
from liftlock.language import report
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.settings.parse import parse

HERE: Final = Path(__file__).parent
SILENT: Final = 'silent'


def cases(kind: str) -> list[Path]:
    """Every case of `checks` or `settings`, in the order of their codes and names."""
    found = (path for code in (HERE / kind).iterdir() for path in code.iterdir())
    return sorted(path for path in found if path.is_dir() or path.suffix == '.yml')


def label(case: Path) -> str:
    return f'{case.parent.name}/{case.stem}'


def files(case: Path) -> dict[str, str]:
    """The files of a case by the name that diagnostics show."""
    if case.is_dir():
        with inside(case):
            return {str(path): path.read_text() for path in discover(Path.cwd())}
    name = 'liftlock.yml' if case.parent.parent.name == 'settings' else case.name
    return {name: case.read_text()}


def diagnostics(case: Path) -> list[Diagnostic]:
    given = files(case)
    if case.parent.parent.name == 'settings':
        return list(parse('liftlock.yml', given['liftlock.yml']).diagnostics)
    with inside(case if case.is_dir() else case.parent):
        desk = Desk()
        return [found for name in given for found in desk.check(name)]


def shown(case: Path) -> str:
    lines = {name: text.splitlines() for name, text in files(case).items()}
    found = sorted(diagnostics(case), key=report.order)
    return '\n'.join(report.text(one, lines.get(one.file, ())) for one in found)


@contextmanager
def inside(directory: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)
