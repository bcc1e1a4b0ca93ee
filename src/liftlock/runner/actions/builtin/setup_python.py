"""actions/setup-python, all majors: a Python that is installed here, in a prefix of the job's own.

GitHub downloads what it lacks from a list of its own builds. Here uv does, from the list that it
keeps; where it can't, the failure says what is missing and how to get it.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from liftlock.runner.actions import interpreters, packages, prefix, uvs
from liftlock.runner.actions.versions import Range, parse_range
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'python-version': '',
    'python-version-file': '',
    'cache': '',
    'architecture': '',
    'check-latest': 'false',
    'token': '',
    'cache-dependency-path': '',
    'update-environment': 'true',
    'allow-prereleases': 'false',
    'freethreaded': 'false',
    'pip-version': '',
}
POST_IF: Final = 'success()'
_PRE_RELEASE = re.compile(r'(\d+\.\d+\.\d+)((?:a|b|rc)\d*)')
_MINOR = re.compile(r'(\d+)\.(\d+)')
_NAMED = re.compile(r'(\d+\.\d+(?:\.\d+)?)t?(?:-dev)?$')
_LOCATIONS: Final = ('pythonLocation', 'Python_ROOT_DIR', 'Python2_ROOT_DIR', 'Python3_ROOT_DIR')
_PATTERNS: Final[Mapping[str, Sequence[str]]] = {
    'pip': ('**/requirements.txt', '**/pyproject.toml'),
    'pipenv': ('**/Pipfile.lock',),
    'poetry': ('**/poetry.lock',),
}


async def main(bench: Workbench) -> None:
    versions = _read_versions(bench)
    if not versions:
        bench.warning(
            'The `python-version` input is not set.  The version of Python currently in `PATH` '
            'will be used.'
        )
    version = ''
    for wanted in versions:
        version = await _set_up(bench, wanted)
    if versions and bench.inputs['cache']:
        await _restore(bench, bench.inputs['cache'], version)
    bench.add_matcher(Path(__file__).with_name('matchers') / 'python.json')


async def post(bench: Workbench) -> None:
    packages.keep(bench)


async def _set_up(bench: Workbench, wanted: str) -> str:
    if wanted.startswith(('pypy', 'graalpy')):
        raise StepFailed(
            f"'{wanted}' cannot be set up here: only CPython can. Run this job on GitHub, or "
            'leave the leg out with --matrix'
        )
    plain, free = _split_free_threaded(wanted, bench.inputs['freethreaded'] == 'true')
    range_ = parse_range(_to_semver(plain, bench.inputs['allow-prereleases'] == 'true'))
    if range_ is None:
        raise StepFailed(f"'{wanted}' is no version of Python and no range of versions")
    if bench.in_container:
        return await _set_up_contained(bench, plain, range_)
    found = await interpreters.find(bench, range_, free_threaded=free)
    if found is None and await _fetch(bench, wanted, free):
        found = await interpreters.find(bench, range_, free_threaded=free)
    if found is None:
        raise StepFailed(_missing(bench, wanted, free))
    version = f'{found.version}'.replace('-', '') + ('t' if free else '')
    directory = bench.temp / 'Python' / version / interpreters.architecture()
    folders = await prefix.make(bench, found, directory)
    if bench.inputs['update-environment'] == 'true':
        _export(bench, directory, folders)
    bench.set_output('python-version', version)
    bench.set_output('python-path', str(directory / 'bin' / 'python'))
    await _install_pip(bench, directory)
    bench.log(f'Successfully set up CPython ({version}) from {found.source}: {found.prefix}')
    return version


async def _set_up_contained(bench: Workbench, wanted: str, range_: Range) -> str:
    from liftlock.runner.actions import contained

    python = await contained.find_python(bench, range_, wanted)
    version = str(python.version)
    directory = bench.temp / 'Python' / version / interpreters.architecture()
    place = await contained.use_python(bench, python, directory)
    if bench.inputs['update-environment'] == 'true':
        for name in _LOCATIONS:
            bench.export(name, place)
    bench.set_output('python-version', version)
    bench.set_output('python-path', str(directory / 'bin' / 'python'))
    await _install_pip(bench, directory)
    bench.log(f'Using CPython ({version}) of the container: {python.executable}')
    return version


def _export(bench: Workbench, directory: Path, folders: Sequence[Path]) -> None:
    for name in _LOCATIONS:
        bench.export(name, str(directory))
    bench.export('PKG_CONFIG_PATH', f'{directory}/lib/pkgconfig')
    library = f'{directory}/lib'
    paths = [path for path in bench.env.get('LD_LIBRARY_PATH', '').split(':') if path]
    if library not in paths:
        bench.export('LD_LIBRARY_PATH', ':'.join([library, *paths]))
    for folder in folders:
        bench.add_path(folder)


async def _install_pip(bench: Workbench, directory: Path) -> None:
    version = bench.inputs['pip-version']
    if not version:
        return
    if not re.fullmatch(r'\d+(\.\d+)?(\.\d+)?', version):
        raise StepFailed(
            f'Invalid pip-version "{version}". Please specify a version in the format '
            'major[.minor][.patch].'
        )
    await bench.run(
        str(directory / 'bin/python'), '-m', 'pip', 'install', '--upgrade', f'pip=={version}',
        '--disable-pip-version-check', '--no-warn-script-location',
    )  # fmt: skip


async def _restore(bench: Workbench, manager: str, version: str) -> None:
    if manager not in _PATTERNS:
        raise StepFailed(f'Caching for {manager!r} is not supported')
    given = [line.strip() for line in bench.inputs['cache-dependency-path'].splitlines()]
    given = [line for line in given if line]
    patterns = _PATTERNS[manager] if not given else _with_fallback(manager, given)
    for pattern in patterns:
        digest = packages.hash_lines(bench, pattern)
        if digest:
            break
    else:
        raise StepFailed(
            f'No file in {bench.workspace} matched to [{" or ".join(patterns)}], '
            'make sure you have checked out the target repository'
        )
    hit = packages.restore(bench, f'setup-python-{version}-{manager}-{digest}')
    bench.set_output('cache-hit', str(hit).lower())


def _with_fallback(manager: str, given: Sequence[str]) -> Sequence[str]:
    """pip takes pyproject.toml where none of the files named is there."""
    return ('\n'.join(given), *_PATTERNS[manager][1:])


def _read_versions(bench: Workbench) -> Sequence[str]:
    given = [line.strip() for line in bench.inputs['python-version'].splitlines()]
    given = [line for line in given if line]
    name = bench.inputs['python-version-file']
    if given:
        if name:
            bench.warning(
                'Both python-version and python-version-file inputs are specified, only '
                'python-version will be used.'
            )
        return given
    file = bench.workspace / (name or '.python-version')
    if file.is_file():
        return _parse_file(file.name, file.read_text(encoding='utf-8'))
    if name:
        raise StepFailed(f"The specified python version file at: {name} doesn't exist.")
    bench.log("Neither 'python-version' nor 'python-version-file' inputs were supplied.")
    return ()


def _parse_file(name: str, text: str) -> Sequence[str]:
    if name.endswith('.toml') or 'Pipfile' in name:
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StepFailed(f'{name} is no TOML: {error}') from error
        return _of_pipfile(content) if 'Pipfile' in name else _of_project(content)
    lines = [line.strip() for line in text.splitlines()]
    if '.tool-versions' in name:
        found = (re.fullmatch(r'python\s+v?(\S+)', line) for line in lines)
        return [match[1] for match in found if match][:1]
    # pyenv-virtualenv points into a version: 3.10/envs/web
    return [line.partition('/')[0] for line in lines if line and not line.startswith('#')]


def _of_pipfile(content: Mapping[str, Mapping[str, str]]) -> Sequence[str]:
    requires = content.get('requires', {})
    version = requires.get('python_full_version') or requires.get('python_version')
    return [version] if version else []


def _of_project(content: Mapping[str, Mapping[str, object]]) -> Sequence[str]:
    value: object
    if 'project' in content:
        value = content['project'].get('requires-python')
    else:
        value = content.get('tool', {})
        for key in ('poetry', 'dependencies', 'python'):
            value = value.get(key) if isinstance(value, Mapping) else None
    text = str(value or '').replace(',', ' ')
    return [text] if text and parse_range(text) is not None else []


def _split_free_threaded(wanted: str, asked: bool) -> tuple[str, bool]:
    """`3.13t` and `3.13t-dev` name the build without a global lock."""
    match = re.fullmatch(r'(\d+\.\d+(?:\.\d+)?)t(-dev)?', wanted)
    return (match[1] + (match[2] or ''), True) if match else (wanted, asked)


def _to_semver(wanted: str, with_pre_releases: bool) -> str:
    """Python writes 3.13.0rc1 where ranges have 3.13.0-rc1; `3.13-dev` is any build of 3.13."""
    text = re.sub(r'^(\d+)\.(\d+)-dev$', r'~\1.\2.0-0', wanted)
    text = _PRE_RELEASE.sub(r'\1-\2', text)
    if with_pre_releases and _MINOR.fullmatch(text):
        return f'~{text}.0-0'
    return text


async def _fetch(bench: Workbench, wanted: str, free: bool) -> bool:
    """Have uv put it below the tool cache. Whether it did; if not, it said why in the log."""
    named = _named(wanted, free)
    if not named:
        return False
    bench.log(f'Getting CPython {named} with uv')
    place = bench.tool_cache / interpreters.UV_FOLDER
    env = {
        'UV_PYTHON_INSTALL_DIR': str(place),
        'UV_PYTHON_INSTALL_BIN': '0',
        'UV_HTTP_RETRIES': '1',
    }
    try:
        uv = await uvs.find(bench, '')
        await bench.capture(str(uv.directory / 'uv'), 'python', 'install', named, env=env)
    except StepFailed:
        return False
    return True


def _named(wanted: str, free: bool) -> str:
    """`3.14`, `3.14.1` or `3.14t` where that is what is wanted; '' for a range."""
    found = _NAMED.match(wanted)
    return f'{found[1]}{"t" * free}' if found else ''


def _missing(bench: Workbench, wanted: str, free: bool) -> str:
    machine = bench.inputs['architecture'] or interpreters.architecture()
    named = _named(wanted, free) or '<version>'
    return (
        f"The version '{wanted}' with architecture '{machine}' was not found on this machine. "
        f'Looked in {bench.tool_cache}/Python, pyenv, PATH and uv. To install it: '
        f'`uv python install {named}` or `pyenv install {named}`'
    )
