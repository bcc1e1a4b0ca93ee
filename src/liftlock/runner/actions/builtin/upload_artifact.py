"""actions/upload-artifact. Up to v3, uploads of the same name flow into one artifact; from v4 on,
a name that is taken is refused.
"""

from collections.abc import Mapping, Sequence
from os.path import commonpath
from pathlib import Path
from typing import Final

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.plan.facts import ArtifactStored
from liftlock.runner.actions import paths
from liftlock.runner.actions.majors import major
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    'name': 'artifact',
    'path': '',
    'if-no-files-found': 'warn',
    'retention-days': '',
    'compression-level': '6',
    'overwrite': 'false',
    'include-hidden-files': 'false',
    'archive': 'true',
}
_MERGING = 3  # the last major that merges
_IN_PATHS: Final[Mapping[str, str]] = {
    '"': 'Double quote "',
    ':': 'Colon :',
    '<': 'Less than <',
    '>': 'Greater than >',
    '|': 'Vertical bar |',
    '*': 'Asterisk *',
    '?': 'Question mark ?',
    '\r': 'Carriage return \\r',
    '\n': 'Line feed \\n',
}
_IN_NAMES: Final[Mapping[str, str]] = {
    **_IN_PATHS,
    '\\': 'Backslash \\',
    '/': 'Forward slash /',
}


class _Upload(NamedTuple):
    """Files by their path in the artifact; or one alone, without an archive."""

    name: str
    files: Sequence[tuple[str, Path]]
    archive: bool = True


async def main(bench: Workbench) -> None:
    if not bench.inputs['path'].strip():
        raise StepFailed('Input required and not supplied: path')
    found = paths.find(
        bench.inputs['path'],
        bench.workspace,
        bench.env,
        hidden=bench.inputs['include-hidden-files'] == 'true',
    )
    if not found.files:
        _say_nothing_found(bench)
        return
    plural = '' if len(found.files) == 1 else 's'
    bench.log(f'With the provided path, there will be {len(found.files)} file{plural} uploaded')
    upload = _collect(bench, found)
    _check(upload)
    await _store(bench, upload)


def _say_nothing_found(bench: Workbench) -> None:
    message = (
        f'No files were found with the provided path: {bench.inputs["path"]}. '
        'No artifacts will be uploaded.'
    )
    match bench.inputs['if-no-files-found']:
        case 'warn':
            bench.warning(message)
        case 'error':
            raise StepFailed(message)
        case 'ignore':
            bench.log(message)
        case other:
            raise StepFailed(
                f'Unrecognized if-no-files-found input. Provided: {other}. '
                'Available options: warn,error,ignore'
            )


def _collect(bench: Workbench, found: paths.Found) -> _Upload:
    root = _root(bench, found)
    files = [(file.relative_to(root).as_posix(), file) for file in found.files]
    if bench.inputs['archive'] != 'false':
        return _Upload(bench.inputs['name'], files)
    if len(files) > 1:
        raise StepFailed(
            "When 'archive' is set to false, only a single file can be uploaded. "
            f'Found {len(files)} files to upload.'
        )
    only = found.files[0]
    return _Upload(only.name, [(only.name, only)], archive=False)


def _root(bench: Workbench, found: paths.Found) -> Path:
    """What paths in the artifact are relative to: the least common ancestor of several searches,
    the folder of a file that was named as such, else where the search began."""
    if len(found.roots) > 1:
        bench.log('Multiple search paths detected. Calculating the least common ancestor')
        root = Path(commonpath(found.roots))
        bench.log(f'The least common ancestor is {root}. This will be the root of the artifact')
        return root
    root = found.roots[0]
    return root.parent if found.files == (root,) else root


def _check(upload: _Upload) -> None:
    """Characters that some file system of a later download cannot have."""
    if not upload.name:
        raise StepFailed('Provided artifact name input during validation is empty')
    for character, description in _IN_NAMES.items():
        if character in upload.name:
            raise StepFailed(
                f'The artifact name is not valid: {upload.name}. '
                f'Contains the following character: {description}'
            )
    for path, _ in upload.files:
        for character, description in _IN_PATHS.items():
            if character in path:
                raise StepFailed(
                    f'The path for one of the files in artifact is not valid: /{path}. '
                    f'Contains the following character: {description}'
                )


async def _store(bench: Workbench, upload: _Upload) -> None:
    merge = major(bench.ref) <= _MERGING
    try:
        identity, size, digest = await _keep(bench, upload, merge)
    except UserError as error:
        if upload.name not in await bench.world.artifacts.names():
            raise StepFailed(str(error)) from error
        raise StepFailed(
            'Failed to CreateArtifact: Received non-retryable error: Failed request: (409) '
            'Conflict: an artifact with this name already exists on the workflow run'
        ) from error
    bench.report(ArtifactStored(bench.job, upload.name, digest, size, len(upload.files)))
    if merge:
        bench.log(f'Artifact {upload.name} has been successfully uploaded!')
        return
    bench.log(
        f'Artifact {upload.name} has been successfully uploaded! Final size is {size} bytes. '
        f'Artifact ID is {identity}'
    )
    bench.set_output('artifact-id', identity)
    bench.set_output('artifact-digest', digest)
    github = bench.github
    bench.set_output(
        'artifact-url',
        f'{github.get("server_url", "")}/{github.get("repository", "")}/actions/runs/'
        f'{github.get("run_id", "")}/artifacts/{identity}',
    )


async def _keep(bench: Workbench, upload: _Upload, merge: bool) -> tuple[str, int, str]:
    artifacts = bench.world.artifacts
    overwrite = bench.inputs['overwrite'] == 'true' and not merge
    days = _read_number(bench, 'retention-days', 0, 10_000)
    if not upload.archive:
        from mimetypes import guess_type  # reads files of the system

        file = upload.files[0][1]
        mime = guess_type(file.name)[0] or 'application/octet-stream'
        return await artifacts.store_file(
            file, mime, overwrite=overwrite, retention_days=days, opening=bench.open
        )
    return await artifacts.store(
        upload.name,
        upload.files,
        merge=merge,
        overwrite=overwrite,
        retention_days=days,
        compression=_read_number(bench, 'compression-level', 6, 9),
        opening=bench.open,
    )


def _read_number(bench: Workbench, name: str, default: int, largest: int) -> int:
    text = bench.inputs[name].strip()
    if not text:
        return default
    if not text.isdigit() or int(text) > largest:
        raise StepFailed(f'Invalid {name}: {text}')
    return int(text)
