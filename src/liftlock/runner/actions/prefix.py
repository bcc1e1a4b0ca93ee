"""A Python of its own for each job, in milliseconds, so that jobs cannot spoil one another's.

Not a virtual environment: `pip install --user` and `uv pip install --system` refuse those, and
both work on GitHub's machines. It is a second prefix: the executable is linked (not symbolically:
Python resolves symbolic links to find its prefix), the standard library is symbolic links, and
site-packages is new and holds pip, as in GitHub's tool cache (and setuptools, where that Python
still comes with it).

What all jobs link to is made once per interpreter, below the tool cache:

    liftlock/python/<version>-<digest>/python   a copy of the executable, never the user's own file
    liftlock/python/<version>-<digest>/site/    pip, unpacked and compiled; upgraded if it can be
    liftlock/python/<version>-<digest>/known    where things are, as the interpreter itself told
"""

import asyncio
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.interpreters import Interpreter
from liftlock.runner.workbench import StepFailed, Workbench

_MISSING_HERE = ('site-packages', 'dist-packages', 'EXTERNALLY-MANAGED')
# Run by the interpreter in its new prefix. Distributions move site-packages about; it knows where.
_WHERE = """
import json, os, site, sys, sysconfig
stdlib = os.path.dirname(os.__file__)
print(json.dumps({
    'sites': site.getsitepackages(),
    'scripts': sysconfig.get_path('scripts'),
    'purelib': sysconfig.get_path('purelib'),
}))
"""
_STDLIB = 'import os; print(os.path.dirname(os.path.realpath(os.__file__)))'


class Known(NamedTuple):
    """Paths relative to the prefix."""

    name: str  # python3.12, python3.13t
    stdlib: str  # lib/python3.12
    site: str  # where pip lies
    scripts: tuple[str, ...]  # every directory that commands may be installed to


async def make(bench: Workbench, interpreter: Interpreter, directory: Path) -> list[Path]:
    """Lay the prefix out in this directory, unless an earlier step of the job did. Returns the
    directories of its commands, the most important last."""
    template = await _prepare_template(bench, interpreter)
    known = _read_known(template)
    if not (directory / 'bin' / 'pip').exists():
        await asyncio.to_thread(_copy, interpreter, template, directory, known)
    return [directory, *(directory / folder for folder in reversed(known.scripts))]


def _copy(interpreter: Interpreter, template: Path, directory: Path, known: Known) -> None:
    _lay(interpreter, directory, known, template / 'python')
    _link_tree(template / 'site', directory / known.site)
    for folder in known.scripts:
        _write_pip(directory, directory / folder, known)


async def _prepare_template(bench: Workbench, interpreter: Interpreter) -> Path:
    stamp = interpreter.executable.stat()
    identity = f'{interpreter.executable} {stamp.st_size} {stamp.st_mtime_ns} {interpreter.prefix}'
    digest = hashlib.sha256(identity.encode()).hexdigest()[:12]
    template = bench.tool_cache / 'liftlock' / 'python' / f'{interpreter.version}-{digest}'
    if not template.is_dir():
        draft = template.with_name(f'.{template.name}.{os.getpid()}.{id(bench):x}')
        shutil.rmtree(draft, ignore_errors=True)
        try:
            await _make_template(bench, interpreter, draft)
            draft.rename(template)
        except OSError:
            if not template.is_dir():  # else another job was faster
                raise
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return template


async def _make_template(bench: Workbench, interpreter: Interpreter, draft: Path) -> None:
    stdlib = Path(
        (await bench.capture(str(interpreter.executable), '-E', '-s', '-c', _STDLIB)).strip()
    )
    trial = draft / 'trial'
    guess = await asyncio.to_thread(_start_template, interpreter, draft, stdlib, trial)
    told = json.loads(await bench.capture(str(trial / 'bin/python'), '-E', '-s', '-c', _WHERE))
    known = _place(guess, trial, told)
    await asyncio.to_thread(_unpack_pip, stdlib, draft / 'site')
    if bench.world.tools_last:  # for one job alone it would take longer than it saves
        await _upgrade_pip(bench, trial, draft / 'site', known)
    await asyncio.to_thread(shutil.rmtree, trial)
    (draft / 'known').write_text(json.dumps(known))


