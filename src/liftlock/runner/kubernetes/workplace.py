"""A job's pod as a workplace."""

import asyncio
import errno
import os
import socket
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Final

from liftlock.language.expressions.values import Value
from liftlock.language.records import NamedTuple
from liftlock.runner.docker import ground, paths
from liftlock.runner.executors.base import CannotStart, Leash, Order, Sink
from liftlock.runner.kubernetes import reaching, scripts, sight
from liftlock.runner.kubernetes.gathering import Archive, User
from liftlock.runner.kubernetes.kubectl import Answer, ClusterFailed, Kubectl
from liftlock.runner.kubernetes.manifest import JOB
from liftlock.runner.kubernetes.mirror import Mirror
from liftlock.runner.kubernetes.places import ACTIONS
from liftlock.runner.kubernetes.process import Process
from liftlock.runner.kubernetes.seen import Seen

if TYPE_CHECKING:
    from liftlock.runner.standin import Bench, Stage

_LOOKING: Final = 15.0  # seconds between looks at the pod
_COPYING: Final = 600.0  # seconds for files on their way


class Probed(NamedTuple):
    """What was found in the pod."""

    user: int
    group: int
    machine: str
    bash: bool
    gnu: bool
    env: Mapping[str, str]


class Kubernetes:
    """A workplace in a pod. `name` is the pod's."""

    strangers = False

    def __init__(
        self,
        client: Kubectl,
        order: Order,
        name: str,
        probed: Probed,
        services: Mapping[str, Value],
    ) -> None:
        self.client = client
        self.starting = asyncio.Lock()
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._order = order
        self._name = name
        self._probed = probed
        self._user = User(probed.user, probed.group)
        self._number = 0
        self._done: list[int] = []
        self._staging = 0
        self._moved_in = False  # there is something of ours in the pod
        places = order.directories
        self._actions = [path for path in order.shared if path.endswith('/actions')]
        self._lent = {order.externals: 1, order.tool_cache: 3, **dict.fromkeys(self._actions, 3)}
        self._paths = paths.Paths(list(_pairs(order, self._actions)))
        self._mirror = Mirror(
            _roots(order, self._paths), self._paths, self._user, self.ask_now, gnu=probed.gnu
        )
        self.files = Seen(
            self._mirror, self._paths, places.root, places.commands, tuple(self._lent)
        )
        own = order.wanted.container
        self.default_shell = '' if probed.bash and own is None else 'sh'
        self.context: Mapping[str, Value] = {
            'container': {'id': name, 'network': ''},
            'services': dict(services),
        }

    @property
    def commands(self) -> str:
        return self._paths.inside(self._order.directories.commands)

    # --- processes

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
        seen = {name: translate(value) for name, value in env.items()}
        folder = self._paths.inside(cwd)
        try:
            order = scripts.order(words, seen, folder)
        except ValueError as error:
            raise CannotStart(f"Cannot start '{words[0]}': {error}") from None
        lent = self._find_lent(command, env)
        self._number += 1
        number = self._number
        done = self._done.pop() if self._done else 0
        process = Process(self, (number, done), sink, self._order.say, self._order.patience)
        try:
            status, why = await process.run(order, lent, leash)
        except ClusterFailed as error:
            raise CannotStart(str(error)) from None
        self._done.append(number)
        self._mirror.stale = True
        if why == scripts.NOWHERE:
            raise CannotStart(f"The working directory '{folder}' does not exist")
        if why == scripts.MISSING:
            raise CannotStart(f"Cannot start '{words[0]}': the container has no such program")
        if self._staging:
            await asyncio.to_thread(self._mirror.pull)
        return status

    def _find_lent(self, command: Sequence[str], env: Mapping[str, str]) -> set[str]:
        """What else of this machine the process is told of: it has to have that, too."""
        return {
            place
            for text in (*command, *env.values())
            for top, depth in self._lent.items()
            for place in _named(text, top, depth)
        }

    def pack(self, folder: str, order: bytes, lent: Collection[str], file: IO[bytes]) -> None:
        """What a process needs, and all that is new for it. Raises CannotStart."""
        with tempfile.TemporaryFile() as scratch:
            archive = Archive(scratch, self._user)
            everything = bool(self._staging) or not self._moved_in
            self._moved_in = True
            gone = self._mirror.collect(archive, all_of_it=everything, also=lent)
            archive.add_text(order, f'{folder}/order')
            archive.add_text(scripts.WRAP.encode(), f'{folder}/wrap')
            archive.close()
            scratch.seek(0)
            while chunk := scratch.read(1 << 20):
                file.write(chunk)
        if gone:
            self._remove(gone)

    def _remove(self, names: bytes) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(names)
            file.seek(0)
            answer = self.ask_now(scripts.TAKE, str(len(names)), '0', given=file)
        if answer.code:
            raise CannotStart(f'Files could not be removed from the pod: {answer.reason}')

    def landed(self, now: int) -> None:
        self._mirror.landed(now)

    def take(self, files: IO[bytes]) -> None:
        self._mirror.take(files, self.commands)

    def words(self, script: str, *arguments: str, given: bool = False) -> tuple[str, ...]:
        stdin = ('--stdin',) if given else ()
        place = ('exec', *stdin, f'--container={JOB}', self._name, '--')
        return (*place, 'sh', '-c', script, 'sh', *arguments)

    def ask_now(
        self,
        script: str,
        *arguments: str,
        given: IO[bytes] | None = None,
        into: IO[bytes] | None = None,
    ) -> Answer:
        words = self.words(script, *arguments, given=given is not None)
        return self.client.ask_now(*words, given=given, into=into, patience=_COPYING)

    def terminal(self, env: Mapping[str, str], cwd: str) -> tuple[Sequence[str], dict[str, str]]:
        """Its variables go ahead in a file: in the command line everybody here could read them."""
        seen = {name: self._paths.translate(value) for name, value in env.items()}
        order = scripts.terminal(seen, self._paths.inside(cwd))
        with tempfile.TemporaryFile() as file:
            archive = Archive(file, self._user)
            archive.add_text(order, scripts.TERMINAL)
            archive.close()
            size = file.tell()
            file.seek(0)
            self.ask_now(scripts.TAKE, '0', str(size), given=file)
        words = ('exec', '--stdin', '--tty', f'--container={JOB}', self._name, '--')
        return self.client.words(*words, 'sh', scripts.TERMINAL), {**self.client.env}

    def find(self, program: str, path: str) -> str | None:
        return program

    # --- paths, variables, files

    def ground(self, base: Mapping[str, str]) -> dict[str, str]:
        made = ground.lay(base, self._probed.env, paths.HOME)
        trusted = ground.trusted(base)  # files of this machine, which the pod has not
        return {name: text for name, text in made.items() if name not in trusted}

    def inside(self, path: str) -> str:
        return self._paths.inside(path)

    def outside(self, path: str) -> str:
        return self._paths.outside(path)

    async def perform(self, stage: 'Stage', bench: 'Bench', leash: Leash) -> None:
        self._staging += 1
        try:
            await stage(bench)
        finally:
            self._staging -= 1

    async def take_files(self) -> None:
        await asyncio.to_thread(self._mirror.pull)

    async def give_files(self) -> None:
        await asyncio.to_thread(self._mirror.push)

    def listen(self) -> socket.socket | None:
        address = reaching.address(self._order.pods, self.client)
        if not address:
            raise OSError(
                errno.EADDRNOTAVAIL,
                'Pods cannot reach the services of this job: say under `kubernetes:` in '
                'config.yml by which `address:` they reach this machine',
            )
        opened = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
        try:
            opened.bind((address, 0))
            opened.listen()
        except OSError as error:
            opened.close()
            raise OSError(error.errno, f'{address}: {error.strerror}') from None
        return opened

    async def clean_up(self) -> Sequence[str]:
        """What steps left running goes with the pod."""
        return ()

    # --- the pod itself

    async def watch(self) -> None:
        """Until the pod is lost; whoever runs something there is told why."""
        while not self.lost.done():
            await asyncio.sleep(_LOOKING)
            await self.why_lost()

    async def why_lost(self) -> str:
        """'' where there is a pod, or nobody can tell; whoever runs something is told, too."""
        if self.lost.done():
            return self.lost.result()
        try:
            pod = await self.client.get(self._name)
        except ClusterFailed:
            return ''
        reason = sight.lost(pod)
        if not reason and (node := sight.unreachable(pod)):
            reason = f'its node {node} does not answer'
        if not reason:
            return ''
        if not self.lost.done():
            self.lost.set_result(f'The pod of this job is lost: {reason}')
        return self.lost.result()

    async def destroy(self) -> None:
        words = ('delete', 'pod', self._name, '--ignore-not-found', '--wait=false')
        await self.client.ask(*words, '--grace-period=0', '--force')


