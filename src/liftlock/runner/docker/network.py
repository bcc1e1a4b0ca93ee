"""A job's network and the containers on it: started one after the other, removed together.

Every one of them carries the job's tracking id as a label, so that what is left of a killed
engine is found again. Rules and wording: GitHub's ContainerOperationProvider.
"""

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.runner.containers import Container
from liftlock.runner.docker import create, images, leftovers
from liftlock.runner.docker.create import LABEL, Mount, Place
from liftlock.runner.docker.engine import Answer, Engine, EngineFailed
from liftlock.runner.docker.health import wait
from liftlock.runner.docker.variables import hand_over
from liftlock.runner.executors.base import Order
from liftlock.runner.shells import split

_HIDDEN: Final = ('--mount', '-e', '--label')  # each with the word behind it


class Started(NamedTuple):
    """A container that runs. `alias` is '' for the job's own."""

    id: str
    name: str
    alias: str
    image: str
    told: Mapping[str, Any]  # what `inspect` says

    @property
    def env(self) -> dict[str, str]:
        """What its processes begin with: the image's variables and the workflow's."""
        pairs = (entry.partition('=') for entry in self.told['Config'].get('Env') or ())
        return {name: value for name, _, value in pairs}

    @property
    def user(self) -> str:
        return str(self.told['Config'].get('User') or '')

    @property
    def gateway(self) -> str:
        """This machine's address on the first of its networks; '' where it has none."""
        networks = self.told['NetworkSettings'].get('Networks') or {}
        return next((str(one['Gateway']) for one in networks.values() if one.get('Gateway')), '')

    @property
    def ports(self) -> dict[str, Value]:
        """Port in there → port on this machine, both as texts."""
        bound = self.told['NetworkSettings'].get('Ports') or {}
        return {
            port.partition('/')[0]: _place(places)['HostPort']
            for port, places in bound.items()
            if places
        }


def _place(places: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """The last, as on GitHub, but one that is reached by IPv4: Docker up to 22 takes any free port
    for IPv6, another one perhaps."""
    return next((one for one in reversed(places) if ':' not in one['HostIp']), places[-1])


class Network:
    """One job's. `open` it first, `close` it whatever happens."""

    __slots__ = ('_engine', '_order', 'broken', 'name', 'started')

    def __init__(self, engine: Engine, order: Order) -> None:
        self._engine = engine
        self._order = order
        self.name = new_name()
        self.started: list[Started] = []
        self.broken: list[Started] = []  # whose logs were shown already

    async def open(self) -> None:
        await make(self._engine, self.name, self._order.tracking_id)

    async def start(
        self,
        container: Container,
        alias: str = '',
        *,
        image: str = '',
        mounts: Sequence[Mount] = (),
        workdir: str = '',
        env: Mapping[str, str] | None = None,
        entrypoint: str = '',
        arguments: Sequence[str] = (),
    ) -> Started:
        """`image` is what `have` gave. Raises EngineFailed."""
        random = os.urandom(3).hex()
        name = f'{alias or "job"}_{create.plain(container.image)}_{random}'
        place = Place(name, self._order.tracking_id, self.name, alias, workdir, tuple(mounts))
        handed = hand_over(create.variables(container, env))
        words = create.words(place, container, handed.words, image, entrypoint, arguments)
        cut = len(words) - len(arguments)
        shown = _shown(words[:cut], words[cut:])
        self._order.say(f'##[command]{self._engine.name} {shown}')
        ran = await self._engine.ask(*words, env=handed.env)
        if ran.code:
            raise EngineFailed(
                f'Failed to initialize container {container.image}: {ran.reason}{_hint(ran)}'
            )
        id_ = ran.text.strip()
        self._order.say(id_)
        told = await self.inspect(id_)
        started = Started(id_, name, alias, container.image, told)
        self.started.append(started)
        if not told['State']['Running']:
            await self.show_logs(started)
            self._order.say(f'##[warning]Docker container {id_} is not in running state.')
        return started

    async def inspect(self, id_: str) -> Mapping[str, Any]:
        answer = await self._engine.tell('inspect', '--type', 'container', id_)
        told: Mapping[str, Any] = json.loads(answer.text)[0]
        return told

    async def start_services(self, services: Mapping[str, Container]) -> dict[str, Value]:
        """Start them in order and wait until they are healthy; the `job.services` context."""
        say = self._order.say
        for alias, service in services.items():
            say(f'##[group]Starting {alias} service container')
            image = await images.have(
                self._engine,
                service.image,
                say,
                self._order.note_image,
                service.username,
                service.password,
            )
            await self.start(
                service,
                alias,
                image=image,
                entrypoint=service.entrypoint,
                arguments=split(service.command),
            )
            say('##[endgroup]')
        await self._wait([started for started in self.started if started.alias])
        return {
            started.alias: {
                'id': started.id,
                'ports': started.ports,
                'network': self.name,
            }
            for started in self.started
            if started.alias
        }

    async def _wait(self, services: Sequence[Started]) -> None:
        say = self._order.say
        say('##[group]Waiting for all services to be ready')
        unhealthy = [one for one in services if not await wait(self._engine, one, say)]
        say('##[endgroup]')
        for one in unhealthy:
            say(f'##[group]Service container {one.alias} failed.')
            await self.show_logs(one)
            say('##[endgroup]')
            self.broken.append(one)
        if unhealthy:
            names = ', '.join(one.image for one in unhealthy)
            raise EngineFailed(f'Failed to initialize container {names}: it is not healthy')

    async def show_logs(self, started: Started) -> None:
        await self._engine.show(self._order.say, 'logs', started.id)

    async def close(self) -> None:
        """Show what the services printed, then remove everything that carries the job's label."""
        say = self._order.say
        for started in self.started:
            if started.alias and started not in self.broken:
                say(f'##[group]Print service container logs: {started.name}')
                await self.show_logs(started)
                say('##[endgroup]')
        for started in self.started:
            say(f'Stop and remove container: {started.name}')
        say(f'Remove container network: {self.name}')
        for line in await leftovers.remove(self._engine, self._order.tracking_id):
            say(f'##[warning]{line}')


def _hint(answer: Answer) -> str:
    if 'bind source path does not exist' not in answer.reason:
        return ''
    return (
        '. The engine looks for directories on its own machine: where Liftlock itself runs in a '
        'container, give it a Docker of its own, or its directories under the same paths'
    )


def new_name() -> str:
    return f'github_network_{os.urandom(16).hex()}'


async def make(engine: Engine, name: str, tracking_id: str) -> None:
    """A network of a job. Raises EngineFailed."""
    await engine.tell('network', 'create', '--label', f'{LABEL}={tracking_id}', name)


def _shown(options: Sequence[str], command: Sequence[str]) -> str:
    """As one would type it, but without the options that only we need to know."""
    import shlex

    hidden = {at for at, word in enumerate(options) if word in _HIDDEN}
    shown = [word for at, word in enumerate(options) if at not in hidden and at - 1 not in hidden]
    return shlex.join((*shown, *command))