def _start_template(interpreter: Interpreter, draft: Path, stdlib: Path, trial: Path) -> Known:
    try:
        relative = stdlib.relative_to(interpreter.prefix.resolve())
    except ValueError:
        raise StepFailed(f'{interpreter.executable} keeps its library in {stdlib}') from None
    draft.mkdir(parents=True)
    shutil.copy2(interpreter.executable, draft / 'python')
    guess = Known(stdlib.name, str(relative), '', ())
    _lay(interpreter, trial, guess, draft / 'python')
    return guess


def _place(guess: Known, trial: Path, told: Mapping[str, Any]) -> Known:
    site = told['purelib'] if told['purelib'] in told['sites'] else told['sites'][0]
    scripts = tuple(dict.fromkeys((os.path.relpath(told['scripts'], trial), 'bin')))
    return guess._replace(site=os.path.relpath(site, trial), scripts=scripts)


def _unpack_pip(stdlib: Path, site: Path) -> None:
    """A wheel is a zip of what goes to site-packages; every Python brings one of pip."""
    import zipfile

    wheels = [*stdlib.glob('ensurepip/_bundled/*.whl')]
    wheels = wheels or [*Path('/usr/share/python-wheels').glob('pip-*.whl')]
    if not wheels:
        raise StepFailed(
            f'the Python in {stdlib} comes without pip: install its ensurepip (python3-venv)'
        )
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)


async def _upgrade_pip(bench: Workbench, trial: Path, site: Path, known: Known) -> None:
    """GitHub's Pythons come with a current pip. Without network, the one it came with serves."""
    python = str(trial / 'bin/python')
    await asyncio.to_thread(shutil.copytree, site, trial / known.site, dirs_exist_ok=True)
    try:
        await bench.capture(
            python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check',
            '--no-warn-script-location', '--retries=0', '--timeout=10', '--no-compile',
            '--upgrade', 'pip', cwd=trial,
        )  # fmt: skip
        await asyncio.to_thread(shutil.rmtree, site)
        await asyncio.to_thread(shutil.copytree, trial / known.site, site)
    except StepFailed:
        bench.debug('pip could not be upgraded; the one that came with Python is used')
    await bench.capture(python, '-m', 'compileall', '-q', str(site))


def _read_known(template: Path) -> Known:
    name, stdlib, site, scripts = json.loads((template / 'known').read_text())
    return Known(name, stdlib, site, tuple(scripts))


def _lay(interpreter: Interpreter, directory: Path, known: Known, executable: Path) -> None:
    base = interpreter.prefix
    for folder in ('bin', 'include', known.stdlib):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    _link(executable, directory / 'bin' / known.name)
    for alias in ('python', 'python3'):
        (directory / 'bin' / alias).symlink_to(known.name)
    for entry in (base / known.stdlib).iterdir():
        if entry.name not in _MISSING_HERE:
            (directory / known.stdlib / entry.name).symlink_to(entry)
    for entry in _wanted_of(base, known.name):
        target = directory / entry.relative_to(base)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.symlink_to(entry)


def _wanted_of(base: Path, name: str) -> Iterator[Path]:
    """What compiling against it, or linking with it, needs. No more: the base may be /usr."""
    yield from base.glob(f'include/{name}*')
    yield from base.glob('lib/libpython*')
    yield from base.glob('lib/pkgconfig/python*')
    yield from base.glob('bin/python*-config')


def _link_tree(source: Path, target: Path) -> None:
    for folder, _, files in os.walk(source):
        here = target / Path(folder).relative_to(source)
        here.mkdir(parents=True, exist_ok=True)
        for name in files:
            _link(Path(folder, name), here / name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)


def _write_pip(directory: Path, folder: Path, known: Known) -> None:
    version = known.name.removeprefix('python')
    folder.mkdir(parents=True, exist_ok=True)
    for name in ('pip', f'pip{version.partition(".")[0]}', f'pip{version}'):
        script = folder / name
        script.write_text(
            f'#!{directory}/bin/python\n'
            'import runpy\n'
            "runpy.run_module('pip', run_name='__main__', alter_sys=True)\n"
        )
        script.chmod(0o755)
