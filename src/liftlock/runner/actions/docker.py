"""Actions that are containers: `docker://image`, and those that bring an image or a Dockerfile.

Rules: GitHub's runner (ContainerActionHandler). The container is on the job's network if there is
one, and sees the job's directories below /github.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH118, PTH120

import asyncio
import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from liftlock.language import image as names
from liftlock.language.action import Docker
from liftlock.language.expressions.values import Scope, Value, to_text
from liftlock.language.resolve import resolve
from liftlock.runner import environment, evaluation, images, reach
from liftlock.runner.console import Console
from liftlock.runner.docker import (
    attached,
    create,
    gateway,
    ground,
    leftovers,
    network,
    owners,
    paths,
)
from liftlock.runner.docker import images as brought
from liftlock.runner.docker.build import build
from liftlock.runner.docker.create import Mount
from liftlock.runner.docker.engine import Engine, look
from liftlock.runner.docker.relay import NAME, aside
from liftlock.runner.docker.sockets import USUAL, socket_path
from liftlock.runner.docker.variables import hand_over
from liftlock.runner.executors.base import GITHUB, CannotPrepare
from liftlock.runner.shells import split
from liftlock.runner.state import Job
from liftlock.runner.turn import Turn
from liftlock.runner.workbench import StepFailed

_COMMANDS: Final = '/github/file_commands'
_SANDBOX: Final = 'sandbox'
_KUBERNETES: Final = 'kubernetes'
_NOTE: Final = 'containers of actions'


def is_dockerfile(image: str) -> bool:
    last = image.rpartition('/')[2].lower()
    return last.startswith('dockerfile.') or last.endswith('dockerfile')


async def prepare(
    job: Job, directory: str, runs: Docker, uses: str, say: Callable[[str], None]
) -> str:
    """Have the image here, pulled or built; what to call it. Once a job for each action.

    Raises StepFailed, UserError and OSError.
    """
    known = job.images.get((directory, runs.image))
    if known is not None:
        return known
    engine = await find_engine(job)
    try:
        image = await _bring(job, engine, directory, runs, uses, say)
    except CannotPrepare as error:
        raise StepFailed(str(error)) from None
    job.images[directory, runs.image] = image
    return image


async def _bring(
    job: Job, engine: Engine, directory: str, runs: Docker, uses: str, say: Callable[[str], None]
) -> str:
    if runs.image.lower().startswith(names.SCHEME):
        wanted = images.hold(job.world, runs.image[len(names.SCHEME) :], say)
        say(f"##[group]Pull down action image '{wanted}'")
        image = await brought.have(engine, wanted, say, partial(images.note, job))
    elif is_dockerfile(runs.image):
        dockerfile = _join(directory, runs.image)
        say(f"##[group]Build container for action use: '{dockerfile}'.")
        owner = to_text(job.github.get('repository')) if uses.startswith(('.', '$')) else ''
        image = await build(engine, dockerfile, f'{owner} {uses} {runs.image}', say)
    else:
        raise StepFailed(
            f"'{runs.image}' should be either '[path]/Dockerfile' or 'docker://image[:tag]'."
        )
    say('##[endgroup]')
    return image


def _join(directory: str, name: str) -> str:
    return os.path.normpath(os.path.join(directory, name))


async def find_engine(job: Job) -> Engine:
    if job.request.place.startswith(_SANDBOX):  # with the network, too
        raise StepFailed('This action is a container, which would stand outside of the sandbox')
    if job.request.place.startswith(_KUBERNETES):
        raise StepFailed('This action is a container, and a pod has no container engine for it')
    engine = await asyncio.to_thread(look, job.world.container_engine)
    if isinstance(engine, str):
        raise StepFailed(f'This action is a container, and no engine is here for it. {engine}')
    return engine


async def run(
    turn: Turn,
    directory: str,
    runs: Docker,
    uses: str,
    inputs: Mapping[str, str],
    entrypoint: str = '',
) -> str:
    """One stage of an action; its outcome. `entrypoint` is that of its first or last stage."""
    job = turn.job
    engine = await find_engine(job)
    image = await prepare(job, directory, runs, uses, turn.record.say)
    turn.lend()
    _end_with_job(job, engine)
    given = {name.lower(): text for name, text in inputs.items()}
    joined = await _join_network(job, engine)
    mounts = _mounts(job)
    mapped = _paths(job, mounts)
    scope = Scope({**turn.scope.contexts, 'inputs': dict(inputs)}, turn.scope.functions)
    variables = await _variables(turn, engine, runs, inputs, scope, joined)
    handed = hand_over({name: mapped.translate(text) for name, text in variables.items()})
    name = f'{create.plain(uses)}_{os.urandom(3).hex()}'
    more = ground.mounts(job.base)
    more += [Mount(path, USUAL)] if (path := _socket_path(job)) else []
    words = [
        'run', '--rm', '--name', name, '--label', f'{create.LABEL}={job.request.tracking_id}',
        '--workdir', paths.ACTION_WORKSPACE, *handed.words,
        *_option('--entrypoint', entrypoint or runs.entrypoint or given.get('entrypoint', '')),
        *_option('--network', joined),
        *(word for mount in (*mounts, *more) for word in mount.words),
        image,
        *map(mapped.translate, _arguments(runs, given, scope)),
    ]  # fmt: skip
    status = await _run(turn, engine, name, words, handed.env, mapped)
    await _take_files(turn, engine, image, mounts)
    states = job.states.setdefault(turn.instance, {})
    states.update(turn.effects.state)
    if status and not turn.leash.level and not turn.record.message:
        turn.record.fail(f'The action ended with exit code {status}.')
    return turn.conclude(status)


async def _run(
    turn: Turn,
    engine: Engine,
    name: str,
    words: list[str],
    env: Mapping[str, str],
    mapped: paths.Paths,
) -> int:
    job = turn.job
    console = Console(job, turn.record, turn.effects, turn.env, mapped.outside)
    try:
        return await attached.run(engine, name, words, env, console.feed, turn.leash, GITHUB)
    finally:
        console.close()
        turn.take()


def _option(name: str, value: str) -> tuple[str, ...]:
    return (name, value) if value else ()


def _arguments(runs: Docker, given: Mapping[str, str], scope: Scope) -> list[str]:
    if runs.args is None:
        return split(given.get('args', ''))
    value = resolve(runs.args, scope)
    return list(map(to_text, value)) if isinstance(value, list) else split(to_text(value))


async def _variables(
    turn: Turn,
    engine: Engine,
    runs: Docker,
    inputs: Mapping[str, str],
    scope: Scope,
    joined: str,
) -> dict[str, str]:
    """Later wins; what the action itself sets only fills what nobody has set."""
    job = turn.job
    states = job.states.get(turn.instance, {})
    own = {
        **turn.env,
        **{f'STATE_{name}': text for name, text in states.items()},
        **environment.inputs(inputs),
    }
    base = ground.lay(job.base, {}, paths.HOME)
    del base['PATH']  # the image has its own
    listen = await _listen(job, engine, joined)
    return {
        **base,
        **create.CI,
        **evaluation.texts(runs.env, scope),
        **own,
        'HOME': paths.HOME,
        **job.fixed,
        **turn.stage_env(await reach.for_container(turn, listen)),
    }


async def _listen(job: Job, engine: Engine, joined: str) -> reach.Listen | None:
    """None where the job's processes are on that network too."""
    if job.world.services is None or to_text(_container(job).get('id')):
        return None
    address = await gateway.find(engine, joined)
    return partial(gateway.listen, engine, address) if address else None


