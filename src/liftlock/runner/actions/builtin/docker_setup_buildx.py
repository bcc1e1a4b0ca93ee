"""docker/setup-buildx-action, all majors: the engine's own builder, unless another is asked for.

The original makes a builder in a container of its own each time, with an empty cache, from the
image moby/buildkit. That happens here too where `driver` (or `endpoint`, or `append`) is written;
it needs the buildx plugin. Where it is not, the engine's builder keeps its cache between jobs.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

from liftlock.runner.actions import engines, platforms
from liftlock.runner.actions.answers import ask
from liftlock.runner.actions.documents import BadDocument, parse_yaml
from liftlock.runner.actions.engines import Engine
from liftlock.runner.actions.inputs import read_boolean, split_list
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'version': '',
    'driver': '',
    'driver-opts': '',
    'buildkitd-flags': '',
    'buildkitd-config': '',
    'buildkitd-config-inline': '',
    'config': '',
    'config-inline': '',
    'install': 'false',
    'use': 'true',
    'name': '',
    'endpoint': '',
    'platforms': '',
    'append': '',
    'keep-state': 'false',
    'cache-binary': 'true',
    'cleanup': 'true',
}
_ACTION: Final = 'docker/setup-buildx-action'
_OWN: Final = 'docker'  # the driver that is the engine itself
_MADE: Final = 'docker-container'
_FLAGS: Final = (
    '--allow-insecure-entitlement security.insecure --allow-insecure-entitlement network.host'
)
_INSTALL: Final = (
    "apt install docker-buildx on Debian 13 and Ubuntu, docker-buildx-plugin from Docker's own "
    'packages'
)


async def main(bench: Workbench) -> None:
    engine = await engines.find(bench, _ACTION)
    driver = bench.inputs['driver'].strip()
    if not driver and (bench.inputs['endpoint'].strip() or bench.inputs['append'].strip()):
        driver = _MADE
    keeps = read_boolean(bench, 'keep-state')
    if keeps and driver != _MADE:
        raise StepFailed(f'Cannot use keep-state with {driver or _OWN} driver')
    if engine.builder != engines.BUILDX:
        _take_plain(bench, engine, driver)
        return
    name = 'default'
    if driver not in ('', _OWN):
        name = await _create(bench, engine, driver)
        if read_boolean(bench, 'cleanup', True):
            bench.save_state('builder', name)
            bench.save_state('keep', str(keeps))
    await _tell(bench, engine, name)
    if read_boolean(bench, 'install'):
        await bench.run(engine.program, 'buildx', 'install')


async def post(bench: Workbench) -> None:
    name = bench.state.get('builder', '')
    if not name:
        return
    try:
        engine = await engines.find(bench, _ACTION)
    except StepFailed as error:  # it went away meanwhile; a job does not fail for that
        bench.warning(str(error))
        return
    keep = ('--keep-state',) if bench.state.get('keep') == 'True' else ()
    answer = await ask(bench, engine.program, 'buildx', 'rm', name, *keep)
    if answer.code:
        bench.warning(answer.reason)


def _take_plain(bench: Workbench, engine: Engine, driver: str) -> None:
    """Without the plugin there is one builder only."""
    if driver not in ('', _OWN):
        raise StepFailed(
            f"`driver: {driver}` needs Docker's buildx plugin. Install it ({_INSTALL})"
        )
    version = f'{"podman" if engine.podman else "Docker"} {engine.version}'
    bench.log(f'Images are built by {version}. Its own builder keeps its cache between jobs.')
    if not engine.podman:
        bench.log(f'Scripts find no `docker buildx` here. To have it: {_INSTALL}')
    node = {'name': 'default', 'endpoint': 'default', 'status': 'running'}
    _set_outputs(bench, 'default', _OWN, [node | {'platforms': engine.platform}])


async def _create(bench: Workbench, engine: Engine, driver: str) -> str:
    name = bench.inputs['name'].strip() or f'builder-{os.urandom(8).hex()}'
    words = ['create', '--name', name, '--driver', driver]
    options = split_list(bench.inputs['driver-opts'], commas=False, quote='')
    flags = bench.inputs['buildkitd-flags'].strip() or (_FLAGS if driver != 'remote' else '')
    chosen = split_list(bench.inputs['platforms'])
    words += [word for option in options for word in ('--driver-opt', option)]
    words += ['--buildkitd-flags', flags] if flags else []
    words += ['--platform', ','.join(chosen)] if chosen else []
    words += ['--use'] if read_boolean(bench, 'use', True) else []
    words += ['--config', config] if (config := _config(bench)) else []
    words += [endpoint] if (endpoint := bench.inputs['endpoint'].strip()) else []
    await _run(bench, engine, words)
    for node in _nodes(bench):
        await _run(bench, engine, ['create', '--name', name, '--append', *_appended(node)])
    bench.log(f'Booting builder {name}')
    await _run(bench, engine, ['inspect', '--bootstrap', '--builder', name])
    return name


async def _run(bench: Workbench, engine: Engine, words: Sequence[str]) -> None:
    if await bench.run(engine.program, 'buildx', *words, check=False):
        raise StepFailed(f'docker buildx {words[0]} failed')


def _config(bench: Workbench) -> str:
    named = bench.inputs['buildkitd-config'].strip() or bench.inputs['config'].strip()
    text = bench.inputs['buildkitd-config-inline'] or bench.inputs['config-inline']
    if named or not text.strip():
        return named
    opened, path = tempfile.mkstemp(prefix='buildkitd-', suffix='.toml', dir=bench.temp)
    with os.fdopen(opened, 'w', encoding='utf-8') as stream:
        stream.write(text)
    return path


def _nodes(bench: Workbench) -> list[dict[str, Any]]:
    text = bench.inputs['append'].strip()
    try:
        nodes = parse_yaml(text) if text else []
    except BadDocument as error:
        raise StepFailed(f'append is no YAML: {error}') from None
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise StepFailed('append must be a list of nodes')
    return nodes


def _appended(node: Mapping[str, Any]) -> list[str]:
    words = ['--node', str(node['name'])] if node.get('name') else []
    for option in node.get('driver-opts') or ():
        words += ['--driver-opt', str(option)]
    for key, option in (('buildkitd-flags', '--buildkitd-flags'), ('platforms', '--platform')):
        words += [option, str(node[key])] if node.get(key) else []
    return [*words, str(node['endpoint'])] if node.get('endpoint') else words


# --- what there is


async def _tell(bench: Workbench, engine: Engine, name: str) -> None:
    told = await bench.capture(engine.program, 'buildx', 'inspect', name)
    nodes, driver = _parse(told)
    bench.log(told.rstrip())
    if driver == _OWN:
        bench.log("This is the engine's own builder; its cache is kept between jobs.")
    _set_outputs(bench, name, driver or _OWN, nodes)


def _parse(told: str) -> tuple[list[dict[str, str]], str]:
    """`Key: value` lines; each node begins with its name, the builder's own stands before."""
    blocks: list[dict[str, str]] = []
    for line in told.splitlines():
        found = re.match(r'(\S[^:]*):\s*(.*)', line)
        if found is None:
            continue
        key = found[1].strip().lower().replace(' ', '-')
        if key == 'name':
            blocks.append({})
        if blocks:
            blocks[-1][key] = found[2].strip()
    driver = blocks[0].get('driver', '') if blocks else ''
    keys = ('name', 'endpoint', 'status', 'platforms', 'driver-options', 'buildkit-version')
    return [{key: node[key] for key in keys if key in node} for node in blocks[1:]], driver


def _set_outputs(
    bench: Workbench, name: str, driver: str, nodes: Sequence[Mapping[str, str]]
) -> None:
    listed = [each for node in nodes for each in split_list(node.get('platforms', ''))]
    shown = [platforms.normalise(each.rstrip('*')) for each in listed]
    first = nodes[0] if nodes else {}
    for output, text in (
        ('name', name),
        ('driver', driver),
        ('platforms', ','.join(dict.fromkeys(shown))),
        ('nodes', json.dumps(nodes, indent=2)),
        ('endpoint', first.get('endpoint', '')),
        ('status', first.get('status', '')),
        ('flags', first.get('buildkitd-flags', '')),
    ):
        bench.set_output(output, text)
