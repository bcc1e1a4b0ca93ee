"""docker/build-push-action, all majors: with the engine's own builder, by buildx where it is.

The default context is not fetched from GitHub: it is the run's snapshot, the files that
actions/checkout gives, without `.git`.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from liftlock.runner.actions import building, engines
from liftlock.runner.actions.answers import ask
from liftlock.runner.actions.building import Builder, Files, Plan, Wanted, wanting
from liftlock.runner.actions.engines import Engine
from liftlock.runner.workbench import StepFailed, Workbench

INPUTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(wanting.NAMES, ''),
    'load': 'false',
    'no-cache': 'false',
    'pull': 'false',
    'push': 'false',
}
_ACTION: Final = 'docker/build-push-action'


async def main(bench: Workbench) -> None:
    engine = await engines.find(bench, _ACTION)
    place = Path(tempfile.mkdtemp(prefix='docker-build-', dir=bench.temp))
    try:
        wanted = await wanting.read(bench, place)
        files = Files(str(place / 'image-id'), str(place / 'metadata.json'))
        plan = building.plan(await _builder(bench, engine, wanted), wanted, files)
        plan = plan._replace(env={**plan.env, **await engines.credentials(bench, engine)})
        await _build(bench, engine, plan)
        digest = await _push(bench, engine, plan, place)
        _tell(bench, files, plan, digest)
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _builder(bench: Workbench, engine: Engine, wanted: Wanted) -> Builder:
    if engine.builder != engines.BUILDX:
        return Builder(engine.builder, engine.platform)
    named = (wanted.builder,) if wanted.builder else ()
    told = await ask(bench, engine.program, 'buildx', 'inspect', *named)
    if told.code:
        raise StepFailed(f'The builder cannot be used: {told.reason}')
    driver = re.search(r'^Driver:\s*(\S+)', told.text, re.MULTILINE)
    store = await ask(bench, engine.program, 'info', '--format', '{{json .DriverStatus}}')
    own = driver is None or driver[1] == 'docker'
    return Builder(engine.builder, engine.platform, not own or 'containerd' in store.text)


async def _build(bench: Workbench, engine: Engine, plan: Plan) -> None:
    for note in plan.notes:
        bench.log(note)
    bench.log(f'##[command]{engine.program} {" ".join(plan.words)}')
    status = await bench.run(engine.program, *plan.words, env=plan.env, check=False)
    if status:
        raise StepFailed(f'{engine.builder} failed with exit code {status}')


async def _push(bench: Workbench, engine: Engine, plan: Plan, place: Path) -> str:
    """The digest of what was pushed, '' if nothing was."""
    digest = ''
    for tag in plan.pushes:
        words = [engine.program, 'push']
        if engine.podman:
            plain = ['--tls-verify=false'] if engines.is_loopback(tag) else []
            words += [*plain, '--digestfile', str(place / 'digest')]
        bench.log(f'##[command]{" ".join([*words, tag])}')
        if await bench.run(*words, tag, env=plan.env, check=False):
            raise StepFailed(f'{tag} could not be pushed')
        if engine.podman:
            digest = (place / 'digest').read_text(encoding='ascii').strip()
        else:
            digest = await _ask_digest(bench, engine, tag)
    return digest


async def _ask_digest(bench: Workbench, engine: Engine, tag: str) -> str:
    """The engine remembers by which digest each repository knows the image."""
    words = (engine.program, 'image', 'inspect', '--format', '{{json .RepoDigests}}', tag)
    told = await ask(bench, *words)
    known = json.loads(told.text) if told.code == 0 else None
    digests = [str(name).partition('@') for name in known or ()]
    repository = _repository(tag)
    return next((each for name, _, each in reversed(digests) if name == repository), '')


def _repository(tag: str) -> str:
    """As the engine shows it: without tag, and without Docker Hub's own name."""
    name, colon, last = tag.rpartition(':')
    bare = name if colon and '/' not in last else tag
    return bare.removeprefix('docker.io/').removeprefix('library/')


def _tell(bench: Workbench, files: Files, plan: Plan, digest: str) -> None:
    image = _text(Path(files.image_id))
    told = _text(Path(files.metadata))
    metadata = json.loads(told) if told else {}
    if not told and image:
        metadata['containerimage.config.digest'] = image
    if digest:
        metadata |= {'containerimage.digest': digest, 'image.name': ','.join(plan.pushes)}
    digest = str(metadata.get('containerimage.digest', ''))
    shown = json.dumps(metadata, indent=2) if metadata else ''
    for name, title, text in (
        ('imageid', 'ImageID', image),
        ('digest', 'Digest', digest),
        ('metadata', '', shown),
    ):
        if text:
            bench.set_output(name, text)
        if text and title:
            bench.log(f'{title}: {text}')


def _text(file: Path) -> str:
    return file.read_text(encoding='utf-8').strip() if file.exists() else ''