async def _join_network(job: Job, engine: Engine) -> str:
    """The job's network; '' for the engine's default one, if that leads to this machine."""
    known = to_text(_container(job).get('network'))
    if known or not (engine.podman and engine.rootless):
        return known
    name = network.new_name()
    await network.make(engine, name, job.request.tracking_id)
    job.status_context['container'] = {'network': name}
    return name


def _socket_path(job: Job) -> str:
    """The job's own way to Docker where it has one, so that its containers are known."""
    for own in (f'{job.directories.root}/{NAME}', aside(job.request.tracking_id)):
        if os.access(own, os.W_OK):
            return own
    return socket_path()


def _container(job: Job) -> dict[str, Value]:
    context = job.status_context.get('container')
    return context if isinstance(context, dict) else {}


def _mounts(job: Job) -> list[Mount]:
    places = job.directories
    return [
        Mount(places.temp, paths.ACTION_TEMP),
        Mount(places.home, paths.HOME),
        Mount(os.path.dirname(places.event), paths.WORKFLOW),
        Mount(places.commands, _COMMANDS),
        Mount(places.workspace, paths.ACTION_WORKSPACE),
    ]


def _paths(job: Job, mounts: list[Mount]) -> paths.Paths:
    """From the paths of this machine, and of the job's own container."""
    inside = job.workplace.inside
    return paths.Paths(
        [(mount.source, mount.target) for mount in mounts],
        [(inside(mount.source), mount.target) for mount in mounts],
    )


def _end_with_job(job: Job, engine: Engine) -> None:
    """Whatever happens to a container of an action, it is gone when the job is. Whoever holds the
    containers around the job removes these too."""
    if _NOTE not in job.told and not (
        _container(job).get('id') or job.status_context.get('services')
    ):
        job.told.add(_NOTE)
        job.stack.push_async_callback(leftovers.remove, engine, job.request.tracking_id)


async def _take_files(turn: Turn, engine: Engine, image: str, mounts: list[Mount]) -> None:
    """What root has made in there becomes ours, or the job's container's."""
    job = turn.job
    if to_text(_container(job).get('id')):
        await job.workplace.take_files()
        await job.workplace.give_files()
        return
    wrong = await owners.take_with(engine, image, mounts)
    if wrong and wrong not in job.told:
        job.told.add(wrong)
        turn.record.say(f'##[warning]{wrong}')