def _pairs(order: Order, actions: Sequence[str]) -> Iterator[tuple[str, str]]:
    places = order.directories
    yield places.root, paths.WORK
    yield places.home, paths.HOME
    yield os.path.dirname(places.event), paths.WORKFLOW  # noqa: PTH120
    yield order.tool_cache, paths.TOOLS
    if order.externals:
        yield order.externals, paths.EXTERNALS
    for path in actions:
        yield path, ACTIONS


def _roots(order: Order, mapped: paths.Paths) -> list[tuple[str, str]]:
    """What is copied: not what lies beside these, which is the engine's own."""
    places = order.directories
    here = (
        places.temp,
        places.runner_workspace,
        places.home,
        os.path.dirname(places.event),  # noqa: PTH120
        f'{places.root}/_origin.git',
    )
    return [(path, mapped.inside(path)) for path in here]


def _named(text: str, top: str, depth: int) -> Iterator[str]:
    """Directories below `top` of which a text tells, so many levels down."""
    at = text.find(f'{top}/') if top else -1
    while at >= 0:
        rest = text[at + len(top) + 1 :]
        for sign in ':;, \n\'"':
            rest = rest.partition(sign)[0]
        parts = rest.split('/')[:depth]
        found = '/'.join((top, *parts))
        while found != top and not os.path.isdir(found):  # noqa: PTH112
            found = os.path.dirname(found)  # noqa: PTH120
        if found != top:
            yield found
        at = text.find(f'{top}/', at + 1)
