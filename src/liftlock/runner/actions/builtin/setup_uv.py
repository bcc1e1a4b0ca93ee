"""astral-sh/setup-uv, all majors: uv of this machine or of PyPI, and the Pythons that are here.

The original downloads both. uv's cache is shared by all jobs anyway, so is not packed.
"""

import platform
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from liftlock.runner.actions import interpreters, packages, prefix, uvs
from liftlock.runner.actions.versions import Version, parse_range
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'version': '',
    'version-file': '',
    'pyproject-file': '',
    'uv-file': '',
    'python-version': '',
    'activate-environment': 'false',
    'venv-path': '',
    'no-project': 'false',
    'working-directory': '',
    'checksum': '',
    'server-url': '',
    'github-token': '',
    'enable-cache': 'auto',
    'cache-dependency-glob': '\n'.join((
        '**/*requirements*.txt', '**/*requirements*.in', '**/*constraints*.txt',
        '**/*constraints*.in', '**/pyproject.toml', '**/uv.lock', '**/*.py.lock',
    )),
    'restore-cache': 'true',
    'save-cache': 'true',
    'cache-suffix': '',
    'cache-local-path': '',
    'prune-cache': 'false',
    'cache-python': 'false',
    'ignore-nothing-to-cache': 'false',
    'ignore-empty-workdir': 'false',
    'tool-dir': '',
    'tool-bin-dir': '',
    'manifest-file': '',
    'download-from-astral-mirror': 'true',
    'add-problem-matchers': 'true',
    'quiet': 'false',
    'resolution-strategy': 'highest',
}  # fmt: skip
POST_IF: Final = 'success()'
_CLEARS_ASKED = Version(0, 8, 0)  # from this one on, `uv venv` leaves what is there unless told
_PLAIN = re.compile(r'(\d+(?:\.\d+){0,2})(t?)')


async def main(bench: Workbench) -> None:
    work = _below(bench, bench.workspace, bench.inputs['working-directory'])
    if bench.inputs['resolution-strategy'] == 'lowest':
        bench.warning('resolution-strategy: lowest is not supported here; the newest is taken')
    if bench.in_container:
        await _use_contained(bench, work)
        return
    uv = await uvs.find(bench, _read_wanted(bench, work))
    directory = await uvs.lay(uv, bench)
    version = str(uv.version)
    _export(bench, work, directory)
    bench.log(f'Successfully installed uv version {version} from {uv.source}: {uv.directory}')
    await _offer_pythons(bench, work)
    if bench.inputs['activate-environment'] == 'true':
        await _activate(bench, work, directory / 'uv', clear=uv.version >= _CLEARS_ASKED)
    if bench.inputs['add-problem-matchers'] == 'true':
        bench.add_matcher(Path(__file__).with_name('matchers') / 'python.json')
    for name, value in (
        ('uv-version', version),
        ('uv-path', str(directory / 'uv')),
        ('uvx-path', str(directory / 'uvx')),
        ('python-version', await _tell_python(bench, work, directory / 'uv')),
    ):
        bench.set_output(name, value)
    if bench.inputs['enable-cache'] == 'true':
        _restore(bench, work, version)


async def _use_contained(bench: Workbench, work: Path) -> None:
    from liftlock.runner.actions import contained

    wanted = _read_wanted(bench, work)
    range_ = None if wanted in uvs.LATEST else uvs.read_range(wanted)
    try:
        version = await contained.find_version(bench, 'uv', range_, wanted)
        uv = Path('uv')
    except StepFailed as missing:
        try:
            brought = await uvs.bring(bench, wanted)
        except StepFailed:
            raise missing from None
        version, uv = str(brought.version), brought.directory / 'uv'
        bench.add_path(brought.directory)
    if bench.inputs['python-version']:
        bench.export('UV_PYTHON', bench.inputs['python-version'])
    if bench.inputs['activate-environment'] == 'true':
        await _activate(bench, work, uv, clear=True)
    bench.set_output('uv-version', version)
    bench.log(f'Using uv {version} of the container')


async def post(bench: Workbench) -> None:
    if bench.inputs['save-cache'] == 'true':
        packages.keep(bench)


def _export(bench: Workbench, work: Path, directory: Path) -> None:
    given = bench.inputs['tool-bin-dir']
    tools = _below(bench, work, given or '~/.local/bin')
    if given:
        bench.export('UV_TOOL_BIN_DIR', str(tools))
    if 'UV_NO_MODIFY_PATH' not in bench.env:
        bench.add_path(tools)
        bench.add_path(directory)
    for name, variable in (('tool-dir', 'UV_TOOL_DIR'), ('cache-local-path', 'UV_CACHE_DIR')):
        if bench.inputs[name]:
            bench.export(variable, str(_below(bench, work, bench.inputs[name])))
    if bench.inputs['python-version']:
        bench.export('UV_PYTHON', bench.inputs['python-version'])


# --- which uv


def _read_wanted(bench: Workbench, work: Path) -> str:
    """The input, a file that was named, or what the project itself asks for; '' for any."""
    if bench.inputs['version']:
        return bench.inputs['version'].strip()
    named = [bench.inputs[name] for name in ('version-file', 'pyproject-file', 'uv-file')]
    for name in filter(None, named):
        wanted = _of_file(bench, work / name)
        if not wanted and bench.inputs['version-file']:
            raise StepFailed(f'Could not determine uv version from file: {name}')
        return wanted
    return _of_file(bench, work / 'uv.toml') or _of_file(bench, work / 'pyproject.toml')


