"""actions/setup-node, all majors: a node of this machine or of npm, in a prefix of the job's."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.runner.actions import nodes, packages
from liftlock.runner.actions.interpreters import architecture
from liftlock.runner.actions.majors import major
from liftlock.runner.actions.versions import parse_range
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'always-auth': 'false',
    'node-version': '',
    'node-version-file': '',
    'architecture': '',
    'check-latest': 'false',
    'registry-url': '',
    'scope': '',
    'token': '',
    'cache': '',
    'package-manager-cache': 'true',
    'cache-dependency-path': '',
    'mirror': '',
    'mirror-token': '',
}
POST_IF: Final = 'success()'
_LOCKS: Final = {
    'npm': ('package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock'),
    'pnpm': ('pnpm-lock.yaml',),
    'yarn': ('yarn.lock',),
}
_CACHES_BY_ITSELF = 5  # from this major on, npm is cached where package.json names it
_MATCHERS = ('tsc', 'eslint-stylish', 'eslint-compact')


async def main(bench: Workbench) -> None:
    wanted = _read_version(bench)
    if wanted:
        await _set_up(bench, wanted)
    elif bench.inputs['architecture']:
        bench.warning(
            '`architecture` is provided but `node-version` is missing. In this configuration, '
            'the version/architecture of Node will not be changed.'
        )
    await _tell_versions(bench)
    if bench.inputs['registry-url']:
        _write_npmrc(bench, bench.inputs['registry-url'])
    manager = bench.inputs['cache'] or _detect_manager(bench)
    if manager:
        _restore(bench, manager)
    for name in _MATCHERS:
        bench.add_matcher(Path(__file__).with_name('matchers') / f'{name}.json')


async def post(bench: Workbench) -> None:
    packages.keep(bench)


async def _set_up(bench: Workbench, wanted: str) -> None:
    text = wanted
    if wanted.startswith('lts/'):
        text = nodes.find_major(wanted) or ''
        if not text:
            raise StepFailed(f"Unable to find LTS release for Node version '{wanted}'.")
    elif wanted in ('latest', 'current', 'node'):
        text = '*'
    range_ = parse_range(text)
    if range_ is None:
        raise StepFailed(f"'{wanted}' is no version of node and no range of versions")
    if bench.in_container:
        from liftlock.runner.actions import contained

        version = await contained.find_version(bench, 'node', range_, wanted)
        bench.log(f'Using node {version} of the container')
        return
    node = await nodes.find(bench, range_)
    if node is None:
        raise StepFailed(
            f"Unable to find Node version '{wanted}' for architecture {architecture()}. "
            f'Looked in {bench.tool_cache}/node, nvm, PATH and npm'
        )
    directory = bench.temp / 'node' / str(node.version) / architecture()
    await nodes.make(bench, node, directory)
    bench.add_path(directory / 'bin')
    bench.log(f'Found node {node.version} from {node.source}: {node.executable}')


async def _tell_versions(bench: Workbench) -> None:
    for name in ('node', 'npm', 'yarn'):
        try:
            version = (await bench.capture(name, '--version')).strip()
        except StepFailed:
            version = ''
        bench.log(f'{name}: {version}')
        if name == 'node':
            bench.set_output('node-version', version)


def _write_npmrc(bench: Workbench, url: str) -> None:
    """npm reads the token from the variable when it runs; it never stands in the file."""
    url = url if url.endswith('/') else f'{url}/'
    scope = bench.inputs['scope']
    if not scope and 'npm.pkg.github.com' in url:
        scope = str(bench.github.get('repository_owner', ''))
    prefix = f'@{scope.removeprefix("@")}:'.lower() if scope else ''
    file = bench.temp / '.npmrc'
    old = file.read_text().splitlines() if file.exists() else []
    kept = [line for line in old if not line.lower().startswith(f'{prefix}registry')]
    bare = re.sub(r'^\w+:', '', url)
    lines = [*kept, f'{bare}:_authToken=${{NODE_AUTH_TOKEN}}', f'{prefix}registry={url}']
    file.write_text('\n'.join(lines))
    bench.export('NPM_CONFIG_USERCONFIG', str(file))
    if 'NODE_AUTH_TOKEN' in bench.env:
        bench.export('NODE_AUTH_TOKEN', bench.env['NODE_AUTH_TOKEN'])
    elif major(bench.ref) <= _CACHES_BY_ITSELF:
        bench.export('NODE_AUTH_TOKEN', 'XXXXX-XXXXX-XXXXX-XXXXX')


def _detect_manager(bench: Workbench) -> str:
    """npm, where package.json says that this project is npm's; nothing else is cached unasked."""
    if major(bench.ref) < _CACHES_BY_ITSELF or bench.inputs['package-manager-cache'] == 'false':
        return ''
    content = _read_json(bench.workspace / 'package.json')
    engines = content.get('devEngines')
    managers = engines.get('packageManager') if isinstance(engines, dict) else None
    named = managers if isinstance(managers, list) else [managers]
    names = [item.get('name') for item in named if isinstance(item, dict)]
    names.append(content.get('packageManager'))
    matches = (isinstance(name, str) and re.fullmatch(r'\^?npm(@.*)?', name) for name in names)
    return 'npm' if any(matches) else ''


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _restore(bench: Workbench, manager: str) -> None:
    if manager not in _LOCKS:
        raise StepFailed(f"Caching for '{manager}' is not supported")
    patterns = bench.inputs['cache-dependency-path'] or _find_lock(bench, manager)
    digest = packages.hash_lines(bench, patterns)
    if not digest:
        raise StepFailed('Some specified paths were not resolved, unable to cache dependencies.')
    key = f'node-cache-Linux-{architecture()}-{manager}-{digest}'
    hit = packages.restore(bench, key)
    bench.set_output('cache-primary-key', key)
    bench.set_output('cache-matched-key', key if hit else '')
    bench.set_output('cache-hit', str(hit).lower())


