"""snok/install-poetry, v1: Poetry from the package index, in an environment of its own.

The original runs Poetry's installer, which is a script from GitHub. What that does is done here:
`venv` and `bin` below POETRY_HOME, by default ~/.local of the job.
"""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from liftlock.runner.actions.answers import ask
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'version': 'latest',
    'virtualenvs-create': 'true',
    'virtualenvs-in-project': 'false',
    'virtualenvs-path': '{cache-dir}/virtualenvs',
    'installer-parallel': 'true',
    'installation-arguments': '',
    'plugins': '',
}
_IMAGE: Final = "Take an image with Python for the job's container"
_PYTHON: Final = (
    'Put a step with actions/setup-python before this one, or install python3 and python3-venv'
)
_LENDING: Final = 23
# `poetry config KEY VALUE` for several keys in one process: to start one takes over a second.
_CONFIGURE: Final = """
import sys
from importlib.metadata import distribution
poetry = distribution('poetry')
main = next(one for one in poetry.entry_points if one.name == 'poetry').load()
words = sys.argv[1:]
for key, value in zip(words[::2], words[1::2]):
    sys.argv = ['poetry', 'config', key, value]
    try:
        code = main()
    except SystemExit as ended:
        code = ended.code
    if code and key != 'installer.parallel':  # which old ones don't have
        sys.exit(code)
print(f'Poetry {poetry.version} is installed')
"""


async def main(bench: Workbench) -> None:
    given = bench.env.get('POETRY_HOME', '')
    place = bench.workspace / given if given else bench.home / '.local'
    await _install(bench, place)
    bench.add_path(place / 'bin')
    plugins = bench.inputs['plugins'].split()
    if plugins:
        bench.log(f'Installing plugins: {" ".join(plugins)}')
        await bench.run('poetry', 'self', 'add', *plugins)
    await _configure(bench, place / 'venv/bin/python')
    bench.export('VENV', '.venv/bin/activate')
    if bench.inputs['virtualenvs-create'] == 'true':
        bench.log("An environment in the project is activated by 'source .venv/bin/activate'")


async def _install(bench: Workbench, place: Path) -> None:
    package, options = _read(bench)
    environment = place / 'venv'
    python = str(environment / 'bin/python')
    bench.log(f'Installing {package} below {place}')
    # To make a pip for it takes longer than all else; one from 22.3 on installs for others.
    told = await ask(bench, 'python3', '-m', 'pip', '--version')
    lends = re.match(r'pip (\d+)\.', told.text) if told.code == 0 else None
    lean = lends is not None and int(lends[1]) >= _LENDING
    await _make(bench, environment, ['--without-pip'] if lean else [])
    pip = ('python3', '-m', 'pip', '--python', python) if lean else (python, '-m', 'pip')
    more = ('--quiet', '--disable-pip-version-check', '--no-compile', *options)
    await bench.run(*pip, 'install', *more, package)
    link = 'mkdir -p "$2" && ln -sf "$1" "$2/poetry"'
    program = str(environment / 'bin/poetry')
    await bench.run('sh', '-c', link, 'sh', program, str(place / 'bin'))


async def _make(bench: Workbench, environment: Path, options: Sequence[str]) -> None:
    if '--force' in bench.inputs['installation-arguments']:
        options = [*options, '--clear']
    made = await ask(bench, 'python3', '-m', 'venv', *options, str(environment))
    if made.code:
        said = (made.text.strip() or made.reason).partition('\n')[0]
        raise StepFailed(
            f'python3 cannot make an environment for Poetry ({said}). '
            + (_IMAGE if bench.in_container else _PYTHON)
        )


def _read(bench: Workbench) -> tuple[str, Sequence[str]]:
    """What pip is to install, from the version and the installer's own arguments."""
    version = bench.inputs['version'].strip()
    package = 'poetry' if version in ('', 'latest') else f'poetry=={version}'
    options: list[str] = []
    words = iter(shlex.split(bench.inputs['installation-arguments']))
    for word in words:
        option, _, value = word.partition('=')
        match option:
            case '--preview' | '-p' | '--allow-prereleases':
                options.append('--pre')
            case '--git':
                package = f'poetry @ git+{value or next(words, "")}'
            case '--path':
                package = value or next(words, '')
            case '--force' | '-f' | '--yes' | '-y' | '--accept-all':
                pass
            case '--version':
                package = f'poetry=={value or next(words, "")}'
            case _:
                raise StepFailed(f"installation-arguments: '{word}' is not supported here")
    return package, options


async def _configure(bench: Workbench, python: Path) -> None:
    path = bench.inputs['virtualenvs-path']
    if path.startswith('~'):
        path = f'{bench.home}{path[1:]}'
    settings = {
        'virtualenvs.create': bench.inputs['virtualenvs-create'],
        'virtualenvs.in-project': bench.inputs['virtualenvs-in-project'],
        'virtualenvs.path': path,
        'installer.parallel': bench.inputs['installer-parallel'],
    }
    words = (word for pair in settings.items() for word in pair)
    await bench.run(str(python), '-c', _CONFIGURE, *words)