def _of_file(bench: Workbench, file: Path) -> str:
    if not file.is_file():
        return ''
    text = file.read_text(encoding='utf-8')
    if file.suffix not in ('.toml', '.lock'):
        return next(_of_lines(file.name, text), '').removeprefix('v')
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        bench.warning(f'Error while parsing {file}: {error}')
        return ''
    return str(_of_toml(file.name, content) or '')


def _of_lines(name: str, text: str) -> Iterator[str]:
    pattern = r'uv\s+(\S+)$' if name.endswith('.tool-versions') else r'uv([=<>~!][^\s;]*)'
    for line in text.splitlines():
        found = re.match(pattern, line.partition('#')[0].strip())
        if found:
            yield found[1]


def _of_toml(name: str, content: Mapping[str, Any]) -> object:
    if name.endswith('.lock'):
        packages_ = content.get('package', ())
        return next((each.get('version') for each in packages_ if each.get('name') == 'uv'), '')
    if name != 'pyproject.toml':
        return content.get('required-version')
    required = content.get('tool', {}).get('uv', {}).get('required-version')
    return required or next(_of_lines(name, '\n'.join(_dependencies(content))), '')


def _dependencies(content: Mapping[str, Any]) -> Iterator[str]:
    project = content.get('project', {})
    groups = (*project.get('optional-dependencies', {}).values(),
              *content.get('dependency-groups', {}).values())  # fmt: skip
    for group in (project.get('dependencies', ()), *groups):
        yield from (each for each in group if isinstance(each, str))


# --- which Pythons


async def _offer_pythons(bench: Workbench, work: Path) -> None:
    """Let uv find what this machine has, as Pythons that it installed itself: the person's own
    ones of uv, and in a prefix of the job's the one that is asked for."""
    if 'UV_PYTHON_INSTALL_DIR' in bench.env:
        return
    place = bench.temp / 'uv-python-dir'
    place.mkdir(exist_ok=True)
    bench.export('UV_PYTHON_INSTALL_DIR', str(place))
    bench.export('UV_PYTHON_CACHE_DIR', str(bench.world.cache_home / 'uv-python'))
    for shared in (
        bench.tool_cache / interpreters.UV_FOLDER,
        Path.home() / '.local/share/uv/python',
    ):
        for installed in shared.glob('cpython-*'):
            if not (place / installed.name).is_symlink():
                (place / installed.name).symlink_to(installed)
    found = _PLAIN.fullmatch(_read_python(bench, work))
    range_ = parse_range(found[1]) if found else None
    if found is None or range_ is None:
        return
    python = await interpreters.find(bench, range_, free_threaded=bool(found[2]))
    if python is not None and python.source != 'uv':
        await prefix.make(bench, python, place / _name(python))
        bench.log(f'uv finds CPython ({python.version}) from {python.source}: {python.prefix}')


def _read_python(bench: Workbench, work: Path) -> str:
    wanted = bench.env.get('UV_PYTHON', '')
    file = work / '.python-version'
    if not wanted and file.is_file():
        lines = file.read_text(encoding='utf-8').split()
        return lines[0] if lines else ''
    return wanted


def _name(python: interpreters.Interpreter) -> str:
    """What uv calls the directory of an installation; it reads the version from it."""
    version = f'{python.version}'.replace('-', '') + '+freethreaded' * python.free_threaded
    library = 'gnu' if platform.libc_ver()[0] == 'glibc' else 'musl'
    return f'cpython-{version}-linux-{platform.machine()}-{library}'


async def _tell_python(bench: Workbench, work: Path, uv: Path) -> str:
    if bench.inputs['python-version']:
        return bench.inputs['python-version']
    try:
        python = await bench.capture(str(uv), 'python', 'find', '--directory', str(work))
        return (await bench.capture(python.strip(), '--version')).split()[1]
    except (StepFailed, IndexError):
        return 'unknown'


async def _activate(bench: Workbench, work: Path, uv: Path, *, clear: bool) -> None:
    if 'UV_NO_MODIFY_PATH' in bench.env:
        raise StepFailed('UV_NO_MODIFY_PATH and activate-environment cannot be used together.')
    place = _below(bench, work, bench.inputs['venv-path'] or '.venv')
    options = ['--clear'] * clear + ['--no-project'] * (bench.inputs['no-project'] == 'true')
    await bench.run(str(uv), 'venv', str(place), '--directory', str(work), *options)
    bench.add_path(place / 'bin')
    bench.export('VIRTUAL_ENV', str(place))
    bench.set_output('venv', str(place))


def _restore(bench: Workbench, work: Path, version: str) -> None:
    lines = filter(None, map(str.strip, bench.inputs['cache-dependency-glob'].splitlines()))
    patterns = '\n'.join(_pattern(bench, work, line) for line in lines)
    digest = packages.hash_lines(bench, patterns) or 'no-dependency-glob'
    key = '-'.join(filter(None, ('setup-uv', version, digest, bench.inputs['cache-suffix'])))
    hit = packages.restore(bench, key)
    bench.set_output('cache-key', key)
    if bench.inputs['restore-cache'] == 'true':
        bench.set_output('cache-hit', str(hit).lower())


def _pattern(bench: Workbench, work: Path, line: str) -> str:
    negated = line.startswith('!')
    return f'{"!" * negated}{_below(bench, work, line[negated:])}'


def _below(bench: Workbench, base: Path, given: str) -> Path:
    """`~` is the job's home."""
    return base / (f'{bench.home}{given[1:]}' if given.startswith('~') else given)
