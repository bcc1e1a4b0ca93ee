"""Tools of a job's container, for the actions that set tools up.

What is on this machine is of no use in there: it is linked with libraries of this machine. So in a
container these actions take what its image brought, and fail where it did not bring the right one.
"""

import json
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.versions import Range, Version, parse_version, pick_newest
from liftlock.runner.workbench import StepFailed, Workbench

_TELL: Final = (
    'import json, sys, sysconfig, os, importlib.util as u; print(json.dumps(['
    'sys.executable, "%d.%d.%d" % sys.version_info[:3], sys.prefix, '
    'os.path.exists(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")), '
    'u.find_spec("pip") is not None]))'
)
_ALL: Final = (
    'for name in python3 python $(ls /usr/bin /usr/local/bin | grep -E "^python3[.][0-9]+$" | '
    f"sort -u); do command -v $name >/dev/null && $name -c '{_TELL}'; done 2>/dev/null; true"
)


class Python(NamedTuple):
    """Of the container. Paths are the container's own."""

    executable: str
    version: Version
    prefix: str
    managed: bool  # by the distribution, whose pip installs nothing
    has_pip: bool


async def find_python(bench: Workbench, wanted: Range, asked: str) -> Python:
    """The newest that fits. Raises StepFailed."""
    known = {python.version: python for python in await _pythons(bench)}
    newest = pick_newest(known, wanted)
    if newest is None:
        has = ', '.join(map(str, sorted(known))) or 'none'
        raise StepFailed(
            f'There is no Python {asked} in the container of this job (it has {has}), and none '
            f'can be put there: say `container: python:{asked}`, or leave `container:` out'
        )
    return known[newest]


async def _pythons(bench: Workbench) -> list[Python]:
    found = []
    for line in (await bench.capture('sh', '-c', _ALL)).splitlines():
        executable, text, prefix, managed, has_pip = json.loads(line)
        version = parse_version(text)
        if version is not None:
            found.append(Python(executable, version, prefix, managed, has_pip))
    return found


async def use_python(bench: Workbench, python: Python, directory: Path) -> str:
    """Let `python` and `pip` mean this one; its prefix. `directory` is the job's own."""
    if python.managed or not python.has_pip:
        await bench.run(python.executable, '-m', 'venv', str(directory))
        bench.add_path(directory / 'bin')
        return str(directory)
    folder = directory / 'bin'
    folder.mkdir(parents=True, exist_ok=True)
    for name in ('python', 'python3'):
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(python.executable)
    bench.add_path(Path(python.prefix) / 'bin')
    bench.add_path(folder)
    return python.prefix


async def find_version(bench: Workbench, program: str, wanted: Range | None, asked: str) -> str:
    """The version of a program that the image brought, if it fits. Raises StepFailed."""
    script = f'command -v {program} >/dev/null && {program} --version; true'
    words = (await bench.capture('sh', '-c', script)).split()
    told = next((word for word in words if word.lstrip('v')[:1].isdecimal()), '').lstrip('v')
    version = parse_version(told)
    if version is None or (wanted is not None and pick_newest([version], wanted) is None):
        raise StepFailed(
            f'There is no {program} {asked}'.rstrip() + ' in the container of this job (it has '
            f'{told or "none"}), and none can be put there: take an image that has it, or leave '
            '`container:` out'
        )
    return told
