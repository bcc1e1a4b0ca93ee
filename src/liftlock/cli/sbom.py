"""`liftlock sbom`: which packages a directory, an archive or an artifact holds or names."""

import sys
import tempfile
from pathlib import Path
from typing import Final

import click

from liftlock import VERSION
from liftlock.cli import wiring
from liftlock.cli.figures import count
from liftlock.errors import UserError
from liftlock.runner.bom import cyclonedx, finding
from liftlock.runner.bom.finding import Found

SHOWN: Final = 20  # files


@click.command()
@click.argument('target', default='.', metavar='[PATH|ARTIFACT]')
@click.option('-o', '--output', metavar='FILE', help='Write it there. [default: standard output]')
@click.option('--run', default='last', metavar='RUN', help='Whose ARTIFACT. [default: the last]')
@click.pass_obj
def command(state: str | None, /, target: str, output: str | None, run: str) -> None:
    """Write a bill of materials: CycloneDX 1.6, as JSON.

    It lists packages of Python and npm that lock files, requirements and the metadata of packages
    name, and nothing else. For other languages and for images there is syft.
    """
    path = Path(target)
    if path.exists():
        text, found = make(path)
    else:
        text, found = _of_artifact(target, run, state)
    if output:
        try:
            Path(output).write_text(text, encoding='utf-8')
        except OSError as error:
            raise UserError(f'{output} cannot be written: {error.strerror}') from error
    else:
        sys.stdout.write(text)
    _tell(found, output)


def make(path: Path, name: str = '', digest: str = '') -> tuple[str, Found]:
    try:
        found = finding.find(path)
        if not digest and not path.is_dir():
            digest = _digest(path)
    except OSError as error:
        raise UserError(f'{error.filename} cannot be read: {error.strerror}') from error
    shown = name or path.resolve().name
    return cyclonedx.render(shown, digest, found.components, VERSION), found


def _digest(path: Path) -> str:
    import hashlib

    with path.open('rb') as stream:
        return hashlib.file_digest(stream, 'sha256').hexdigest()


def _of_artifact(name: str, run: str, state: str | None) -> tuple[str, Found]:
    import asyncio

    from liftlock.cli import kept
    from liftlock.store.artifacts import RunArtifacts

    store = wiring.opened(wiring.place(state))
    artifact = kept.find(store, name, run)
    with tempfile.TemporaryDirectory(prefix='liftlock-sbom-') as folder:
        asyncio.run(RunArtifacts(store, artifact.run).fetch(name, Path(folder)))
        return make(Path(folder), name, artifact.digest)


def _tell(found: Found, output: str | None) -> None:
    """What it rests on, so that nobody takes silence for emptiness."""
    if output:
        print(f'{output}: {count(len(found.components), "package")}', file=sys.stderr)
    for name, number in found.read[:SHOWN]:
        print(f'  {name}: {number}', file=sys.stderr)
    if len(found.read) > SHOWN:
        print(f'  and {count(len(found.read) - SHOWN, "more file")}', file=sys.stderr)
    for trouble in found.troubles:
        print(f'warning: {trouble}', file=sys.stderr)
    if not found.read:
        print(
            'warning: there are no lock files, requirements or packages of Python or npm in it; '
            'of others nothing is known here',
            file=sys.stderr,
        )
    unfixed = sum(not one.version for one in found.components)
    if unfixed:
        print(f'warning: {count(unfixed, "package")} without a fixed version', file=sys.stderr)
