"""Runs commands in a container, by docker or podman. Rules: GitHub's ContainerOperationProvider."""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH103, PTH110, PTH120, PTH123

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from liftlock.runner.containers import Container
from liftlock.runner.docker import ground, images, leftovers, owners, paths
from liftlock.runner.docker.create import Mount
from liftlock.runner.docker.engine import Engine, EngineFailed, look
from liftlock.runner.docker.network import Network
from liftlock.runner.docker.relay import Relay, open_relay
from liftlock.runner.docker.sockets import USUAL, elsewhere, podman_path, socket_path
from liftlock.runner.docker.workplace import Docker
from liftlock.runner.executors.base import CannotPrepare, Order

_GIT: Final = '[safe]\n\tdirectory = *\n'


@asynccontextmanager
async def prepare(order: Order) -> AsyncIterator[Docker]:
    engine = await asyncio.to_thread(look, order.container_engine)
    if isinstance(engine, str):
        raise CannotPrepare(f'This job runs in a container, and no engine is here for it. {engine}')
    if not engine.podman and (where := elsewhere()):
        raise CannotPrepare(
            f'This job runs in a container, but Docker is on another machine ({where}), where its '
            'directories cannot be mounted: set DOCKER_HOST or the context to one that is here'
        )
    path = podman_path(engine.rootless) if engine.podman else socket_path()
    relay = await open_relay(path, order.directories.root, order.tracking_id)
    network = Network(engine, order)
    workplace: Docker | None = None
    try:
        workplace = await _open(engine, order, network, relay)
        yield workplace
    finally:
        if workplace is not None:
            await workplace.close()
        await network.close()
        if relay is not None:
            relay.close()


async def _open(engine: Engine, order: Order, network: Network, relay: Relay | None) -> Docker:
    asked = order.wanted.container or Container(order.image)
    order.say('##[group]Starting job container')
    opening = asyncio.ensure_future(network.open())
    try:
        image = await images.have(
            engine, asked.image, order.say, order.note_image, asked.username, asked.password
        )
    finally:
        await opening
    own = _own_mounts(order)
    mapped = paths.Paths([(mount.source, mount.target) for mount in own])
    container = await network.start(
        asked,
        image=image,
        mounts=_make(own) + _borrowed(order, relay),
        workdir=mapped.inside(order.directories.workspace),
        env={'HOME': paths.HOME},
        entrypoint='tail',
        arguments=('-f', '/dev/null'),
    )
    if not container.told['State']['Running']:
        raise EngineFailed(
            f'Failed to initialize container {asked.image}: it ended at once. The image needs '
            '`tail`, and must run on this machine'
        )
    _trust_git(order)
    targets = (paths.WORK, paths.HOME)
    owner = await owners.find(engine, container.id, container.user, targets)
    await owner.open(order.say)
    order.say('##[endgroup]')
    services = order.wanted.services
    started = await network.start_services(services) if services else {}
    return Docker(engine, order, network, container, mapped, owner, started, relay)


def _own_mounts(order: Order) -> list[Mount]:
    """The directories that have other names in there."""
    places = order.directories
    mounts = [
        Mount(places.root, paths.WORK),
        Mount(places.home, paths.HOME),
        Mount(os.path.dirname(places.event), paths.WORKFLOW),
        Mount(order.tool_cache, paths.TOOLS),
    ]
    if order.externals:
        mounts.append(Mount(order.externals, paths.EXTERNALS, read_only=True))
    return mounts


def _make(mounts: list[Mount]) -> list[Mount]:
    for mount in mounts:
        os.makedirs(mount.source, exist_ok=True)
    return mounts


def _borrowed(order: Order, relay: Relay | None) -> list[Mount]:
    """Where the objects of checkouts and the files of actions are, and how Docker is reached."""
    shared = [Mount(path, path, read_only=True) for path in order.shared if os.path.exists(path)]
    shared += ground.mounts(order.env)
    return [*shared, Mount(relay.path, USUAL)] if relay else shared


def _trust_git(order: Order) -> None:
    """The workspace may belong to another user than the one who asks git in there."""
    with open(f'{order.directories.home}/.gitconfig', 'a', encoding='ascii') as file:
        file.write(_GIT)


def end_leftovers(tracking_id: str) -> None:
    leftovers.end(tracking_id)
