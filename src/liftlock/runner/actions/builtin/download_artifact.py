"""actions/download-artifact: artifacts of this run. Those of other runs or repositories are on
GitHub, which a stand-in cannot ask.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.runner.actions import paths
from liftlock.runner.actions.majors import major
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'name': '',
    'artifact-ids': '',
    'path': '',
    'pattern': '',
    'merge-multiple': 'false',
    'github-token': '',
    'repository': '',
    'run-id': '',
    'skip-decompress': 'false',
    'digest-mismatch': 'error',
}
_SEPARATE = 4  # up to here an artifact that matches alone still gets a folder of its own


async def main(bench: Workbench) -> None:
    _refuse_unknown(bench)
    directory = _directory(bench)
    names = await bench.world.artifacts.names()
    if bench.inputs['name']:
        bench.log('Downloading single artifact')
        wanted = [_get(bench, bench.inputs['name'], names)]
    elif bench.inputs['artifact-ids'].strip():
        bench.log('Downloading artifacts by ID')
        wanted = _pick(bench, bench.inputs['artifact-ids'], names)
    else:
        wanted = _select(bench, names)
    together = (
        bool(bench.inputs['name'])
        or bench.inputs['merge-multiple'] == 'true'
        or (len(wanted) == 1 and major(bench.ref) > _SEPARATE)
    )
    for name in wanted:
        await _fetch(bench, name, directory if together else directory / name)
    bench.log(f'Total of {len(wanted)} artifact(s) downloaded')
    bench.set_output('download-path', str(directory))


def _refuse_unknown(bench: Workbench) -> None:
    if bench.inputs['artifact-ids'].strip() and bench.inputs['name']:
        raise StepFailed(
            "Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one."
        )
    if bench.inputs['skip-decompress'] == 'true':
        raise StepFailed('skip-decompress cannot be used here: artifacts are always unpacked')
    this_run = str(bench.github.get('run_id', ''))
    if bench.inputs['github-token'] and bench.inputs['run-id'] not in ('', this_run):
        raise StepFailed(
            f'artifacts of run {bench.inputs["run-id"]} are on GitHub; '
            'here only those of this run can be had'
        )


def _directory(bench: Workbench) -> Path:
    text = bench.inputs['path'] or '.'
    if text.startswith('~'):
        text = f'{bench.home}{text[1:]}'
    return bench.own((bench.workspace / text).resolve())


def _get(bench: Workbench, name: str, names: Mapping[str, str]) -> str:
    if name in names:
        return name
    known = ', '.join(names) or 'none'
    if major(bench.ref) < _SEPARATE:
        raise StepFailed(f'Unable to find an artifact with the name: {name} (there are: {known})')
    raise StepFailed(
        f'Unable to download artifact(s): Artifact not found for name: {name} (there are: {known})'
    )


def _pick(bench: Workbench, ids: str, names: Mapping[str, str]) -> list[str]:
    wanted = [id for id in map(str.strip, ids.split(',')) if id]
    if not wanted:
        raise StepFailed("No valid artifact IDs provided in 'artifact-ids' input")
    for id in wanted:
        if not (id.isascii() and id.isdecimal()):
            raise StepFailed(f"Invalid artifact ID: '{id}'. Must be a number.")
    found = [name for name, id in names.items() if id in wanted]
    if not found:
        raise StepFailed('None of the provided artifact IDs were found')
    missing = [id for id in wanted if id not in names.values()]
    if missing:
        bench.warning(f'Could not find the following artifact IDs: {", ".join(missing)}')
    return found


def _select(bench: Workbench, names: Mapping[str, str]) -> list[str]:
    if major(bench.ref) < _SEPARATE and not names:
        raise StepFailed('Unable to find any artifacts for the associated workflow')
    pattern = bench.inputs['pattern']
    if pattern:
        bench.log(f"Filtering artifacts by pattern '{pattern}'")
        alternatives = _expand(pattern)
        return [name for name in names if any(_fits(one, name) for one in alternatives)]
    bench.log(
        'No input name, artifact-ids or pattern filtered specified, downloading all artifacts'
    )
    return list(names)


def _expand(pattern: str) -> list[str]:
    """`{a,b}-*` is `a-*` and `b-*`, innermost braces first."""
    found = re.search(r'\{([^{}]*,[^{}]*)\}', pattern)
    if found is None:
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [
        expanded
        for choice in found[1].split(',')
        for expanded in _expand(f'{before}{choice}{after}')
    ]


def _fits(pattern: str, name: str) -> bool:
    """A name that begins with a dot is matched only by a pattern that does."""
    return name.startswith('.') <= pattern.startswith('.') and paths.match_name(pattern, name)


async def _fetch(bench: Workbench, name: str, directory: Path) -> None:
    try:
        count = await bench.world.artifacts.fetch(name, directory)
    except UserError as error:
        raise StepFailed(f'Unable to download artifact(s): {error}') from error
    bench.log(f'Artifact {name} was downloaded to {directory} ({count} files)')
