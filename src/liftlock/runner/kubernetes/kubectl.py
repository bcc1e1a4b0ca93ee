"""The command line by which the cluster is reached. It keeps the user's ways to log in working:
kubeconfig, plugins, and the account of the pod in which we may run."""

import asyncio
import contextlib
import json
import os
import subprocess
from collections.abc import Mapping
from typing import IO, Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.base import CannotPrepare
from liftlock.runner.kubernetes.settings import Pods

PATIENCE: Final = 60.0  # seconds for one question
_MISSING: Final = (
    'This job runs in a pod, and `kubectl` is not here for it: install kubectl 1.20 or newer'
)
_GONE: Final = 'NotFound'


class ClusterFailed(CannotPrepare):
    """The cluster refused, or was not reached; the message is kubectl's, in one line."""


class Answer(NamedTuple):
    code: int
    out: bytes
    error: str

    @property
    def reason(self) -> str:
        lines = [line for line in self.error.splitlines() if line.strip()]
        said = next((line for line in lines if 'rror' in line), lines[-1] if lines else '')
        for words in ('Error from server ', 'error: ', 'Error: '):
            said = said.removeprefix(words)
        return said or f'exit code {self.code}'


class Kubectl:
    """Commands for one cluster and namespace."""

    __slots__ = ('_words', 'env')

    def __init__(self, pods: Pods) -> None:
        words = [pods.program]
        words += [f'--context={pods.context}'] if pods.context else []
        words += [f'--namespace={pods.namespace}'] if pods.namespace else []
        self._words = tuple(words)
        self.env: Mapping[str, str] = {
            **os.environ,
            **({'KUBECONFIG': pods.kubeconfig} if pods.kubeconfig else {}),
        }

    def words(self, *words: str) -> tuple[str, ...]:
        return (*self._words, *words)

    async def ask(self, *words: str, given: bytes = b'', patience: float = PATIENCE) -> Answer:
        """Run one command to its end, whatever that is. When we are cancelled it is killed."""
        process = await self.start(*words)
        try:
            async with asyncio.timeout(patience):
                out, error = await process.communicate(given)
        except TimeoutError:
            return Answer(1, b'', f'error: no answer in {patience:g} seconds')
        finally:
            await end(process)
        assert process.returncode is not None
        return Answer(process.returncode, out, error.decode('utf-8', 'replace'))

    async def start(
        self, *words: str, given: IO[bytes] | None = None
    ) -> asyncio.subprocess.Process:
        """`given` is a file on the disk for its standard input. Raises ClusterFailed."""
        pipe = asyncio.subprocess.PIPE
        try:
            return await asyncio.create_subprocess_exec(
                *self.words(*words),
                env=self.env,
                stdin=pipe if given is None else given.fileno(),
                stdout=pipe,
                stderr=pipe,
                start_new_session=True,
                limit=1 << 20,
            )
        except OSError as error:
            raise ClusterFailed(f'{_MISSING} ({error.strerror})') from None

    def ask_now(
        self,
        *words: str,
        given: IO[bytes] | None = None,
        into: IO[bytes] | None = None,
        patience: float = PATIENCE,
    ) -> Answer:
        """The same where nothing can be awaited; `given` and `into` are files on the disk."""
        try:
            done = subprocess.run(
                self.words(*words),
                env=self.env,
                stdin=subprocess.DEVNULL if given is None else given.fileno(),
                stdout=subprocess.PIPE if into is None else into.fileno(),
                stderr=subprocess.PIPE,
                timeout=patience,
                check=False,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return Answer(1, b'', f'error: no answer in {patience:g} seconds')
        except OSError as error:
            return Answer(1, b'', f'error: {_MISSING} ({error.strerror})')
        return Answer(done.returncode, done.stdout or b'', done.stderr.decode('utf-8', 'replace'))

    async def get(self, pod: str) -> dict[str, Any] | None:
        """The pod as the cluster has it; None if it is not there. Raises ClusterFailed."""
        answer = await self.ask('get', 'pod', pod, '--output=json')
        if answer.code and _GONE in answer.error:
            return None
        if answer.code:
            raise ClusterFailed(f'kubectl: {answer.reason}')
        found: dict[str, Any] = json.loads(answer.out)
        return found

    async def create(self, doc: Mapping[str, Any]) -> Answer:
        return await self.ask('create', '--filename=-', given=json.dumps(doc).encode())


async def end(process: asyncio.subprocess.Process) -> None:
    """Nothing of it is left then, whoever breaks off."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(asyncio.ensure_future(process.wait()))
    process._transport.close()  # type: ignore[attr-defined] # asyncio has no other way
    for _ in range(2):  # its pipes are closed in the next turns of the loop
        await asyncio.sleep(0)
