"""anchore/sbom-action: syft where it is, else our own reading of what Python and npm packages a
directory or file names, which writes CycloneDX only.
"""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock import VERSION
from liftlock.errors import UserError
from liftlock.plan.facts import ArtifactStored
from liftlock.runner.actions import scanning
from liftlock.runner.actions.answers import ask
from liftlock.runner.actions.inputs import read_boolean
from liftlock.runner.actions.scanning import SYFT, Scan
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'path': '.',
    'file': '',
    'image': '',
    'registry-username': '',
    'registry-password': '',
    'format': 'spdx-json',
    'github-token': '',
    'artifact-name': '',
    'output-file': '',
    'syft-version': '',
    'dependency-snapshot': 'false',
    'upload-artifact': 'true',
    'upload-artifact-retention': '0',
    'upload-release-assets': 'true',
    'config': '',
}
_OURS: Final = 'cyclonedx-json'
_EXTENSIONS: Final = {
    'spdx': 'spdx', 'spdx-tag-value': 'spdx', 'spdx-json': 'spdx.json',
    'cyclonedx': 'cyclonedx.xml', 'cyclonedx-xml': 'cyclonedx.xml',
    'cyclonedx-json': 'cyclonedx.json', 'json': 'syft.json',
}  # fmt: skip


async def main(bench: Workbench) -> None:
    name = file_name(bench)
    made = bench.workspace / f'.{name}'  # where a container sees it, too
    try:
        await _make(bench, made)
        content = await asyncio.to_thread(_read, bench, made)
        if bench.inputs['output-file']:
            _write_anew(bench, bench.workspace / bench.inputs['output-file'], content)
        file = bench.temp / name
        _write_anew(bench, file, content)
    except OSError as error:
        raise StepFailed(f'{error.filename}: {error.strerror}') from error
    finally:
        made.unlink(missing_ok=True)
    if read_boolean(bench, 'upload-artifact'):
        await _upload(bench, name, file)
    if read_boolean(bench, 'dependency-snapshot'):
        bench.warning('The dependency snapshot is not sent to GitHub: this run is not there')


async def _make(bench: Workbench, made: Path) -> None:
    form, image = bench.inputs['format'], bench.inputs['image']
    here = (await ask(bench, 'sh', '-c', 'command -v syft')).code == 0
    if not here and form == _OURS and not image:
        await asyncio.to_thread(_write, bench, made)
        return
    try:
        code = await scanning.run(bench, SYFT, _scan(bench, made))
    except StepFailed as error:
        more = '' if image else f'. Without it, `format: {_OURS}` lists packages of Python and npm'
        raise StepFailed(f'{error}{more}') from None
    if code:
        raise StepFailed('An error occurred running Syft')
    scanning.require(made, SYFT)


def _scan(bench: Workbench, made: Path) -> Scan:
    env = {'SYFT_CHECK_FOR_APP_UPDATE': 'false'}
    user, image = bench.inputs['registry-username'], bench.inputs['image']
    if user:
        env |= {
            'SYFT_REGISTRY_AUTH_USERNAME': user,
            'SYFT_REGISTRY_AUTH_PASSWORD': bench.inputs['registry-password'],
        }
    if image:
        source = f'registry:{image}' if user else image
    elif bench.inputs['file']:
        source = f'file:{bench.inputs["file"]}'
    else:
        source = f'dir:{bench.inputs["path"]}'
    config = ('-c', bench.inputs['config']) if bench.inputs['config'] else ()
    return Scan(('scan', source, '-o', f'{bench.inputs["format"]}={made.name}', *config), env)


def _write(bench: Workbench, made: Path) -> None:
    """Without syft, and saying so."""
    from liftlock.runner.bom import cyclonedx, finding

    named = bench.inputs['file'] or bench.inputs['path']
    try:
        found = finding.find(bench.own(bench.workspace / named), bench.open)
        text = cyclonedx.render(named, '', found.components, VERSION)
    except OSError as error:
        raise StepFailed(f'{error.filename}: {error.strerror}') from error
    except UserError as error:
        raise StepFailed(f'{error}; {error.hint}') from error
    bench.warning(
        'syft is not installed: only packages of Python and npm that files name are listed '
        f'({len(found.components)} of them)'
    )
    for name, number in found.read:
        bench.log(f'{name}: {number}')
    for trouble in found.troubles:
        bench.warning(trouble)
    _write_anew(bench, made, text.encode())


def _write_anew(bench: Workbench, path: Path, content: bytes) -> None:
    """Never through a link that a step has laid there."""
    bench.own(path.parent)
    path.unlink(missing_ok=True)
    with path.open('xb') as file:
        file.write(content)


def _read(bench: Workbench, made: Path) -> bytes:
    with bench.open(made) as stream:
        return stream.read()


async def _upload(bench: Workbench, name: str, file: Path) -> None:
    days = bench.inputs['upload-artifact-retention'].strip() or '0'
    if not days.isdigit():
        raise StepFailed(f'Invalid upload-artifact-retention: {days}')
    try:
        identity, size, digest = await bench.world.artifacts.store(
            name,
            [(name, file)],
            merge=False,
            overwrite=True,
            retention_days=int(days),
            compression=6,
        )
    except UserError as error:
        raise StepFailed(str(error)) from error
    bench.report(ArtifactStored(bench.job, name, digest, size, 1))
    bench.log(f'Uploaded {name} ({size} bytes), artifact {identity}')


def file_name(bench: Workbench) -> str:
    """As the original names it: after the image, or after repository, job and step."""
    if bench.inputs['artifact-name']:
        return Path(bench.inputs['artifact-name']).name
    form = bench.inputs['format']
    extension = _EXTENSIONS.get(form, form)
    if bench.inputs['image']:
        parts = bench.inputs['image'].split('/')
        named = '-'.join(parts[1:] if len(parts) > 2 else parts)
        return f'{re.sub("[^-a-zA-Z0-9]", "_", named)}.{extension}'
    github = bench.github
    repository = str(github.get('repository', '')).rpartition('/')[2]
    step = re.sub('__[-_a-z]+', '', str(github.get('action', '')))
    return f'{repository}-{github.get("job", "")}{f"-{step}" if step else ""}.{extension}'
