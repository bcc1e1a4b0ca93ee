"""A job's container as a workplace: its steps run there by `docker exec`."""

# Paths are texts here: pathlib costs more than the calls themselves.

import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from liftlock.language.expressions.values import Value
from liftlock.runner.docker import beside, gateway, ground, paths
from liftlock.runner.docker.engine import Engine
from liftlock.runner.docker.network import Network, Started
from liftlock.runner.docker.owners import Owners
from liftlock.runner.docker.process import Ear, Executed, script, start
from liftlock.runner.docker.relay import Relay
from liftlock.runner.docker.variables import hand_over, rename
from liftlock.runner.executors.base import Leash, Order, Sink
from liftlock.runner.executors.files import OWN
from liftlock.runner.executors.host import Child
from liftlock.runner.executors.running import Running

if TYPE_CHECKING:
    from liftlock.runner.standin import Bench, Stage


_TERMINAL: Final = ('TERM', 'COLORTERM', 'PS1')  # of the person's own


class Docker:
    """A workplace in a container."""

    __slots__ = (
        '_container', '_engine', '_network', '_order', '_owners', '_paths', '_relay', 'context',
    )  # fmt: skip

    default_shell = 'sh'
    files = OWN

    def __init__(
        self,
        engine: Engine,
        order: Order,
        network: Network,
        container: Started,
        mapped: paths.Paths,
        owners: Owners,
        services: Mapping[str, Value],
        relay: Relay | None,
    ) -> None:
        self._engine = engine
        self._order = order
        self._network = network
        self._container = container
        self._paths = mapped
        self._owners = owners
        self._relay = relay
        self.context: Mapping[str, Value] = {
            'container': {'id': container.id, 'network': network.name},
            'services': dict(services),
        }

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        cwd: str,
        sink: Sink,
        leash: Leash,
    ) -> int:
        translate = self._paths.translate
        words = [translate(word) for word in command]
        named, aliases = rename({name: translate(value) for name, value in env.items()})
        handed = hand_over(named)
        folder = self._paths.inside(cwd)
        into = (self._container.id, 'sh', '-c', script(aliases), 'sh', *words)
        options = ('exec', '-i', '--workdir', folder, *handed.words)
        reader, writer = os.pipe2(os.O_CLOEXEC) if hasattr(os, 'pipe2') else os.pipe()
        try:
            popen = start(self._engine, (*options, *into), handed.env, writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        executed = Executed(
            Child(popen), (self._engine.program, 'exec', '--user', '0:0', self._container.id)
        )
        ear = Ear(sink, executed.know)
        running = Running(executed, reader, ear, self._order.patience)
        try:
            leash.hold(running.obey)
            status = await running.end
        finally:
            leash.hold(None)
            running.close()
        if ear.is_deaf and not leash.level:
            raise ear.explain(words[0], folder)
        return status

    def terminal(self, env: Mapping[str, str], cwd: str) -> tuple[Sequence[str], dict[str, str]]:
        translate = self._paths.translate
        handed = hand_over({name: translate(value) for name, value in env.items()})
        asked = (word for name in _TERMINAL for word in ('-e', name))
        options = ('exec', '-it', '--workdir', self._paths.inside(cwd), *handed.words, *asked)
        shell = 'command -v bash >/dev/null && exec bash --norc -i; exec sh -i'
        words = (self._engine.program, *options, self._container.id, 'sh', '-c', shell)
        return words, {**handed.env}

    def find(self, program: str, path: str) -> str | None:
        return program

    def ground(self, base: Mapping[str, str]) -> dict[str, str]:
        return ground.lay(base, self._container.env, paths.HOME)

    def inside(self, path: str) -> str:
        return self._paths.inside(path)

    def outside(self, path: str) -> str:
        return self._paths.outside(path)

    @property
    def strangers(self) -> bool:
        return self._owners.are_strangers

    async def perform(self, stage: 'Stage', bench: 'Bench', leash: Leash) -> None:
        await stage(bench)

    async def take_files(self) -> None:
        await self._owners.take(self._order.say)

    async def give_files(self) -> None:
        await self._owners.open(self._order.say)

    def listen(self) -> socket.socket | None:
        """The network's gateway is this machine, and only those on the network reach it."""
        address = self._container.gateway
        return gateway.listen(self._engine, address) if address else None

    async def clean_up(self) -> Sequence[str]:
        """What steps left running in the container goes with it."""
        if self._relay is None or not self._relay.was_used:
            return ()
        own = [started.id for started in self._network.started]
        return await beside.remove(self._engine, self._order.tracking_id, own)

    async def close(self) -> None:
        await self._owners.take(self._order.say, paths.TOOLS)
