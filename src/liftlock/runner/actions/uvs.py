"""uv on this machine: of the tool cache, PATH or pyenv; else from PyPI, whose wheel holds it.

pyenv's shims are passed over, as with Pythons: whether they work depends on where they stand.
"""

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.interpreters import architecture, own_home
from liftlock.runner.actions.versions import Range, Version, parse_range, parse_version, pick_newest
from liftlock.runner.workbench import StepFailed, Workbench

LATEST = ('', 'latest', 'latest-known')


class Uv(NamedTuple):
    version: Version
    directory: Path  # holds uv and uvx, and in the tool cache nothing else
    source: str  # for people


async def find(bench: Workbench, wanted: str) -> Uv:
    """The newest here that fits, else from PyPI. `wanted` is what setup-uv understands: a
    version, a range as npm or pip writes it, `latest`. StepFailed if there is none."""
    range_ = None if wanted in LATEST else read_range(wanted)
    if wanted in LATEST or range_ is not None:
        known = {uv.version: uv for uv in await _known(bench)}
        newest = pick_newest(known, range_ or ((),))
        if newest is not None:
            return known[newest]
    return await _from_pypi(bench, _specifier(wanted, range_))


async def bring(bench: Workbench, wanted: str) -> Uv:
    """One that needs nothing of this machine: of the tool cache, or from PyPI. StepFailed."""
    range_ = None if wanted in LATEST else read_range(wanted)
    if wanted in LATEST or range_ is not None:
        known = {uv.version: uv for uv in _in_tool_cache(bench.tool_cache)}
        newest = pick_newest(known, range_ or ((),))
        if newest is not None:
            return known[newest]
    return await _from_pypi(bench, _specifier(wanted, range_))


async def lay(uv: Uv, bench: Workbench) -> Path:
    """A directory that may stand first on PATH: the tool cache's own, or one with links."""
    if uv.directory.is_relative_to(bench.tool_cache):
        return uv.directory
    directory = bench.temp / 'uv' / str(uv.version)
    directory.mkdir(parents=True, exist_ok=True)
    for name in ('uv', 'uvx'):
        link = directory / name
        if (uv.directory / name).exists() and not link.is_symlink():
            link.symlink_to(uv.directory / name)
    return directory


def read_range(wanted: str) -> Range | None:
    """None for what only pip can read, as `~=0.5` or `!=0.5.1`."""
    if '~=' in wanted or '!=' in wanted:
        return None
    return parse_range(wanted.replace('==', '').replace(',', ' '))


def _specifier(wanted: str, range_: Range | None) -> str:
    """As pip writes it."""
    if wanted in LATEST:
        return 'uv'
    if range_ is None:
        return f'uv{wanted}'
    if len(range_) != 1:
        raise StepFailed(f"'{wanted}' names several ranges of uv: give one")
    bounds = (f'{bound.operator.replace("=", "==", bound.operator == "=")}' for bound in range_[0])
    versions = ('.'.join(map(str, bound.version[:3])) for bound in range_[0])
    return 'uv' + ','.join(
        f'{sign}{version}' for sign, version in zip(bounds, versions, strict=True)
    )


async def _known(bench: Workbench) -> list[Uv]:
    """One that was named later wins over one of the same version: the tool cache's is last."""
    found = []
    for folder, source in (*_of_pyenv(), *_on_path(bench)):
        version = await _ask(bench, folder / 'uv')
        if version is not None:
            found.append(Uv(version, folder.resolve(), source))
    return [*found, *_in_tool_cache(bench.tool_cache)]


def _in_tool_cache(tool_cache: Path) -> Iterator[Uv]:
    for mark in sorted(tool_cache.glob(f'uv/*/{architecture()}.complete')):
        version = parse_version(mark.parent.name)
        if version is not None:
            yield Uv(version, mark.with_suffix(''), 'the tool cache')


def _of_pyenv() -> Iterator[tuple[Path, str]]:
    root = Path(os.environ.get('PYENV_ROOT') or Path.home() / '.pyenv')
    for file in sorted(root.glob('versions/*/bin/uv')):
        yield file.parent, 'pyenv'


def _on_path(bench: Workbench) -> Iterator[tuple[Path, str]]:
    for folder in bench.env.get('PATH', '').split(os.pathsep):
        if folder and not folder.endswith('/shims') and os.access(f'{folder}/uv', os.X_OK):
            yield Path(os.path.realpath(f'{folder}/uv')).parent, 'PATH'
            return


async def _ask(bench: Workbench, file: Path) -> Version | None:
    """`uv 0.13.8 (x86_64-unknown-linux-gnu)`"""
    try:
        words = (await bench.capture(str(file), '--version')).split()
    except StepFailed:
        return None  # an uv that cannot start is none
    return parse_version(words[1]) if len(words) > 1 else None


async def _from_pypi(bench: Workbench, specifier: str) -> Uv:
    place = bench.tool_cache / 'uv'
    draft = place / f'.draft.{os.getpid()}.{id(bench):x}'
    bench.log(f'Getting {specifier} from PyPI')
    try:
        await _install(bench, specifier, draft)
        version = await _ask(bench, draft / 'bin' / 'uv')
        if version is None:
            raise StepFailed(f'{specifier} from PyPI does not run here')
        target = place / str(version) / architecture()
        await asyncio.to_thread(_finish, draft / 'bin', target)
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    return Uv(version, target, 'PyPI')


async def _install(bench: Workbench, specifier: str, draft: Path) -> None:
    """With the pip of the first Python that has one; ours may have none."""
    for python in ('python3', 'python', sys.executable):
        try:
            await bench.capture(python, '-c', 'import pip')
        except StepFailed:
            continue
        await bench.capture(
            python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps',
            '--only-binary=:all:', '--target', str(draft), specifier, env=own_home(),
        )  # fmt: skip
        return
    raise StepFailed(
        f'{specifier} is not on this machine, and no Python here has a pip to get it with. '
        'Install uv, or put a step with actions/setup-python before this one'
    )


def _finish(made: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():  # else another job was faster
        made.rename(target)
        target.with_name(f'{target.name}.complete').touch()