def _find_lock(bench: Workbench, manager: str) -> str:
    for name in _LOCKS[manager]:
        if (bench.workspace / name).exists():
            return name
    raise StepFailed(
        f'Dependencies lock file is not found in {bench.workspace}. '
        f'Supported file patterns: {",".join(_LOCKS[manager])}'
    )


def _read_version(bench: Workbench) -> str:
    version, name = bench.inputs['node-version'].strip(), bench.inputs['node-version-file']
    if version:
        if name:
            bench.warning(
                'Both node-version and node-version-file inputs are specified, only node-version '
                'will be used'
            )
        return version
    if not name:
        return ''
    found = _read_file(bench.workspace / name)
    if not found:
        bench.warning(f'Could not determine node version from {name}. Falling back')
    bench.log(f'Resolved {name} as {found}')
    return found


def _read_file(file: Path) -> str:
    """package.json by volta, devEngines or engines; mise.toml; or plain text with `v20` in it."""
    try:
        text = file.read_text(encoding='utf-8')
    except OSError:
        raise StepFailed(f'The specified node version file at: {file} does not exist') from None
    if text.lstrip().startswith('{'):
        return _of_package(file, _read_json(file))
    try:
        tools = tomllib.loads(text).get('tools', {})
    except tomllib.TOMLDecodeError:
        tools = {}
    if 'node' in tools:
        node = tools['node']
        return str(node.get('version', '') if isinstance(node, dict) else node)
    found = re.search(r'^(?:node(?:js)?\s+)?v?(\S+)$', text, re.MULTILINE)
    return found[1] if found else text.strip()


def _of_package(file: Path, content: Mapping[str, Any]) -> str:
    volta = content.get('volta') or {}
    if volta.get('node'):
        return str(volta['node'])
    runtime = (content.get('devEngines') or {}).get('runtime') or []
    for entry in runtime if isinstance(runtime, list) else [runtime]:
        if str(entry.get('name', '')).lower() == 'node' and entry.get('version'):
            return str(entry['version'])
    if (content.get('engines') or {}).get('node'):
        return str(content['engines']['node'])
    return _read_file(file.parent / volta['extends']) if volta.get('extends') else ''
