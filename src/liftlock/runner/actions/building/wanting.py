"""From the inputs of a step to what is to be built: contexts, secrets, lists."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.runner.actions.building.records import Secret, Wanted
from liftlock.runner.actions.inputs import parse_records, read_boolean, split_list
from liftlock.runner.workbench import StepFailed, Workbench

NAMES: Final = (
    'add-hosts', 'allow', 'annotations', 'attests', 'build-args', 'build-contexts', 'builder',
    'cache-from', 'cache-to', 'call', 'cgroup-parent', 'context', 'file', 'labels', 'load',
    'network', 'no-cache', 'no-cache-filters', 'outputs', 'platforms', 'provenance', 'pull',
    'push', 'sbom', 'secrets', 'secret-envs', 'secret-files', 'shm-size', 'ssh', 'tags', 'target',
    'ulimit', 'github-token',
)  # fmt: skip
_DEFAULT: Final = re.compile(r'\{\{\{?\s*defaultContext\s*\}?\}\}(:)?')
_KEEPS_GIT: Final = re.compile(r'BUILDKIT_CONTEXT_KEEP_GIT_DIR=(?:1|true)', re.IGNORECASE)


async def read(bench: Workbench, place: Path) -> Wanted:
    """`place` is a directory for the step's own files. Raises StepFailed."""

    def text(name: str) -> str:
        return bench.inputs[name].strip()

    def words(name: str) -> list[str]:
        return split_list(bench.inputs[name])

    def lines(name: str, quote: str = '"') -> list[str]:
        return split_list(bench.inputs[name], commas=False, quote=quote)

    arguments = lines('build-args')
    context, file, others = await _find_contexts(bench, place, lines('build-contexts'), arguments)
    return Wanted(
        context=context,
        file=file,
        target=text('target'),
        tags=words('tags'),
        labels=lines('labels'),
        annotations=lines('annotations'),
        build_args=arguments,
        build_contexts=others,
        secrets=list(_secrets(bench, place)),
        ssh=words('ssh'),
        platforms=words('platforms'),
        outputs=lines('outputs', quote=''),
        push=read_boolean(bench, 'push'),
        load=read_boolean(bench, 'load'),
        pull=read_boolean(bench, 'pull'),
        no_cache=read_boolean(bench, 'no-cache'),
        no_cache_filters=words('no-cache-filters'),
        cache_from=lines('cache-from'),
        cache_to=lines('cache-to'),
        network=text('network'),
        add_hosts=words('add-hosts'),
        allow=words('allow'),
        attests=lines('attests'),
        provenance=text('provenance'),
        sbom=text('sbom'),
        call=text('call'),
        cgroup_parent=text('cgroup-parent'),
        shm_size=text('shm-size'),
        ulimit=lines('ulimit'),
        builder=text('builder'),
    )


# --- contexts


async def _find_contexts(
    bench: Workbench, place: Path, others: Sequence[str], arguments: Sequence[str]
) -> tuple[str, str, list[str]]:
    """Context, Dockerfile and further contexts. With the default one, which on GitHub is fetched,
    a Dockerfile is looked for in it; else in the workspace."""
    context, file = bench.inputs['context'].strip(), bench.inputs['file'].strip()
    context = context or '{{defaultContext}}'
    if not any(map(_DEFAULT.search, (context, *others))):
        return context, file, list(others)
    keeps = any(map(_KEEPS_GIT.fullmatch, arguments))
    default = await _lay(bench, _make(place / 'context'), keeps_git=keeps)

    def resolve(written: str) -> str:
        return _DEFAULT.sub(lambda found: default + ('/' if found[1] else ''), written)

    if _DEFAULT.match(context) and file:
        file = str(Path(resolve(context), file))
    return resolve(context), file, list(map(resolve, others))


def _make(directory: Path) -> Path:
    directory.mkdir()
    return directory


async def _lay(bench: Workbench, directory: Path, *, keeps_git: bool) -> str:
    """The files of the run's commit."""
    bench.log("The context is the run's own files, as actions/checkout gives them")
    try:
        await bench.world.sources.checkout(directory, '', 1, bench.log, submodules='recursive')
    except UserError as error:
        raise StepFailed(str(error)) from error
    if not keeps_git:
        shutil.rmtree(directory / '.git')
    return str(directory)


# --- secrets


def _secrets(bench: Workbench, place: Path) -> Iterator[Secret]:
    """Values go to files that only the job's user can read."""
    entries = [','.join(record) for record in parse_records(bench.inputs['secrets'])]
    for id_, value in _pairs(bench, 'secrets', entries):
        bench.mask(value)
        yield Secret(id_, f'src={_keep(place, value)}')
    for id_, name in _pairs(bench, 'secret-envs', split_list(bench.inputs['secret-envs'])):
        if name in bench.env:
            yield Secret(id_, f'src={_keep(place, bench.env[name])}')
        else:
            bench.warning(f'secret-envs: the variable {name} is not set')
    files = split_list(bench.inputs['secret-files'], commas=False)
    for id_, name in _pairs(bench, 'secret-files', files):
        if (bench.workspace / name).exists():
            yield Secret(id_, f'src={name}')
        else:
            bench.warning(f'secret file {name} not found')


def _pairs(bench: Workbench, name: str, entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        id_, _, value = entry.partition('=')
        if id_ and value:
            yield id_, value
        elif entry.strip():  # which may be a secret itself
            bench.warning(f'An entry of `{name}` is left out: it is no KEY=VALUE')


def _keep(place: Path, value: str) -> Path:
    opened, path = tempfile.mkstemp(prefix='secret-', dir=place)
    with os.fdopen(opened, 'w', encoding='utf-8') as stream:
        stream.write(value)
    return Path(path)
