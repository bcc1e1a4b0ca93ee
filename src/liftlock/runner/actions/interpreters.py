"""Pythons on this machine: the tool cache, pyenv, PATH, and those that uv knows.

The first two tell their versions by their names and cost nothing to look through; a Python on
PATH must be started to tell, and uv takes half a second, so they are asked only if need be.
"""

import json
import os
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.versions import Range, Version, parse_version, pick_newest, satisfies
from liftlock.runner.workbench import StepFailed, Workbench

UV_FOLDER: Final = 'uv-python'  # in the tool cache
_OF_UV = re.compile(r'cpython-([^-+]+)(\+freethreaded)?-')
_ON_PATH = re.compile(r'python(3|\d+\.\d+t?)')
_TELL = (
    'import json, os, platform, sys;'
    'print(json.dumps([platform.python_version(), sys.base_prefix,'
    ' os.path.realpath(sys.executable),'
    ' bool(getattr(sys, "_is_gil_enabled", None) and not sys._is_gil_enabled())]))'
)


class Interpreter(NamedTuple):
    """One installed Python. `prefix` is where its `lib` and `include` are."""

    version: Version
    executable: Path
    prefix: Path
    source: str  # for people: `pyenv`, `the tool cache` …
    free_threaded: bool = False


def architecture() -> str:
    """This machine's, in the words of the tool cache."""
    return {'x86_64': 'x64', 'aarch64': 'arm64'}.get(platform.machine(), platform.machine())


async def find(bench: Workbench, wanted: Range, *, free_threaded: bool) -> Interpreter | None:
    """The newest that fits, from the first source that has one."""
    named = (*_in_tool_cache(bench.tool_cache), *_of_pyenv(), *_fetched(bench.tool_cache))
    known = _pick(named, wanted, free_threaded)
    if known is not None:
        return known
    started = await _on_path(bench)
    return _pick(started, wanted, free_threaded) or _pick(
        await _of_uv(bench, wanted), wanted, free_threaded
    )


def installed(tool_cache: Path) -> Iterator[Version]:
    """Versions that are there for `find`, besides those on PATH and what uv may bring."""
    named = (*_in_tool_cache(tool_cache), *_of_pyenv(), *_fetched(tool_cache))
    return (item.version for item in named if not item.free_threaded)


def _pick(
    interpreters: Iterable[Interpreter], wanted: Range, free_threaded: bool
) -> Interpreter | None:
    """Of two with the same version, the one that was named first."""
    by_version: dict[Version, Interpreter] = {}
    for item in interpreters:
        if item.free_threaded == free_threaded:
            by_version.setdefault(item.version, item)
    newest = pick_newest(by_version, wanted)
    return None if newest is None else by_version[newest]


def _in_tool_cache(tool_cache: Path) -> Iterator[Interpreter]:
    """`Python/<x.y.z>/<arch>/`, whole if `<arch>.complete` stands beside it."""
    machine = architecture()
    for arch in (machine, f'{machine}-freethreaded'):
        for mark in sorted(tool_cache.glob(f'Python/*/{arch}.complete')):
            prefix = mark.with_suffix('')
            version = parse_version(mark.parent.name)
            if version and (prefix / 'bin/python').exists():
                real = (prefix / 'bin/python').resolve()
                yield Interpreter(version, real, prefix, 'the tool cache', arch != machine)


def _of_pyenv() -> Iterator[Interpreter]:
    root = Path(os.environ.get('PYENV_ROOT') or Path.home() / '.pyenv')
    for prefix in sorted(root.glob('versions/*')):
        version = parse_version(prefix.name.removesuffix('t'))
        executable = prefix / 'bin' / 'python'
        if version and not prefix.is_symlink() and executable.exists():
            free = prefix.name.endswith('t')
            yield Interpreter(version, executable.resolve(), prefix, 'pyenv', free)


def _fetched(tool_cache: Path) -> Iterator[Interpreter]:
    """What uv put there for an earlier job."""
    for prefix in sorted((tool_cache / UV_FOLDER).glob('cpython-*')):
        found = _OF_UV.match(prefix.name)
        version = parse_version(found[1]) if found else None
        if found and version and (prefix / 'bin/python').exists():
            real = (prefix / 'bin/python').resolve()
            yield Interpreter(version, real, prefix, 'uv', bool(found[2]))


async def _on_path(bench: Workbench) -> list[Interpreter]:
    files = _list_path(bench.env.get('PATH', ''), str(bench.temp))
    asked = [await _ask(bench, file, 'PATH') for file in files]
    return [item for item in asked if item is not None]


def _list_path(path: str, own: str) -> list[Path]:
    """pyenv's shims are left out: which Python they start depends on where they are started. So are
    the prefixes of the job itself, below `own`: they only borrow what is elsewhere.
    """
    found: dict[str, Path] = {}
    for folder in path.split(os.pathsep):
        if folder and not folder.endswith('/shims') and not folder.startswith(own):
            for file in sorted(Path(folder).glob('python[23]*')):
                if _ON_PATH.fullmatch(file.name):
                    found.setdefault(file.name, file)
    return list(found.values())


async def _of_uv(bench: Workbench, wanted: Range) -> list[Interpreter]:
    import shutil

    uv = shutil.which('uv', path=bench.env.get('PATH'))
    if uv is None:
        return []
    try:
        listed = json.loads(
            await bench.capture(
                uv, 'python', 'list', '--only-installed', '--output-format', 'json',
                env=own_home(),
            )
        )  # fmt: skip
    except (StepFailed, ValueError):
        return []  # an uv too old for this question knows nothing that we would use
    files = [
        Path(entry['path'])
        for entry in listed
        if entry.get('implementation') == 'cpython'
        and (version := parse_version(entry['version'])) is not None
        and satisfies(version, wanted)
    ]
    return [item for file in files if (item := await _ask(bench, file, 'uv')) is not None]


def own_home() -> Mapping[str, str]:
    """uv's Pythons and npm's settings are in the home of the person, not in the job's."""
    return {'HOME': str(Path.home())}


async def _ask(bench: Workbench, file: Path, source: str) -> Interpreter | None:
    try:
        answer = json.loads(await bench.capture(str(file), '-E', '-s', '-c', _TELL))
    except (StepFailed, ValueError):
        return None  # a Python that cannot start is none
    text, prefix, executable, free = answer
    version = parse_version(text.removesuffix('+'))
    if version is None:
        return None
    return Interpreter(version, Path(executable), Path(prefix), source, free)
