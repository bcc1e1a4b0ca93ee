"""Runs `kubectl` and `helm`, and says in plain words what went wrong. The only edge here."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes import commands, documents
from liftlock.targets.kubernetes.commands import Cluster, Command
from liftlock.targets.kubernetes.names import Doc

PATIENCE: Final = 60.0  # seconds that one command may take
INSTALL: Final = {
    'kubectl': 'install kubectl 1.20 or newer: https://kubernetes.io/docs/tasks/tools/',
    'helm': 'install helm 3.8 or newer: https://helm.sh/docs/intro/install/',
}
# A pattern of what kubectl and helm say; what to tell; what to try; whether later may do.
COMPLAINTS: Final[tuple[tuple[str, str, bool], ...]] = (
    (
        r'connection refused|was refused|i/o timeout|no such host|no route to host'
        r'|TLS handshake timeout|Unable to connect|connection reset|unexpected EOF'
        r'|context deadline exceeded',
        'is the cluster up, and can this machine reach it? see `kubectl cluster-info`',
        True,
    ),
    (
        r'context ".*" does not exist|no context exists|context was not found',
        'see `kubectl config get-contexts`, and correct context: in liftlock.yml',
        False,
    ),
    (r'certificate', "the cluster's certificate is not trusted, or has expired", False),
    (
        r'Unauthorized|must be logged in|provide credentials|exec plugin|getting credentials',
        'the credentials of this kubeconfig are not accepted: log in again',
        False,
    ),
    (r'[Ff]orbidden', 'the account of this kubeconfig needs a Role that allows it', False),
    (
        r"the server doesn't have a resource type|no matches for kind"
        r'|could not find the requested resource|ensure CRDs are installed',
        'what defines this kind (a CRD) is not installed in the cluster',
        False,
    ),
    (
        r'namespaces? ".*" not found',
        'add sync_options: [CreateNamespace=true], or create it',
        False,
    ),
    (r'field is immutable', 'delete the object, or give it another name', False),
    (
        r'has been modified|Operation cannot be fulfilled|TooManyRequests|too many requests'
        r'|etcdserver|ServiceUnavailable|currently unable to handle|InternalError',
        'it may do when tried again',
        True,
    ),
    (
        r'another operation .* is in progress',
        'see `helm history`; an upgrade was broken off',
        False,
    ),
    (r'unknown flag', 'this kubectl is too old: 1.24 or newer knows it', False),
)
NOISE: Final = re.compile(r'^(Warning|WARNING|I\d{4}|W\d{4}|E\d{4}) ?:?.*$', re.MULTILINE)


class Answer(NamedTuple):
    status: int
    out: str
    err: str


class Client:
    """Commands for one cluster. `patience` is seconds for each."""

    def __init__(self, cluster: Cluster, patience: float = PATIENCE) -> None:
        self.cluster = cluster
        self.patience = patience

    @property
    def _env(self) -> dict[str, str] | None:
        file = self.cluster.kubeconfig
        return {**os.environ, 'KUBECONFIG': file} if file else None

    async def run(self, command: Command, stdin: str = '', expected: tuple[int, ...] = (0,)) -> str:
        """What it printed. Raises Trouble where it ends otherwise than expected."""
        answer = await self.ask(command, stdin)
        if answer.status not in expected:
            raise trouble(command, answer)
        return answer.out

    async def ask(self, command: Command, stdin: str = '') -> Answer:
        process = await self._start(command)
        try:
            async with asyncio.timeout(self.patience):
                out, err = await process.communicate(stdin.encode())
        except TimeoutError:
            words = f'{commands.shown(command)} did not end within {self.patience:g} s'
            raise Trouble(words, COMPLAINTS[0][1], again=True) from None
        finally:
            await _end(process)
        assert process.returncode is not None
        return Answer(
            process.returncode, out.decode(errors='replace'), err.decode(errors='replace')
        )

    async def lines(self, command: Command) -> AsyncIterator[str]:
        """What it prints, as it comes. It is ended when nobody listens any more."""
        process = await self._start(command)
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                yield line.decode(errors='replace').rstrip('\n')
        finally:
            await _end(process)

    async def _start(self, command: Command) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        try:
            return await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, limit=1 << 20, env=self._env
            )
        except FileNotFoundError:
            name = os.path.basename(command[0])  # noqa: PTH119 - a word, not a file of ours
            hint = INSTALL.get(name, INSTALL['kubectl'])
            raise Trouble(f'{name} is not installed', hint) from None

    # --- what is asked for most

    async def get(self, *objects: str) -> list[Doc]:
        return documents.from_json(await self.run(commands.get(self.cluster, *objects)))

    async def listing(self, kinds: tuple[str, ...], selector: str) -> list[Doc]:
        command = commands.listing(self.cluster, kinds, selector)
        return documents.from_json(await self.run(command))

    async def apply(self, docs: list[Doc], options: tuple[str, ...] = ()) -> list[Doc]:
        command = commands.apply(self.cluster, options=options)
        return documents.from_json(await self.run(command, documents.as_list(docs)))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Killed, it is gone in a moment: whoever breaks off (even twice, as when the loop ends) waits
    for that, or it would be left behind."""
    broken_off: asyncio.CancelledError | None = None
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    while process.returncode is None:
        try:
            await process.wait()
        except asyncio.CancelledError as error:
            broken_off = error
    # A child of its own (`diff`) may hold the pipes still: they must not outlive the loop.
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way
    if broken_off is not None:
        raise broken_off


def trouble(command: Command, answer: Answer) -> Trouble:
    """What a failed command means to a person."""
    said = NOISE.sub('', answer.err).strip() or answer.out.strip() or 'no word of why'
    said = re.sub(r'^(error|Error)( from server)?( \(\w+\))?: ', '', said)
    name = os.path.basename(command[0])  # noqa: PTH119
    first = ' '.join(said.split())[:400]
    for pattern, hint, again in COMPLAINTS:
        if re.search(pattern, answer.err):
            return Trouble(f'{name}: {first}', hint, again=again)
    return Trouble(f'{name}: {first}', f'the command was: {commands.shown(command)}')
